using System.Collections.Immutable;
using Harness.Audit;
using Harness.Passes;

namespace Harness.Reporting;

/// <summary>One model along one axis: every quantity analytic beside observed, and what the numbers mean.</summary>
internal static class SweepTables
{
    public static ReportTable Of(string model, SweepAxis axis, ImmutableArray<CellResult> cells)
    {
        bool overBatch = axis == SweepAxis.Batch;
        Configuration first = cells[0].Cell.Configuration;
        string held = overBatch
            ? first.Size.Sequence is { } sequence ? $", sequence length {sequence}" : ""
            : $", batch {first.Size.Batch}";
        return new ReportTable(
            $"{model} over {(overBatch ? "the batch" : "the sequence length")}{held} (MiB)",
            [overBatch ? "batch" : "length", .. cells.Select(cell => Quantities.Count(cell.Cell.Varied))],
            [
                .. PairRows("activations", cells, audit => audit.BytesOf(CategoryLabels.Activations)),
                .. PairRows("peak live", cells, audit => audit.Peak.Bytes),
                .. PairRows("workspace", cells, audit => audit.BytesOf(CategoryLabels.Workspace)),
                .. PairRows("retained", cells, audit => audit.Retained),
                Row("arena", cells, audit => Quantities.MiB(audit.Arena.CapacityBytes)),
                Row("arena, lower bound", cells, audit => Quantities.MiB(audit.Arena.LowerBoundBytes)),
                Row("buffers that differ", cells, audit => Quantities.Count(audit.Buffers.Count(row => !row.Bytes.IsEqual))),
            ],
            overBatch ? BatchMeaning(model, cells) : SequenceMeaning(model, cells));
    }

    private static IEnumerable<ImmutableArray<string>> PairRows(string name, ImmutableArray<CellResult> cells, Func<AuditRecord, Pair> pair) =>
    [
        Row($"{name}, analytic", cells, audit => Quantities.MiB(pair(audit).Analytic)),
        Row($"{name}, observed", cells, audit => Quantities.MiB(pair(audit).Observed)),
    ];

    private static ImmutableArray<string> Row(string name, ImmutableArray<CellResult> cells, Func<AuditRecord, string> value) =>
        [name, .. cells.Select(cell => value(cell.Audit))];

    private static string BatchMeaning(string model, ImmutableArray<CellResult> cells)
    {
        AuditRecord last = cells[^1].Audit;
        double activations = Measure.Activations.MiB(last);
        double peak = Measure.PeakLive.MiB(last);
        string growth = cells.Length < 2 ? "" : GrowthText(cells);
        return $"{growth}at batch {cells[^1].Cell.Varied} {model} makes {Quantities.Number(activations, 2)} MiB of activations one after another, "
            + (activations > peak
                ? $"but inputs, outputs and all live together never exceed {Quantities.Number(peak, 2)} MiB, "
                    + $"{Quantities.Number(activations / peak, 1)} times less than the textbook sum; "
                : $"and inputs, outputs and all live together never exceed {Quantities.Number(peak, 2)} MiB; ")
            + $"the moment that decides is {last.Peak.Moment}: "
            + $"{last.Peak.Why.TrimEnd('.')}; {GapText(cells)}.";
    }

    private static string GrowthText(ImmutableArray<CellResult> cells)
    {
        bool proportional = cells.All(cell =>
            (Int128)Measure.Activations.ObservedBytes(cell.Audit) * cells[0].Cell.Varied
            == (Int128)Measure.Activations.ObservedBytes(cells[0].Audit) * cell.Cell.Varied);
        string aSample = Quantities.Number(Measure.Activations.MiB(cells[0].Audit) / cells[0].Cell.Varied, 2);
        return proportional
            ? $"Activations are proportional to the batch ({aSample} MiB a sample); "
            : "Activations have a part that does not depend on the batch; ";
    }

    private static string SequenceMeaning(string model, ImmutableArray<CellResult> cells)
    {
        if (cells.Length < 2)
        {
            return $"One length only: nothing can be said of {model}'s growth; {GapText(cells)}.";
        }

        CellResult before = cells[^2];
        CellResult last = cells[^1];
        double length = (double)last.Cell.Varied / before.Cell.Varied;
        double activations = (double)Measure.Activations.ObservedBytes(last.Audit) / Measure.Activations.ObservedBytes(before.Audit);
        double retained = (double)Measure.Retained.ObservedBytes(last.Audit) / Measure.Retained.ObservedBytes(before.Audit);
        long squaredBytes = last.Audit.Buffers.Where(IsSquaredInLength).Sum(row => row.Bytes.Observed ?? 0);
        double share = 100.0 * squaredBytes / Measure.Activations.ObservedBytes(last.Audit);
        string step = $"From length {before.Cell.Varied} to {last.Cell.Varied} (x{Quantities.Number(length, 2)}) "
            + $"activations grow x{Quantities.Number(activations, 2)}";
        string cause = activations > length
            ? ", faster than the length, because attention scores and probabilities hold length x length numbers a head "
                + $"({Quantities.Number(share, 0)} % of the activations at {last.Cell.Varied})"
            : $", not faster than the length: the length x length buffers are {Quantities.Number(share, 0)} % of the activations at {last.Cell.Varied}";
        string stays = retained > length
            ? $"what stays allocated grows x{Quantities.Number(retained, 2)}"
            : $"what stays allocated grows x{Quantities.Number(retained, 2)}, linear in the length, because no input or output holds a squared length";
        return $"{step}{cause}; {stays}; {GapText(cells)}.";

        bool IsSquaredInLength(BufferRow row) =>
            row.Category == CategoryLabels.Activations
            && row.Shape is { } shape && shape.Count(dimension => dimension == last.Cell.Varied) >= 2;
    }

    private static string GapText(ImmutableArray<CellResult> cells)
    {
        long gap = cells.Max(cell => cell.Audit.Arena.GapBytes);
        return gap == 0
            ? "the arena is as small as any placement can make it in every row"
            : $"the arena is up to {Quantities.Bytes(gap)} bytes above the lower bound";
    }
}
