using System.Collections.Immutable;
using Harness.Audit;
using Harness.Explain;
using Harness.Models.Analytic;
using Harness.Models.Training;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.Exercises;

/// <summary>A step done in several passes: what becomes less, and what stays.</summary>
internal static class MicroBatchQuestions
{
    private const string Word = "training-micro-batch";

    private static readonly int[] s_passes = [2, 3, 4, 5, 8];

    private static readonly ImmutableArray<AnalyticCategory> s_ofSamples =
        [AnalyticCategory.Inputs, AnalyticCategory.Activations, AnalyticCategory.ErrorSignals];

    public static Topic MicroBatch { get; } = new(Word, "docs/training.md", _ => true, Ask);

    /// <param name="draw">what is chosen</param>
    /// <param name="configuration">its batch is that of a pass</param>
    private static Question Ask(Draw draw, Configuration configuration)
    {
        TrainingChoice choice = TrainingDraw.Choice(draw, configuration);
        long micro = configuration.Size.Batch;
        Configuration step = configuration with { Size = configuration.Size with { Batch = micro * draw.OneOf(s_passes) } };
        Configuration atOnce = step.Passes(choice)[^1].Pass, last = step.Passes(choice with { MicroBatch = micro })[^1].Pass;
        (AnalyticAccount whole, AnalyticAccount part) = (atOnce.Account(convolutionBudgetBytes: 0), last.Account(convolutionBudgetBytes: 0));
        string text = $"{Phrasing.Pass(atOnce)}, in micro-batches of {micro}";
        PeakMoment peak = part.Peak.Winner, peakAtOnce = whole.Peak.Winner;
        return draw.Below(4) switch
        {
            0 => AskWhatStays(draw, text, last, whole, part),
            1 => new Question(
                Word, configuration.Model,
                $"{text}: by how many bytes is the peak of the last pass, the one that also updates, lower than that of the whole batch at once "
                + $"({Phrasing.Live(part)})?",
                new NumberAnswer(peakAtOnce.Bytes - peak.Bytes, NumberAnswer.BytesUnit), Formula: null,
                $"at once the peak is {Phrases.Worked(peakAtOnce.Formula)} bytes, in moment '{peakAtOnce.Name}'; "
                + $"a pass over {micro} has {Phrases.Worked(peak.Formula)}, in moment '{peak.Name}'"),
            _ => new Question(
                Word, configuration.Model,
                $"{text}: how many bytes of {Phrasing.Live(part)} are live at the peak of the last pass, the one that also updates?",
                new NumberAnswer(peak.Bytes, NumberAnswer.BytesUnit), peak.Formula,
                $"a pass sees its own samples only, so B is {micro}; moment '{peak.Name}': {peak.Why}"),
        };
    }

    private static Question AskWhatStays(Draw draw, string text, Configuration last, AnalyticAccount whole, AnalyticAccount part)
    {
        AnalyticCategory[] held =
        [
            AnalyticCategory.Parameters, AnalyticCategory.Gradients,
            .. part.Bytes(AnalyticCategory.OptimizerState) > 0 ? [AnalyticCategory.OptimizerState] : (ReadOnlySpan<AnalyticCategory>)[],
        ];
        AnalyticCategory stays = draw.OneOf(held);
        ImmutableArray<string> choices = [.. s_ofSamples.Append(stays).Select(CategoryLabels.Of).Order(StringComparer.Ordinal)];
        string became = string.Join(", ", s_ofSamples.Select(category =>
            $"{CategoryLabels.Of(category)} {Quantities.Bytes(part.Bytes(category))} instead of {Quantities.Bytes(whole.Bytes(category))}"));
        return new Question(
            Word, last.Model,
            $"{text}: which of these categories has as many bytes in the last pass, the one that also updates, as in a pass of the whole "
            + $"batch at once: {string.Join(", ", choices)}?",
            new WordAnswer(CategoryLabels.Of(stays), choices), Formula: null,
            $"the category {CategoryLabels.Of(stays)} has {Quantities.Bytes(part.Bytes(stays))} bytes, in which there is no B, and is held from pass to pass; "
            + $"the others belong to the samples: {became}");
    }
}
