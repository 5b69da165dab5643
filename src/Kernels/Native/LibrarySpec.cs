using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Harness.Kernels.Native;

/// <summary>A library by the names it may have, newest first, and what this program needs of it.</summary>
/// <param name="Import">what this assembly's imports call it</param>
/// <param name="HomeVariables">environment variables that name the folder it was installed in</param>
/// <param name="Entries">the exported names that must be there</param>
internal sealed record LibrarySpec(
    string Import, string Name, ImmutableArray<string> WindowsFiles, ImmutableArray<string> LinuxFiles,
    ImmutableArray<string> HomeVariables, ImmutableArray<string> Entries)
{
    public static LibrarySpec Driver { get; } = new(
        NativeNames.Cuda, "NVIDIA driver", ["nvcuda.dll"], ["libcuda.so.1"], [], EntriesOf(typeof(CudaDriver.Entry)));

    public static LibrarySpec Cublas { get; } = new(
        NativeNames.Cublas, "cuBLAS", ["cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll"],
        ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"], ["CUDA_PATH", "CUDA_HOME"], EntriesOf(typeof(Native.Cublas.Entry)));

    public static LibrarySpec Cudnn { get; } = new(
        NativeNames.Cudnn, "cuDNN", ["cudnn64_9.dll", "cudnn64_8.dll"], ["libcudnn.so.9", "libcudnn.so.8"],
        ["CUDNN_PATH", "CUDA_PATH", "CUDA_HOME"], EntriesOf(typeof(Native.Cudnn.Entry)));

    public static LibrarySpec Nvml { get; } = new(
        NativeNames.Nvml, "NVML", ["nvml.dll"], ["libnvidia-ml.so.1"], [], EntriesOf(typeof(Native.Nvml.Entry)));

    public static ImmutableArray<LibrarySpec> All { get; } = [Driver, Cublas, Cudnn, Nvml];

    public ImmutableArray<string> Files(bool isWindows) => isWindows ? WindowsFiles : LinuxFiles;

    /// <summary>The exported names behind the imports of a class, so that the list cannot differ from what is called.</summary>
    private static ImmutableArray<string> EntriesOf(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.NonPublicMethods)] Type imports) =>
    [
        .. imports.GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Select(method => (Method: method, Import: method.GetCustomAttribute<LibraryImportAttribute>()))
            .Where(pair => pair.Import is not null)
            .Select(pair => pair.Import!.EntryPoint ?? pair.Method.Name),
    ];
}
