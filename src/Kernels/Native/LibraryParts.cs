using System.Collections.Immutable;

namespace Harness.Kernels.Native;

/// <summary>
/// What a library needs beside itself. A system's loader looks for that in its own folders only, so where a library comes from elsewhere
/// (a Python wheel, an unpacked archive) its parts are loaded first, by path; the name then resolves to what is loaded already.
/// </summary>
/// <param name="Before">loaded before the library, where it lies beside it</param>
/// <param name="Required">loaded with it: without one of these it is no use</param>
/// <param name="Optional">loaded with it, where it lies beside it</param>
internal sealed record LibraryParts(ImmutableArray<string> Before, ImmutableArray<string> Required, ImmutableArray<string> Optional)
{
    private static readonly ImmutableArray<string> s_linuxCompilers = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"];
    private static readonly ImmutableArray<string> s_windowsCompilers = ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll", "nvrtc64_112_0.dll"];

    /// <summary>Libraries that cuDNN's engines load by name; wheels put each into a folder of its own.</summary>
    public static ImmutableArray<string> Companions(SearchSite site) => site.IsWindows ? s_windowsCompilers : s_linuxCompilers;

    /// <summary>
    /// cuDNN forwards every call to a part that it loads by name at the first call, and ends the process where that fails: so all that a
    /// convolution and its gradients need is loaded here, where failing is an answer. The parts of cuDNN 8 do not look beside themselves for each other.
    /// </summary>
    public static LibraryParts Of(string file) => file switch
    {
        _ when file.StartsWith("cublas64_", StringComparison.Ordinal) =>
            new([file.Replace("cublas64_", "cublasLt64_", StringComparison.Ordinal)], [], []),
        _ when file.StartsWith("libcublas.", StringComparison.Ordinal) =>
            new([file.Replace("libcublas.", "libcublasLt.", StringComparison.Ordinal)], [], []),
        "cudnn64_8.dll" or "libcudnn.so.8" => new([], Cudnn(file, "ops_infer", "cnn_infer", "ops_train", "cnn_train"), []),
        "cudnn64_9.dll" or "libcudnn.so.9" => new(
            [], Cudnn(file, "graph", "ops", "cnn"),
            Cudnn(file, "ext", "engines_precompiled", "engines_runtime_compiled", "engines_tensor_ir", "heuristic")),
        _ => new([], [], []),
    };

    private static ImmutableArray<string> Cudnn(string file, params ReadOnlySpan<string> parts)
    {
        var files = ImmutableArray.CreateBuilder<string>(parts.Length);
        foreach (string part in parts)
        {
            files.Add(file.Replace("cudnn", "cudnn_" + part, StringComparison.Ordinal));
        }

        return files.MoveToImmutable();
    }
}
