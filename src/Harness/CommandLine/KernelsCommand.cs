using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Harness.Kernels;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.CommandLine;

/// <summary><c>harness kernels [list]</c> (see <see cref="KernelsList"/>) and <c>harness kernels check [NAME]</c>.</summary>
internal static class KernelsCommand
{
    public static Command Create(CommandHost host)
    {
        var command = new Command("kernels", "Lists the kernels, or checks them against their references.");
        var list = new Command("list", "What each kernel computes and which idea it is built on (the default); with --device cuda its registers and memory too.");
        KernelsList.AddTo(command, host);
        KernelsList.AddTo(list, host);
        command.Add(list);
        command.Add(CreateCheck(host));
        return command;
    }

    private static Command CreateCheck(CommandHost host)
    {
        var name = new Argument<string?>("NAME") { Description = "one entry (default: all)", Arity = ArgumentArity.ZeroOrOne };
        var device = new DeviceChoice();
        Option<string?> jsonTarget = CommonOptions.Json();
        var command = new Command("check", "Runs every entry against its reference on a table of awkward shapes.");
        command.Add(name);
        device.AddTo(command);
        command.Add(jsonTarget);
        command.SetAction(parsed =>
        {
            string? entry = parsed.GetValue(name);
            if (entry is not null)
            {
                KernelCatalog.Find(entry);
            }

            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            using OpenedDevice opened = device.Open(parsed, host);
            if (!opened.Device.Computes)
            {
                throw new CallerException("--device null does not apply to 'kernels check': it computes nothing; use --device sim");
            }

            opened.WriteNote(host, json);
            ImmutableArray<KernelCheckResult> results = ProgressView.Show(
                host, KernelCatalog.Entries.Length, progress => Check(opened, entry, progress));
            int failures = results.Count(result => !result.Passed);
            if (!json.OwnsStandardOutput)
            {
                Print(results, failures, host);
                if (entry is null && KernelCheck.LeftOut(opened.Unchecked) is { IsEmpty: false } leftOut)
                {
                    host.Out.WriteLine($"not checked, because cuDNN is missing: {string.Join(", ", leftOut)}");
                }
            }

            json.Write(new JsonObject
            {
                ["schema"] = "harness.kernelCheck/1",
                ["device"] = opened.Facts.ToJson(),
                ["leftOut"] = entry is null ? new JsonArray([.. KernelCheck.LeftOut(opened.Unchecked).Select(name => JsonValue.Create(name))]) : [],
                ["results"] = new JsonArray([.. results.Select(ResultJson)]),
                ["failures"] = failures,
            });
            return failures == 0 ? HarnessProgram.ExitDone : HarnessProgram.ExitCheckFailed;
        });
        return command;
    }

    private static ImmutableArray<KernelCheckResult> Check(OpenedDevice opened, string? entry, ProgressView progress)
    {
        var results = ImmutableArray.CreateBuilder<KernelCheckResult>();
        string? current = null;
        foreach (KernelCheckResult result in KernelCheck.Run(opened.Unchecked, entry, opened.Facts.Math))
        {
            if (current != result.Entry)
            {
                current = result.Entry;
                progress.Describe(current);
                progress.Advance(1);
            }

            results.Add(result);
        }

        return results.ToImmutable();
    }

    private static void Print(ImmutableArray<KernelCheckResult> results, int failures, CommandHost host)
    {
        IAnsiConsole console = host.OutConsole();
        new ReportTable(
            "Kernels against their references", ["entry", "shape", "result", "elements", "largest error", "tolerance", "bytes read", "bytes written"],
            [.. results.Select(result => ImmutableArray.Create(
                result.Entry, result.Shape, result.Passed ? "pass" : "FAIL", Quantities.Count(result.Elements),
                Error(result.MaxError), Error(result.Tolerance),
                Quantities.Bytes(result.Cost?.BytesRead), Quantities.Bytes(result.Cost?.BytesWritten)))],
            "The error shown is that of the element which comes closest to its own tolerance; references compute in double precision.",
            TextColumns: 3).WriteTo(console);
        foreach (KernelCheckResult result in results.Where(result => !result.Passed))
        {
            console.WriteLine($"FAIL {result.Entry} {result.Shape}: {result.Failure}");
        }

        int entries = results.Select(result => result.Entry).Distinct().Count();
        console.WriteLine(failures == 0
            ? $"{entries} entries at {results.Length} shapes, all within tolerance"
            : $"{entries} entries at {results.Length} shapes, {failures} failed");
    }

    private static string Error(double error) =>
        double.IsNaN(error) ? Quantities.Number(null, 0) : error.ToString("0.0e+00", CultureInfo.InvariantCulture);

    private static JsonObject ResultJson(KernelCheckResult result) => new()
    {
        ["entry"] = result.Entry,
        ["shape"] = result.Shape,
        ["passed"] = result.Passed,
        ["elements"] = result.Elements,
        ["maxError"] = Finite(result.MaxError),
        ["tolerance"] = Finite(result.Tolerance),
        ["failure"] = result.Failure,
        ["laneInstructions"] = result.Cost?.LaneInstructions,
        ["bytesRead"] = result.Cost?.BytesRead,
        ["bytesWritten"] = result.Cost?.BytesWritten,
    };

    /// <summary>JSON has no NaN: unknown is null.</summary>
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
