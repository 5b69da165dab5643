using Harness.CommandLine;

namespace Harness.Tests;

/// <summary>The command line run in this process, with a clock that stands still and a machine that is always the same.</summary>
internal static class Cli
{
    public static CliResult Run(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var host = new CommandHost(
            output, error, OutIsTerminal: false, ErrorIsTerminal: false, new StoppedClock(),
            new MachineDescription("test processor", 2, "test system", "test runtime"));
        int exitCode = HarnessProgram.Run(args, host);
        return new CliResult(exitCode, output.ToString(), error.ToString());
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}

internal sealed record CliResult(int ExitCode, string Out, string Error)
{
    /// <summary>Exactly one line on standard error with all of the words, nothing on standard output, no stack trace.</summary>
    public void IsOneLineError(int exitCode, params string[] words)
    {
        Assert.Equal(exitCode, ExitCode);
        Assert.EndsWith("\n", Error, StringComparison.Ordinal);
        Assert.Equal(1, Error.Count(character => character == '\n'));
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, Error, StringComparison.Ordinal));
        Assert.Equal("", Out);
    }
}
