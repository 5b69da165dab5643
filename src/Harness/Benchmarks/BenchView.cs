using System.Collections.Immutable;
using Harness.CommandLine;
using Harness.Reporting;
using Harness.Timing;
using Spectre.Console;

namespace Harness.Benchmarks;

/// <summary>A run of benchmarks for people: what it ran on, what that reaches, a table a group, and whether the figures may be quoted.</summary>
internal static class BenchView
{
    public static void Print(BenchRecord record, CommandHost host)
    {
        IAnsiConsole console = host.OutConsole();
        console.WriteLine(record.Machine.ToString());
        console.WriteLine(record.Device.ToString());
        if (record.Peaks is { } peaks)
        {
            console.WriteLine(
                $"measured here: copy {MeasuredColumn.Rate(peaks.CopyBytesPerSecond, "B/s")} (read and written), product {MeasuredColumn.Rate(peaks.GemmFlopsPerSecond, "FLOP/s")}");
        }

        console.WriteLine();
        if (record.Arena is { } arena)
        {
            new ReportTable(
                "arena", ["benchmark", "best", "mean", "managed bytes allocated"],
                [.. arena.Select(result => ImmutableArray.Create(
                    result.Placement, MeasuredColumn.Time(result.BestSeconds), MeasuredColumn.Time(result.MeanSeconds), Quantities.Bytes(result.ManagedBytes)))],
                "One allocate and one free of a tensor, the ledger's rows included.").WriteTo(console);
        }

        foreach ((string group, ImmutableArray<MeasuredResult> results, int leftOut) in record.Groups)
        {
            MeasuredColumn[] columns = [.. MeasuredColumn.Of(record.Device.Gpu is not null).Where(column => column.IsKnownFor(results))];
            string without = leftOut == 0 ? "" : $" {leftOut} left out: their buffers are too large for this device, or they need a larger --workspace or a library that is missing.";
            new ReportTable(
                group, [.. columns.Select(column => column.Name)],
                [.. results.Select(result => columns.Select(column => column.Text(result)).ToImmutableArray())],
                $"docs/benchmarking.md says how each column is computed.{without}", TextColumns: columns.Count(column => column.IsText)).WriteTo(console);
        }

        PrintFindings(record, console);
    }

    private static void PrintFindings(BenchRecord record, IAnsiConsole console)
    {
        foreach (Finding finding in record.Verdict.Findings)
        {
            console.WriteLine(Line(finding, "this run"));
        }

        foreach (MeasuredResult result in record.Groups.SelectMany(group => group.Results))
        {
            foreach (Finding finding in result.Verdict.Findings)
            {
                console.WriteLine(Line(finding, $"{result.Case.Name} ({result.Case.Shape})"));
            }
        }

        if (!record.Groups.IsEmpty)
        {
            MeasuredResult[] all = [.. record.Groups.SelectMany(group => group.Results)];
            int invalid = all.Count(result => !result.Verdict.IsValid);
            console.WriteLine(
                record.IsValid ? $"all {all.Length} figures are valid" : $"{invalid} of {all.Length} figures are not valid{(record.Verdict.IsValid ? "" : ", nor is the run")}");
        }
    }

    private static string Line(Finding finding, string of) => $"{(finding.Invalidates ? "INVALID" : "note")} {of}: {finding.Words}";
}
