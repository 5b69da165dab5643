using System.Collections.Immutable;
using Harness.Models;
using Harness.Passes;

namespace Harness.Exercises;

/// <summary>A kind of questions.</summary>
/// <param name="Word">as on the command line</param>
/// <param name="Page">the document that answers it</param>
/// <param name="AppliesTo">whether a model has anything to ask</param>
/// <param name="Ask">draws a question about a pass; null where this draw has no single answer, or too simple a one</param>
internal sealed record Topic(string Word, string Page, Func<Model, bool> AppliesTo, Func<Draw, Configuration, Question?> Ask)
{
    public const string Any = "all";

    public static ImmutableArray<Topic> All { get; } =
    [
        BufferQuestions.Bytes, LayerQuestions.Shape, LayerQuestions.Parameters, StepQuestions.Macs, LayerQuestions.ReceptiveField,
        PeakQuestions.Peak, FitQuestions.Largest, TrainingQuestions.State,
    ];

    /// <summary>The first, which means all of them, is the default.</summary>
    public static string[] Words { get; } = [Any, .. All.Select(topic => topic.Word)];
}
