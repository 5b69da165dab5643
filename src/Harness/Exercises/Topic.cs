using System.Collections.Immutable;
using Harness.Models;
using Harness.Passes;

namespace Harness.Exercises;

/// <summary>A kind of questions.</summary>
/// <param name="Word">as on the command line; those about training begin alike, so that all of them have a word, too</param>
/// <param name="Page">the document that answers it</param>
/// <param name="AppliesTo">whether a model has anything to ask</param>
/// <param name="Ask">
/// draws a question about a configuration, in inference or trained as the topic has it; null where this draw has no single answer, or too
/// simple a one
/// </param>
internal sealed record Topic(string Word, string Page, Func<Model, bool> AppliesTo, Func<Draw, Configuration, Question?> Ask)
{
    public const string Any = "all", Training = "training";

    /// <summary>In the order of their turns: ten questions have something of inference and of training, the easier first.</summary>
    public static ImmutableArray<Topic> All { get; } =
    [
        BufferQuestions.Bytes, LayerQuestions.Shape, LayerQuestions.Parameters, TrainingStateQuestions.State, StepQuestions.Macs,
        TrainingBufferQuestions.Bytes, PeakQuestions.Peak, PeakQuestions.TrainingPeak, FitQuestions.Largest, KeptQuestions.Kept,
        LayerQuestions.ReceptiveField, FitQuestions.LargestInTraining, MicroBatchQuestions.MicroBatch, RecomputationQuestions.Recomputation,
    ];

    /// <summary>The first, which means all of them, is the default.</summary>
    public static string[] Words { get; } =
    [
        Any, .. All.Where(topic => !topic.IsOfTraining).Select(topic => topic.Word),
        Training, .. All.Where(topic => topic.IsOfTraining).Select(topic => topic.Word),
    ];

    private bool IsOfTraining => Word.StartsWith($"{Training}-", StringComparison.Ordinal);

    /// <summary>Those that a word of <see cref="Words"/> means.</summary>
    public static ImmutableArray<Topic> Of(string word) =>
        [.. All.Where(topic => word is Any || (word is Training && topic.IsOfTraining) || word == topic.Word)];
}
