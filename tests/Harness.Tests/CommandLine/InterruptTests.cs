using System.Diagnostics;

namespace Harness.Tests.CommandLine;

/// <summary>Ctrl-C in the middle of long work.</summary>
public sealed class InterruptTests
{
    /// <summary>Only a hang should end it: tests of three programs share the machine.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(180);

    [Fact]
    public async Task An_interrupted_report_ends_with_130_and_leaves_no_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using var folder = new TemporaryFolder();
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "harness.dll"), "report", "--out", folder.Path },
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
