using Harness.CommandLine;
using Harness.Kernels.Native;

namespace Harness.Tests;

/// <summary>The command line run in this process, with a clock that stands still and a machine that is always the same.</summary>
internal static class Cli
{
    /// <summary>On a machine without NVIDIA's software, whatever the one has that runs the tests: a test that needs a GPU names <see cref="Shared.Gpu.Setup"/>.</summary>
    public static CliResult Run(params string[] args) => Run(NoCuda, args);

    public static CliResult Run(CudaApi cuda, params string[] args) => Run(_ => new NativeSetup(cuda, []), args);

    /// <param name="findLibraries">NVIDIA's software, or a double of it, by the folders named</param>
    /// <param name="args">the command line</param>
    public static CliResult Run(Func<string?, NativeSetup> findLibraries, params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var host = new CommandHost(
            output, error, OutIsTerminal: false, ErrorIsTerminal: false, new StoppedClock(),
            new MachineDescription("test processor", 2, "test system", "test runtime"))
        {
            FindLibraries = findLibraries,
        };
        int exitCode = HarnessProgram.Run(args, host);
        return new CliResult(exitCode, output.ToString(), error.ToString());
    }

    private static CudaApi NoCuda { get; } = new(
        new(null, "no driver in tests"), new(null, "no cuBLAS in tests"), new(null, "no cuDNN in tests"), new(null, "no NVML in tests"));

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
