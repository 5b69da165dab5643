using System.Collections.Immutable;
using System.CommandLine;
using Harness.Benchmarks;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary><c>harness bench [GROUP]</c>: the product's own speed, by BenchmarkDotNet.</summary>
internal static class BenchCommand
{
    private const string Folder = "out/bench";

    public static Command Create(CommandHost host)
    {
        var group = new Argument<string?>("GROUP")
        {
            Description = $"{string.Join(", ", BenchmarkRuns.Groups)} (default: all)",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = result => result.Tokens.Count == 0
                ? null
                : Values.Known(result, "group of benchmarks", result.Tokens[0].Value, BenchmarkRuns.Groups),
        };
        var command = new Command("bench", $"Measures the product itself with BenchmarkDotNet; details go to {Folder}.");
        command.Add(group);
        command.SetAction(parsed =>
        {
            ImmutableArray<string> groups = parsed.GetValue(group) is { } chosen ? [chosen] : BenchmarkRuns.Groups;
            Directory.CreateDirectory(Folder);
            ImmutableArray<ReportTable> tables = BenchmarkRuns.Run(groups, Folder);
            host.Out.WriteLine(host.Machine.ToString());
            host.Out.WriteLine();
            foreach (ReportTable table in tables)
            {
                table.WriteTo(host.OutConsole());
            }

            return HarnessProgram.ExitDone;
        });
        return command;
    }
}
