using System.Collections.Immutable;
using System.CommandLine;
using Harness.Audit;
using Harness.Kernels;
using Harness.Kernels.Memory;
using Harness.Models;
using Harness.Passes;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.CommandLine;

/// <summary><c>harness report</c>, the main job: the sweep of the published report, every configuration run and audited.</summary>
internal static class ReportCommand
{
    private const string DefaultFolder = "out/report";

    public static Command Create(CommandHost host)
    {
        Option<string?> folder = Values.Text("--out", $"folder for report.md and report.json (default {DefaultFolder})", "DIR");
        Option<ImmutableArray<Model>?> models = Values.Models(
            "--models", $"any models, separated by commas (default {string.Join(',', Sweep.Published.Select(model => model.Name))})");
        Option<ImmutableArray<long>?> batches = Values.WholeNumbers(
            "--batches", "batches, separated by commas (default 1,2,4,8,16, images also 32)", 1);
        Option<ImmutableArray<long>?> sequences = Values.WholeNumbers(
            "--seqs", "sequence lengths, separated by commas (default 16,32,64,128,256)", 1);
        Option<string> placement = CommonOptions.Placement();
        var device = new DeviceChoice();
        Option<long?> seed = CommonOptions.Seed();
        Option<string?> jsonTarget = CommonOptions.Json();

        var command = new Command("report", "Runs the published sweep, audits every buffer of it and writes the report (the default verb).");
        command.Add(folder);
        command.Add(models);
        command.Add(batches);
        command.Add(sequences);
        command.Add(placement);
        device.AddForPassesTo(command);
        command.Add(seed);
        command.Add(jsonTarget);
        command.SetAction(parsed =>
        {
            ImmutableArray<SweepCell> cells = Sweep.Of(parsed.GetValue(models), parsed.GetValue(batches), parsed.GetValue(sequences));
            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            string target = OutputFolder.Create(parsed.GetValue(folder) ?? DefaultFolder);
            using OpenedDevice opened = device.Open(parsed, host);
            PreparedSweep prepared = Prepare(cells, opened, PlacementLabels.Parse(parsed.GetValue(placement)!), host);
            opened.WriteNote(host, json);
            long chosenSeed = CommonOptions.SeedOf(parsed, seed);
            SweepResult result = ProgressView.Show(host, prepared.Work, progress => Run(prepared, chosenSeed, progress, host));
            var report = new Report(result);
            AtomicFile.WriteText(Path.Combine(target, "report.md"), report.ToMarkdown());
            AtomicFile.WriteText(Path.Combine(target, "report.json"), JsonOutput.Text(report.ToJson()));
            json.Write(report.ToJson());
            if (!json.OwnsStandardOutput)
            {
                Print(report, host, target);
            }

            return result.MismatchCount == 0 ? HarnessProgram.ExitDone : HarnessProgram.ExitCheckFailed;
        });
        return command;
    }

    private sealed record PreparedSweep(
        OpenedDevice Device, Placement Placement, PassRunner Runner, ImmutableArray<(SweepCell Cell, PreparedPass Pass)> Passes, long StartTimestamp)
    {
        public double Work => Passes.Sum(pass => pass.Pass.Work);
    }

    /// <summary>Every configuration is planned before the first one runs: a size that is not allowed stops the report at once.</summary>
    private static PreparedSweep Prepare(ImmutableArray<SweepCell> cells, OpenedDevice device, Placement placement, CommandHost host)
    {
        long start = host.Time.GetTimestamp();
        var runner = new PassRunner(device, placement, host.Time);
        return new PreparedSweep(device, placement, runner, [.. cells.Select(cell => (cell, runner.Prepare(cell.Configuration)))], start);
    }

    private static SweepResult Run(PreparedSweep prepared, long seed, ProgressView progress, CommandHost host)
    {
        using PassRunner runner = prepared.Runner;
        progress.Describe("checking the kernels");
        KernelAgreement? kernels = KernelAgreement.Of(prepared.Device.Unchecked, prepared.Device.Facts.Math);
        var results = ImmutableArray.CreateBuilder<CellResult>(prepared.Passes.Length);
        foreach ((SweepCell cell, PreparedPass pass) in prepared.Passes)
        {
            PassResult result = runner.Run(pass, seed, progress);
            results.Add(new CellResult(cell, result.Audit, result.Seconds));
        }

        return new SweepResult(
            prepared.Device.Facts, kernels, host.Machine, prepared.Placement, seed,
            host.Time.GetElapsedTime(prepared.StartTimestamp).TotalSeconds, results.MoveToImmutable());
    }

    private static void Print(Report report, CommandHost host, string folder)
    {
        IAnsiConsole console = host.OutConsole();
        console.WriteLine(report.Heading);
        console.WriteLine();
        foreach (ReportTable table in report.Tables)
        {
            table.WriteTo(console);
        }

        foreach (string line in report.MismatchLines)
        {
            console.WriteLine(line);
        }

        console.WriteLine($"written: {Path.Combine(folder, "report.md")} and {Path.Combine(folder, "report.json")}");
        console.WriteLine(report.Verdict);
    }
}
