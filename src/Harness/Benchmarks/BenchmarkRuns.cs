using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Devices;

namespace Harness.Benchmarks;

/// <summary>The groups of <c>harness bench</c> and what each times.</summary>
internal static class BenchmarkRuns
{
    /// <summary>The one group that times host code and needs no device.</summary>
    public const string Arena = "arena";

    public static ImmutableArray<string> Groups { get; } = [Arena, "conv", "gemm", "kernels", "models"];

    /// <param name="group">any but the arena</param>
    /// <param name="graph">passes as graphs too</param>
    public static IEnumerable<MeasuredCase> CasesOf(string group, bool graph, IConvolutionWorkspace device) => group switch
    {
        "conv" => ConvolutionCases.All(device),
        "gemm" => GemmCases.All(),
        "kernels" => KernelCases.All(device),
        "models" => ModelCases.All(graph, device),
        _ => throw new ArgumentException($"no group '{group}'"),
    };

    /// <summary>The cases of a group that this device can do, and that the caller named.</summary>
    /// <param name="name">an entry, or a part of a case's name; null for all</param>
    /// <param name="tooLarge">how many were left out because their buffers are too large for the device</param>
    /// <exception cref="CallerException">no case is named so, or all that are do not fit</exception>
    public static ImmutableArray<MeasuredCase> Chosen(string group, string? name, bool graph, BenchmarkSession session, out int tooLarge)
    {
        MeasuredCase[] all = [.. CasesOf(group, graph, session.Device)];
        MeasuredCase[] named = [.. all.Where(measured => name is null || measured.Entry == name || measured.Name.Contains(name, StringComparison.Ordinal))];
        if (named.Length == 0)
        {
            string[] words = [.. all.Select(measured => measured.Entry ?? measured.Name).Distinct().Order(StringComparer.Ordinal)];
            throw new CallerException(
                $"no benchmark of '{group}' is named '{name}'{NearestWord.Hint(name!, words)}; known: {string.Join(", ", words)}, or a part of a benchmark's name");
        }

        // A pass is the same on every device and is never left out.
        long largestBytes = session.LargestSetBytes;
        ImmutableArray<MeasuredCase> fitting = [.. named.Where(measured => measured.Entry is null || measured.SetBytes <= largestBytes)];
        tooLarge = named.Length - fitting.Length;
        return fitting.IsEmpty
            ? throw new CallerException(
                $"'{named[0].Name}' needs {named[0].SetBytes} bytes of buffers; on device '{session.Device.Description.Kind}' at most {largestBytes} are timed")
            : fitting;
    }
}
