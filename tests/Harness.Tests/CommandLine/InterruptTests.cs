using System.Diagnostics;

namespace Harness.Tests.CommandLine;

/// <summary>Ctrl-C in the middle of long work.</summary>
public sealed class InterruptTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_interrupted_report_ends_with_130_and_leaves_no_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using var folder = new TemporaryFolder();
        // Tests that a script runs in the background inherit that Ctrl-C is ignored, and would hand it on: GNU env undoes that, in the same process.
        string[] command = [.. OperatingSystem.IsLinux() ? ["env", "--default-signal=INT", "dotnet"] : new[] { "dotnet" }];
        var start = new ProcessStartInfo(command[0], [.. command[1..], Path.Combine(AppContext.BaseDirectory, "harness.dll"), "report", "--out", folder.Path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process harness = Process.Start(start)!;
        // The first line comes when everything is planned and the passes begin.
        string? line = await ReadLine(harness.StandardOutput);
        Assert.StartsWith("device: sim", line, StringComparison.Ordinal);
        using (Process kill = Process.Start("kill", ["-INT", harness.Id.ToString()]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var patience = new CancellationTokenSource(s_patience);
        await harness.WaitForExitAsync(patience.Token);
        Assert.Equal(HarnessProgram.ExitInterrupted, harness.ExitCode);
        Assert.Equal("", await harness.StandardError.ReadToEndAsync(patience.Token));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    private static async Task<string?> ReadLine(StreamReader reader)
    {
        using var patience = new CancellationTokenSource(s_patience);
        return await reader.ReadLineAsync(patience.Token);
    }
}
