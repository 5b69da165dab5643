using System.Collections.Immutable;
using System.CommandLine;
using Harness.Benchmarks;
using Harness.Kernels;
using Harness.Reporting;
using Harness.Timing;

namespace Harness.CommandLine;

/// <summary><c>harness bench [GROUP] [NAME]</c>: how fast kernels, products, convolutions, passes and the arena are, and whether that is a valid figure.</summary>
internal static class BenchCommand
{
    private const string DefaultFolder = "out/bench";

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
        var name = new Argument<string?>("NAME")
        {
            Description = "only the benchmarks of this kernel, or those with this in their name", Arity = ArgumentArity.ZeroOrOne,
        };
        var device = new DeviceChoice();
        Option<long?> seed = CommonOptions.Seed();
        Option<string?> folder = Values.Text("--out", $"where BenchmarkDotNet's exports go (default {DefaultFolder})", "DIR");
        Option<string?> jsonTarget = CommonOptions.Json();
        var command = new Command("bench", "Times kernels, products, convolutions and passes on the device, and the arena; nothing is timed that was not checked.");
        command.Add(group);
        command.Add(name);
        device.AddForPassesTo(command, check: false);
        command.Add(seed);
        command.Add(folder);
        command.Add(jsonTarget);
        command.SetAction(parsed =>
        {
            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            string? chosen = parsed.GetValue(group), named = parsed.GetValue(name);
            if (chosen == BenchmarkRuns.Arena && named is not null)
            {
                throw new CallerException($"'{BenchmarkRuns.Arena}' has no parts to choose from: leave '{named}' out");
            }

            using OpenedDevice opened = device.Open(parsed, host);
            if (!opened.Device.Computes)
            {
                throw new CallerException("--device null does not apply to 'bench': it computes nothing; use --device sim");
            }

            opened.WriteNote(host, json);
            string target = OutputFolder.Create(parsed.GetValue(folder) ?? DefaultFolder);
            ImmutableArray<string> groups = chosen is null ? BenchmarkRuns.Groups : [chosen];
            BenchRecord record = Run(host, opened, groups, named, CommonOptions.SeedOf(parsed, seed), target);
            if (!json.OwnsStandardOutput)
            {
                BenchView.Print(record, host);
            }

            json.Write(BenchJson.Of(record));
            return HarnessProgram.ExitDone;
        });
        return command;
    }

    private static BenchRecord Run(
        CommandHost host, OpenedDevice opened, ImmutableArray<string> groups, string? name, long seed, string folder)
    {
        string? whyNoConditions = null;
        using NvmlConditions? conditions = opened is { Gpu: { } gpu, Api: { } api }
            ? NvmlConditions.Open(api.Nvml, gpu.Properties.PciBusId, out whyNoConditions)
            : null;
        using var session = new BenchmarkSession(opened.Unchecked, opened.Facts.Math, conditions, seed, StoppingRule.Default, host.Time);
        bool graph = opened.Facts.Gpu?.Graph ?? false;
        (string Group, ImmutableArray<MeasuredCase> Cases, int LeftOut)[] chosen =
        [
            .. groups.Where(group => group != BenchmarkRuns.Arena)
                .Select(group => (group, BenchmarkRuns.Chosen(group, name, isAsked: groups.Length == 1, graph, session, out int leftOut), leftOut)),
        ];
        return ProgressView.Show(host, chosen.Sum(group => group.Cases.Length), progress =>
        {
            Peaks? peaks = null;
            if (chosen.Length > 0)
            {
                progress.Describe("what this device reaches");
                session.MeasurePeaks();
                peaks = session.Peaks;
            }

            ImmutableArray<(string, ImmutableArray<MeasuredResult>, int)> results =
            [
                .. chosen.Where(group => !group.Cases.IsEmpty).Select(group => (group.Group, MeasuredRun.Run(group.Cases, session.Device, Path.Combine(folder, group.Group), measured =>
                {
                    progress.Describe(measured.Name);
                    MeasuredResult result = session.Measure(measured);
                    progress.Advance(1);
                    return result;
                }), group.LeftOut)),
            ];
            ImmutableArray<ArenaResult>? arena = groups.Contains(BenchmarkRuns.Arena) && name is null
                ? ArenaRun.Run(Path.Combine(folder, BenchmarkRuns.Arena))
                : null;
            Verdict verdict = Verdict.OfRun(PowerSource.OnBattery(), whyNoConditions);
            return new BenchRecord(host.Machine, opened.Facts, seed, peaks, conditions?.Limits, verdict, results, arena);
        });
    }
}
