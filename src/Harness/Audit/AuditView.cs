using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Audit;

/// <summary>An audit as a person reads it: sums, peak, arena, the largest buffers, and last whether all is exact.</summary>
internal static partial class AuditView
{
    private const int LargestKinds = 16;

    public static void Write(AuditRecord audit, IAnsiConsole console, bool allBuffers, bool allSteps)
    {
        console.WriteLine(
            $"{audit.Configuration}: f32 {audit.Configuration.PassWords} on {audit.Device}, placement {PlacementLabels.Of(audit.Placement)}");
        console.WriteLine();
        CategoryTable(audit).WriteTo(console);
        ArenaTable(audit).WriteTo(console);
        if (audit.Gpu is { } gpu)
        {
            DriverTables.Stages(gpu).WriteTo(console);
            if (!gpu.Convolutions.IsEmpty)
            {
                DriverTables.Convolutions(gpu.Convolutions).WriteTo(console);
            }
        }

        StepTable(audit, allSteps).WriteTo(console);
        (allBuffers ? BufferTable(audit) : KindTable(audit)).WriteTo(console);
        if (audit.Published is { } published)
        {
            PublishedView.Write(published, console);
        }

        foreach (string warning in audit.Gpu?.Driver.Warnings ?? [])
        {
            console.WriteLine($"warning: {warning}");
        }

        foreach (Mismatch mismatch in audit.Mismatches)
        {
            console.WriteLine($"mismatch: {mismatch}");
        }

        console.WriteLine(audit.Mismatches.IsEmpty
            ? $"exact: {audit.Buffers.Length} buffers, every byte as its formula says"
            : $"not exact: {audit.Mismatches.Length} mismatches in {audit.Buffers.Length} buffers");
    }

    private static ReportTable CategoryTable(AuditRecord audit)
    {
        (string signals, string held) = audit.Configuration.Training is null
            ? ("", "the parameters")
            : (", error signals", "parameters, gradients and optimizer state");
        return new ReportTable(
            "Bytes by category",
            ["category", "buffers", "analytic (bytes)", "observed (bytes)", "observed (MiB)", "difference"],
            [
                .. audit.Categories.Select(row => PairRow(row.Category, Quantities.Count(row.Buffers), row.Bytes)),
                PairRow("peak live", "", audit.Peak.Bytes),
                PairRow("needed at once", "", NeededAtOnce(audit)),
                PairRow("retained", "", audit.Retained),
            ],
            $"Peak live is the most that inputs, outputs, activations{signals} and workspace hold at one step. By the formula that is {audit.Peak.Moment}, "
            + $"{audit.Peak.Formula}: {audit.Peak.Why.TrimEnd('.')}. The arena saw it first at step {audit.Peak.Step}. "
            + $"Needed at once is the peak with {held}. Retained is what the caller still holds after the pass: inputs and outputs.");
    }

    /// <summary>The peak with what has a region of its own and outlives the pass.</summary>
    private static Pair NeededAtOnce(AuditRecord audit)
    {
        Pair[] held = [audit.Peak.Bytes, .. audit.Categories.Where(row => CategoryLabels.IsPersistent(row.Category)).Select(row => row.Bytes)];
        return new(
            held.Aggregate((long?)0, (sum, bytes) => checked(sum + bytes.Analytic)),
            held.Aggregate((long?)0, (sum, bytes) => checked(sum + bytes.Observed)));
    }

    private static ImmutableArray<string> PairRow(string name, string count, Pair bytes) =>
    [
        name, count, Quantities.Bytes(bytes.Analytic), Quantities.Bytes(bytes.Observed), Quantities.MiB(bytes.Observed),
        Quantities.Bytes(bytes.Observed - bytes.Analytic),
    ];

    private static ReportTable ArenaTable(AuditRecord audit)
    {
        ArenaRow arena = audit.Arena;
        long[] sizes = [arena.CapacityBytes, arena.HighWaterBytes, arena.LowerBoundBytes, arena.GapBytes, arena.PaddingBytes];
        string gap = arena.GapBytes == 0
            ? "No placement can do with less: the capacity is the lower bound."
            : $"The capacity is {Quantities.Bytes(arena.GapBytes)} bytes above the lower bound.";
        string touch = audit.Touch is { } seen
            ? $" The device saw {Quantities.Bytes(seen.UnwrittenBytes)} bytes never written, "
                + (seen.UnreadBytes is { } unread ? $"{Quantities.Bytes(unread)} never read, " : "")
                + $"{Quantities.Bytes(seen.OutsideBytes)} touched outside."
            : " This device cannot see which bytes are touched.";
        return new ReportTable(
            "Arena (bytes)", ["capacity", "high water", "lower bound", "gap", "padding at the peak"],
            [[.. sizes.Select(bytes => Quantities.Bytes(bytes))]],
            gap + touch, TextColumns: 0);
    }

