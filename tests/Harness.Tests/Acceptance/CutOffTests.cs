using System.Diagnostics;
using System.Text.Json.Nodes;
using Harness.Acceptance;

namespace Harness.Tests.Acceptance;

/// <summary>An acceptance that is ended from outside, as by a time limit on the whole of it.</summary>
public sealed class CutOffTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>The program itself, killed with all that it started while its second step runs.</summary>
    [Fact]
    public async Task A_killed_run_leaves_what_it_had_done_what_it_was_at_and_what_it_never_reached()
    {
        using var folder = new TemporaryFolder();
        string target = folder.At("results");
        Directory.CreateDirectory(target);
        // Figures of an earlier run of the same step must not pass for this one's.
        File.WriteAllText(Path.Combine(target, "training-bert-base.json"), "{}");
        await KilledWhile("training-bert-base", folder.Path, target, "kernels-list,training-bert-base,report");

        JsonNode record = JsonNode.Parse(File.ReadAllText(Path.Combine(target, AcceptanceRecord.FileName)))!;
        Assert.Equal(
            ["doctor skipped", "kernels-list passed", "training-bert-base STARTED", "report not reached"],
            record["steps"]!.AsArray().Select(step => $"{step!["name"]} {step["outcome"]}"));
        Assert.False(File.Exists(Path.Combine(target, "training-bert-base.json")));
        string summary = File.ReadAllText(Path.Combine(target, AcceptanceRecord.SummaryName));
        Assert.Contains("1 steps passed, 0 failed, 1 skipped, 1 started without an end, 1 not reached", summary, StringComparison.Ordinal);
        Assert.Contains("| training-bert-base | STARTED | - |", summary, StringComparison.Ordinal);
        Assert.Contains("| report | not reached | - |", summary, StringComparison.Ordinal);

        // A later piece into the same folder reads that, and makes good a part of it.
        CliResult later = Cli.Run("acceptance", "--device", "sim", "--out", target, "--only", "kernels-list");
        Assert.Equal(0, later.ExitCode);
        Assert.Contains("1 started without an end, 1 not reached", later.Out, StringComparison.Ordinal);
    }

    /// <summary>Runs the acceptance until the step is recorded as started, and kills it.</summary>
    private static async Task KilledWhile(string step, string temporary, string target, string only)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "harness.exe" : "harness"))
        {
            ArgumentList = { "acceptance", "--device", "sim", "--out", target, "--only", only },
            Environment = { ["TMPDIR"] = temporary }, // it has no chance to delete what it put there
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process acceptance = Process.Start(start)!;
        long begin = Stopwatch.GetTimestamp();
        try
        {
            while (OutcomeOf(step, target) != AcceptanceRecord.Word(StepOutcome.Started))
            {
                Assert.True(Stopwatch.GetElapsedTime(begin) < s_patience && !acceptance.HasExited, $"'{step}' was never seen running");
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }
        finally
        {
            acceptance.Kill(entireProcessTree: true);
            await acceptance.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private static string? OutcomeOf(string step, string target)
    {
        string file = Path.Combine(target, AcceptanceRecord.FileName);
        return File.Exists(file)
            ? (string?)JsonNode.Parse(File.ReadAllText(file))!["steps"]!.AsArray().FirstOrDefault(row => (string?)row!["name"] == step)?["outcome"]
            : null;
    }
}
