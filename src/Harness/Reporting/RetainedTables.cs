using System.Collections.Immutable;
using Harness.Audit;
using Harness.Passes;

namespace Harness.Reporting;

/// <summary>What stays allocated after a pass, to the byte, beside what the published report measured.</summary>
internal static class RetainedTables
{
    public static ReportTable Of(string model, ImmutableArray<CellResult> cells)
    {
        bool hasSequence = cells[0].Cell.Configuration.Size.Sequence is not null;
        ImmutableArray<string> size = hasSequence ? ["batch", "length"] : ["batch"];
        return new ReportTable(
            $"{model}: what stays allocated, beside the published measurement",
            [.. size, "analytic (bytes)", "observed (bytes)", "observed (MiB)", "published (MiB)", "excess (MiB)"],
            [.. cells.Select(Row)],
            Meaning(cells),
            TextColumns: 0);
    }

    private static ImmutableArray<string> Row(CellResult cell)
    {
        Configuration configuration = cell.Cell.Configuration;
        AuditRecord audit = cell.Audit;
        ImmutableArray<string> size = configuration.Size.Sequence is { } sequence
            ? [Quantities.Count(configuration.Size.Batch), Quantities.Count(sequence)]
            : [Quantities.Count(configuration.Size.Batch)];
        return
        [
            .. size,
            Quantities.Bytes(audit.Retained.Analytic), Quantities.Bytes(audit.Retained.Observed), Quantities.MiB(audit.Retained.Observed),
            Quantities.Number(PublishedMiB(cell), 2), Quantities.Number(PublishedMiB(cell) - Measure.Retained.MiB(audit), 2),
        ];
    }

    public static double? PublishedMiB(CellResult cell)
    {
        Configuration configuration = cell.Cell.Configuration;
        return Published.MiB(configuration.Model.Name, configuration.Size.Batch, configuration.Size.Sequence);
    }

    private static string Meaning(ImmutableArray<CellResult> cells)
    {
        const string difference =
            "Ours is the exact bytes of the inputs and outputs that the caller still holds; the published figure is what PyTorch's caching "
            + "allocator kept for them, which hands out blocks of whole 512 bytes, sometimes a larger free block uncut, and in the first pass of a "
            + "process also a workspace for cuBLAS";
        (CellResult Cell, double Excess)[] excesses =
        [
            .. cells.Where(cell => PublishedMiB(cell) is not null)
                .Select(cell => (cell, PublishedMiB(cell)!.Value - Measure.Retained.MiB(cell.Audit))),
        ];
        if (excesses.Length == 0)
        {
            return "No cell of this sweep was published; retained bytes are those of the inputs and outputs that the caller still holds.";
        }

        (CellResult largest, double excess) = excesses.MaxBy(pair => Math.Abs(pair.Excess));
        return Math.Abs(excess) <= PrintedPrecisionMiB
            ? $"{difference}; here the two agree to the printed hundredth in every published cell."
            : $"{difference}; the largest difference is {Quantities.Number(excess, 2)} MiB at {Size(largest)}.";
    }

    /// <summary>Half of the last printed digit on either side.</summary>
    private const double PrintedPrecisionMiB = 0.01;

    private static string Size(CellResult cell) =>
        cell.Cell.Configuration.Size is { Sequence: { } sequence, Batch: var batch }
            ? $"batch {batch}, length {sequence}"
            : $"batch {cell.Cell.Configuration.Size.Batch}";
}
