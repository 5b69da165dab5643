using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Devices;

namespace Harness.Benchmarks;

/// <summary>The groups of <c>harness bench</c> and what each times.</summary>
internal static class BenchmarkRuns
{
    /// <summary>The one group that times host code and needs no device.</summary>
    public const string Arena = "arena";

    public static ImmutableArray<string> Groups { get; } = [Arena, "conv", "gemm", "kernels", "models", "training"];

    /// <param name="group">any but the arena</param>
    /// <param name="graph">passes as graphs</param>
    public static IEnumerable<MeasuredCase> CasesOf(string group, bool graph, IConvolutionWorkspace device) => group switch
    {
        "conv" => ConvolutionCases.All(device),
        "gemm" => GemmCases.All(),
        "kernels" => KernelCases.All(device),
        "models" => ModelCases.All(graph, device),
        "training" => TrainingCases.All(graph, device),
        _ => throw new ArgumentException($"no group '{group}'"),
    };

    /// <summary>The cases of a group that this device can do, and that the caller named.</summary>
    /// <param name="name">an entry, or a part of a case's name; null for all</param>
    /// <param name="isAsked">the caller named this group: then nothing to do is an error</param>
    /// <param name="leftOut">how many need more memory than there is, a larger workspace than was given, or a library that is missing</param>
    /// <exception cref="CallerException">no case is named so, none of them fits, or all need a larger workspace</exception>
    /// <exception cref="MachineException">all need a library that is missing</exception>
    public static ImmutableArray<MeasuredCase> Chosen(string group, string? name, bool isAsked, bool graph, BenchmarkSession session, out int leftOut)
    {
        MeasuredCase[] all = [.. CasesOf(group, graph, session.Device)];
        MeasuredCase[] named = [.. all.Where(measured => name is null || measured.Entry == name || measured.Name.Contains(name, StringComparison.Ordinal))];
        if (named.Length == 0)
        {
            string[] words = [.. all.Select(measured => measured.Entry ?? measured.Name).Distinct().Order(StringComparer.Ordinal)];
            throw new CallerException(
                $"no benchmark of '{group}' is named '{name}'{NearestWord.Hint(name!, words)}; known: {string.Join(", ", words)}, or a part of a benchmark's name");
        }

        IGpu? withoutCudnn = session.Device is IGpu { Properties.CudnnVersion: null } lacking ? lacking : null;
        MeasuredCase[] possible = [.. named.Where(measured => !measured.LacksWorkspace && (withoutCudnn is null || !measured.NeedsConvolutions))];
        ImmutableArray<MeasuredCase> fitting = [.. possible.Where(measured => !session.IsTooLarge(measured))];
        leftOut = named.Length - fitting.Length;
        if (fitting.IsEmpty && isAsked && possible.Length == 0)
        {
            withoutCudnn?.RequireConvolutions();
            throw new CallerException(
                $"'{named[0].Name}' is timed with --workspace {TrainingCases.GradientWorkspaceMiB} or more: gradients of convolutions need it");
        }

        return fitting.IsEmpty && isAsked
            ? throw new CallerException(
                $"'{named[0].Name}' needs {named[0].SetBytes} bytes of buffers; on device '{session.Device.Description.Kind}' at most {session.LargestSetBytes} are timed")
            : fitting;
    }
}
