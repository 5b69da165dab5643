using Harness.Explain;
using Harness.Models.Analytic;
using Harness.Models.Training;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.Exercises;

/// <summary>Blocks computed again: what that saves and what it costs.</summary>
internal static class RecomputationQuestions
{
    private const string Word = "training-recompute";

    public static Topic Recomputation { get; } = new(Word, "docs/training.md", model => model.Training.HasBlocks, Ask);

    private static Question? Ask(Draw draw, Configuration configuration)
    {
        TrainingChoice choice = TrainingDraw.Choice(draw, configuration);
        Configuration keeping = configuration.Passes(choice)[^1].Pass;
        AnalyticAccount kept = keeping.Account(convolutionBudgetBytes: 0);
        AnalyticAccount again = configuration.Passes(choice with { RecomputeBlocks = true })[^1].Pass.Account(convolutionBudgetBytes: 0);
        string text = Phrasing.Pass(keeping);
        if (draw.Below(3) == 0)
        {
            Formula more = Macs(again) - Macs(kept);
            return new Question(
                Word, configuration.Model,
                $"{text}: how many MACs (multiply-accumulates) more does the pass take if blocks are computed again, --recompute block?",
                new NumberAnswer(more.Value, "MACs"), more,
                "the products of the blocks run again whose results a backward rule reads or another step that runs again; "
                + $"in all the pass takes {Quantities.Count(Macs(again).Value)} MACs instead of {Quantities.Count(Macs(kept).Value)}");
        }

        (PeakMoment before, PeakMoment after) = (kept.Peak.Winner, again.Peak.Winner);
        return after.Bytes >= before.Bytes
            ? null
            : new Question(
                Word, configuration.Model,
                $"{text}: by how many bytes is the peak lower if blocks are computed again, --recompute block ({Phrasing.Live(kept)})?",
                new NumberAnswer(before.Bytes - after.Bytes, NumberAnswer.BytesUnit), before.Formula - after.Formula,
                $"without, the peak is {Phrases.Worked(before.Formula)} bytes, in moment '{before.Name}'; with, each block keeps its input "
                + $"alone and no mask, and the peak is {Phrases.Worked(after.Formula)}, in moment '{after.Name}'");
    }

    private static Formula Macs(AnalyticAccount account) => account.Steps.Aggregate(Formula.Zero, (sum, step) => sum + step.Macs);
}
