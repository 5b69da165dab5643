using System.Collections.Immutable;
using Harness.Models.Analytic.Training;

namespace Harness.Audit;

/// <summary>What the ledger shows of one layer.</summary>
/// <param name="KeptBytes">live at the last forward step; null: the pass has no such step</param>
/// <param name="AllBytes">in the arena, whenever</param>
internal sealed record ObservedLayer(string Name, long? KeptBytes, long AllBytes);

/// <summary>The published convention's bridge to our bytes of a layer, and what the ledger shows of each layer it is for.</summary>
/// <param name="Observed">in the order of the formula's layers</param>
internal sealed record PublishedComparison(PublishedLayers Formulas, ImmutableArray<ObservedLayer> Observed)
{
    // Behind it comes the first backward step: what of a layer lives here is kept for the backward pass.
    private const string LastForwardStep = "loss";

    public static PublishedComparison Of(PublishedLayers formulas, ImmutableArray<BufferRow> buffers, ImmutableArray<StepRow> steps)
    {
        int? last = Enumerable.Range(0, steps.Length).Where(step => steps[step].Name == LastForwardStep).Select(step => (int?)step).FirstOrDefault();
        return new(formulas, [.. formulas.Layers.Select(layer => Observe(layer, buffers, last))]);
    }

    private static ObservedLayer Observe(string layer, ImmutableArray<BufferRow> buffers, int? lastForward)
    {
        BufferRow[] rows = [.. buffers.Where(row => row.FirstStep is not null && row.Name.StartsWith($"{layer}.", StringComparison.Ordinal))];
        return new(
            layer,
            lastForward is null ? null : rows.Where(row => row.FirstStep <= lastForward && lastForward <= row.LastStep).Sum(row => row.Bytes.Observed!.Value),
            rows.Sum(row => row.Bytes.Observed!.Value));
    }

    /// <summary>Where a bridge does not end at our formula, or that is not what the ledger shows.</summary>
    public IEnumerable<Mismatch> Mismatches()
    {
        Pair kept = new(Formulas.Kept.Ours.Value, Formulas.Kept.BridgedBytes), all = new(Formulas.Buffers.Ours.Value, Formulas.Buffers.BridgedBytes);
        IEnumerable<(string Name, string What, Pair Bytes)> compared =
        [
            ("published convention", "kept by a layer, against the end of the bridge", kept),
            ("published convention", "all buffers of a layer, against the end of the bridge", all),
            .. Observed.Select(layer => (layer.Name, "bytes kept for the backward pass", new Pair(kept.Analytic, layer.KeptBytes))),
            .. Observed.Select(layer => (layer.Name, "bytes of all its buffers in the arena", new Pair(all.Analytic, (long?)layer.AllBytes))),
        ];
        return compared.Where(pair => !pair.Bytes.IsEqual)
            .Select(pair => new Mismatch(pair.Name, pair.What, pair.Bytes.Analytic, pair.Bytes.Observed));
    }
}
