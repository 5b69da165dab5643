using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Harness.Models.Analytic;
using Harness.Models.Training;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.Audit;

/// <summary>What the peak would be with other micro-batches, and what recomputation saves and costs: by the formulas alone, nothing runs.</summary>
internal static class TrainingChoices
{
    /// <summary>The peak of a step's last pass for every divisor of its batch, the whole batch first; empty where there is but one.</summary>
    /// <param name="convolutionBudgetBytes">the workspace of every convolution as the caller set it; null: the software GPU's formula</param>
    public static ImmutableArray<(long MicroBatch, PeakMoment Peak)> MicroBatches(Configuration configuration, long? convolutionBudgetBytes)
    {
        if (configuration.Training is not { } training || training.StepBatch > MostBatch)
        {
            return [];
        }

        long[] divisors = [.. Enumerable.Range(1, (int)training.StepBatch).Select(size => (long)size).Where(size => training.StepBatch % size == 0).Reverse()];
        return divisors.Length < 2
            ? []
            :
            [
                .. divisors.Select(size => (size, (configuration with
                {
                    Size = configuration.Size with { Batch = size },
                    Training = training with { ContinuesGradients = size < training.StepBatch, Updates = true },
                }).Peak(convolutionBudgetBytes).Winner)),
            ];
    }

    public static ReportTable MicroBatchTable(Configuration configuration, ImmutableArray<(long MicroBatch, PeakMoment Peak)> choices) => new(
        "Peak against micro-batch, by the formulas",
        ["samples of a pass", "passes", "peak live (bytes)", "(MiB)", "moment"],
        [
            .. choices.Select(choice => ImmutableArray.Create(
                Quantities.Count(choice.MicroBatch), Quantities.Count(configuration.Training!.StepBatch / choice.MicroBatch),
                Quantities.Bytes(choice.Peak.Bytes), Quantities.MiB(choice.Peak.Bytes), choice.Peak.Name)),
        ],
        "Parameters, gradients and optimizer state are held whatever the micro-batch; the update is the same up to rounding.", TextColumns: 0);

    public static JsonArray MicroBatchJson(ImmutableArray<(long MicroBatch, PeakMoment Peak)> choices) =>
        [.. choices.Select(choice => new JsonObject { ["microBatch"] = choice.MicroBatch, ["peakLive"] = choice.Peak.Bytes, ["moment"] = choice.Peak.Name })];

    /// <summary>
    /// What keeping only the inputs of blocks saves at the peak, which is the last pass's, and the FLOPs that it adds to the whole step; null where
    /// blocks are kept.
    /// </summary>
    public static Recomputing? Recomputation(Configuration configuration)
    {
        if (configuration.Training is not { RecomputeBlocks: true } training)
        {
            return null;
        }

        Configuration keeping = configuration with { Training = training with { RecomputeBlocks = false } };
        return new Recomputing(
            training.StepBatch / configuration.Size.Batch, keeping.Peak(null).Bytes, configuration.Peak(null).Bytes,
            FlopsOfStep(keeping), FlopsOfStep(configuration));
    }

    /// <summary>FLOPs of all passes of the step that the configuration is a pass of; null where 64 bits cannot count them.</summary>
    private static long? FlopsOfStep(Configuration configuration)
    {
        TrainingPass pass = configuration.Training!;
        Configuration whole = configuration with { Size = configuration.Size with { Batch = pass.StepBatch } };
        try
        {
            return whole.Passes(new TrainingChoice(pass.Optimizer, configuration.Size.Batch, pass.Dropout, pass.RecomputeBlocks))
                .Sum(repeated => repeated.Times * repeated.Pass.Account(null).Steps.Sum(costs => costs.Flops.Value));
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>Beyond, a table of divisors is no longer read.</summary>
    private const long MostBatch = 1 << 16;
}

/// <summary>A step with blocks kept and with blocks computed again.</summary>
/// <param name="Passes">of the step</param>
/// <param name="KeptPeakBytes">of its last pass</param>
/// <param name="RecomputedPeakBytes">likewise</param>
/// <param name="KeptFlops">of all its passes; null: more than 64 bits count</param>
/// <param name="RecomputedFlops">likewise</param>
internal sealed record Recomputing(long Passes, long KeptPeakBytes, long RecomputedPeakBytes, long? KeptFlops, long? RecomputedFlops)
{
    public long? AddedFlops => RecomputedFlops - KeptFlops;

    public string Words =>
        $"recomputation: the peak is {Quantities.Bytes(RecomputedPeakBytes)} bytes instead of {Quantities.Bytes(KeptPeakBytes)}, "
        + $"{Quantities.Bytes(KeptPeakBytes - RecomputedPeakBytes)} less, for {Quantities.Count(AddedFlops)} FLOPs "
        + $"beside {Quantities.Count(KeptFlops)} in the step{(Passes > 1 ? $"'s {Quantities.Count(Passes)} passes" : "")} (by the formulas)";

    public JsonObject ToJson() => new()
    {
        ["keptPeakLive"] = KeptPeakBytes,
        ["peakLive"] = RecomputedPeakBytes,
        ["savedBytes"] = KeptPeakBytes - RecomputedPeakBytes,
        ["passes"] = Passes,
        ["keptFlops"] = KeptFlops,
        ["addedFlops"] = AddedFlops,
    };
}