    private static ReportTable StepTable(AuditRecord audit, bool all)
    {
        ImmutableArray<string> total = StepCells(
            audit.Steps.Length == 1 ? "the only step" : $"all {audit.Steps.Length} steps", audit.Steps.Sum(step => step.Macs), audit.Steps.Sum(step => step.Flops),
            Total(step => step.ReadBytes.Analytic), Total(step => step.ReadBytes.Observed),
            Total(step => step.WrittenBytes.Analytic), Total(step => step.WrittenBytes.Observed));
        return new ReportTable(
            "Work and traffic",
            ["step", "MACs", "FLOPs", "read, compulsory (bytes)", "read, counted", "written, compulsory", "written, counted"],
            [
                .. audit.Steps.Where(_ => all).Select(step => StepCells(
                    step.Name, step.Macs, step.Flops, step.ReadBytes.Analytic, step.ReadBytes.Observed,
                    step.WrittenBytes.Analytic, step.WrittenBytes.Observed)),
                total,
            ],
            "A multiply-accumulate is one MAC and two FLOPs. Compulsory traffic takes each operand byte once; "
            + "what the device counts above that is read again.");

        long? Total(Func<StepRow, long?> bytes) => audit.Steps.Any(step => bytes(step) is null) ? null : audit.Steps.Sum(bytes);
    }

    private static ImmutableArray<string> StepCells(string name, params ReadOnlySpan<long?> numbers)
    {
        var cells = ImmutableArray.CreateBuilder<string>(numbers.Length + 1);
        cells.Add(name);
        foreach (long? number in numbers)
        {
            cells.Add(Quantities.Count(number));
        }

        return cells.ToImmutable();
    }

    private static ReportTable BufferTable(AuditRecord audit) => new(
        "Buffers",
        ["buffer", "category", "shape", "formula", "analytic (bytes)", "observed (bytes)", "offset", "steps"],
        [.. audit.Buffers.Select(row => ImmutableArray.Create(
            row.Name, row.Category, row.Shape?.ToString() ?? Quantities.Bytes(null), row.Formula ?? "none",
            Quantities.Bytes(row.Bytes.Analytic), Quantities.Bytes(row.Bytes.Observed), Quantities.Bytes(row.OffsetBytes),
            row.FirstStep is { } first ? $"{first}-{row.LastStep}" : "all"))],
        "Steps are the first and the last at which the buffer lives; parameters have a region of their own.", TextColumns: 4);

    /// <summary>Layers repeat: buffers whose names differ in a number alone, of one shape, share a row.</summary>
    private static ReportTable KindTable(AuditRecord audit)
    {
        (string Name, BufferRow First, int Count, long Bytes)[] kinds =
        [
            .. audit.Buffers.Where(row => row.Category != CategoryLabels.Parameters && row.Bytes.Observed is not null)
                .GroupBy(row => (Name: LayerNumber().Replace(row.Name, "*"), row.Category, Shape: row.Shape?.ToString()))
                .Select(kind => (kind.Key.Name, kind.First(), kind.Count(), kind.Sum(row => row.Bytes.Observed!.Value)))
                .OrderByDescending(kind => kind.Item4),
        ];
        return new ReportTable(
            $"The {Math.Min(LargestKinds, kinds.Length)} kinds of buffers with most bytes, of {kinds.Length}",
            ["buffer", "category", "shape", "formula of one", "bytes of one", "how many", "bytes of all"],
            [.. kinds.Take(LargestKinds).Select(kind => ImmutableArray.Create(
                kind.Count == 1 ? kind.First.Name : kind.Name, kind.First.Category, kind.First.Shape?.ToString() ?? Quantities.Bytes(null),
                kind.First.Formula ?? "none", Quantities.Bytes(kind.First.Bytes.Observed), Quantities.Count(kind.Count), Quantities.Bytes(kind.Bytes)))],
            "--buffers lists every buffer by itself, parameters too; --json has everything.", TextColumns: 4);
    }

    [GeneratedRegex(@"(?<=\.)\d+(?=\.)")]
    private static partial Regex LayerNumber();
}
