using System.Collections.Immutable;
using Harness.Kernels.Native;

namespace Harness.Tests.Doctor;

/// <summary>Machines as the search for libraries may find them.</summary>
internal static class DoctorSetups
{
    public static NativeSetup Nothing { get; } = new(
        new CudaApi(
            new NativePart<ICudaDriver>(null, "NVIDIA driver was not found (libcuda.so.1); install the driver"),
            new NativePart<ICublas>(null, "cuBLAS was not found (libcublas.so.13, libcublas.so.12); install the toolkit"),
            new NativePart<ICudnn>(null, "cuDNN cannot be loaded from /opt/cudnn/libcudnn.so.9: file too short; repair it"),
            new NativePart<INvml>(null, "NVML was not found (libnvidia-ml.so.1); install the driver's libnvidia-ml")),
        [
            Missing("NVIDIA driver", "libcuda.so.1", "install the driver"),
            Missing("cuBLAS", "libcublas.so.13, libcublas.so.12", "install the toolkit"),
            new LibraryFinding(
                "cuDNN", [new LookedFor("--libraries", "/opt/cudnn", ["libcudnn.so.9"], "cuDNN cannot be loaded: file too short")], null, null,
                "cuDNN cannot be loaded from /opt/cudnn/libcudnn.so.9: file too short", "repair it", null),
            Missing("NVML", "libnvidia-ml.so.1", "install the driver's libnvidia-ml"),
        ]);

    /// <summary>A complete machine around a double of its software.</summary>
    public static NativeSetup Complete(CudaApi api) => new(
        api,
        [Found("NVIDIA driver", "CUDA 12.4"), Found("cuBLAS", "12.6.4"), Found("cuDNN", "9.6.0"), Found("NVML", null)]);

    public static LibraryFinding Missing(string name, string files, string toDo)
    {
        ImmutableArray<string> names = [.. files.Split(", ")];
        return new LibraryFinding(
            name,
            [
                new LookedFor("system's loader", null, names, "not there"), new LookedFor("usual folder", "/usual/one", names, "not there"),
                new LookedFor("usual folder", "/usual/two", names, "not there"),
            ],
            null, null, $"{name} was not found ({files})", toDo, null);
    }

    private static LibraryFinding Found(string name, string? version) => new(
        name, [new LookedFor("system's loader", null, [name], $"used: {name}")], $"/lib/{name}", version, null, null, null);
}
