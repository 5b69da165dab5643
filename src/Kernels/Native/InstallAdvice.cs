namespace Harness.Kernels.Native;

/// <summary>What to install where a library is missing or does not fit, one line each.</summary>
/// <param name="IsWsl">Linux under Windows, which uses the Windows driver</param>
/// <param name="CudaMajor">of what to install: the newest that the driver supports</param>
internal sealed record InstallAdvice(bool IsWindows, bool IsWsl, int CudaMajor)
{
    private const int OldestCudaMajor = 11;
    private const int NewestCudaMajor = 13;

    /// <summary>What suits most drivers, where the driver is unknown.</summary>
    private const int UsualCudaMajor = 12;

    public static InstallAdvice For(SearchSite site, int? driverCuda) => new(
        site.IsWindows, !site.IsWindows && site.Variable("WSL_DISTRO_NAME") is not null,
        Math.Clamp(driverCuda / 1000 ?? UsualCudaMajor, OldestCudaMajor, NewestCudaMajor));

    public string Driver => IsWindows
        ? "install the NVIDIA driver from nvidia.com/drivers"
        : IsWsl
            ? "install the NVIDIA driver on Windows (not inside WSL), then run: wsl --shutdown"
            : "install the NVIDIA driver (Ubuntu: sudo ubuntu-drivers install; Debian: sudo apt install nvidia-driver), "
                + "or start the container with --gpus all";

    /// <param name="number">the oldest that will do</param>
    public string NewerDriver(int number) => $"install driver {number} or later{(IsWsl ? " on Windows" : "")}";

    /// <summary>The oldest that serves every library of a CUDA major version (CUDA release notes, "minor version compatibility").</summary>
    public string DriverForCuda(int major) => NewerDriver(major <= 12 ? 525 : 580);

    public string Cublas =>
        $"install the CUDA toolkit {CudaMajor} (developer.nvidia.com/cuda-downloads), or: pip install {Wheel("cublas")} {AndName}";

    public string Cudnn =>
        $"install cuDNN 9 for CUDA {CudaMajor} (developer.nvidia.com/cudnn-downloads), or: pip install {Wheel("cudnn")} {AndName}";

    public string Nvml => IsWindows
        ? "install the NVIDIA driver again, which brings nvml.dll"
        : "install the driver's libnvidia-ml (Debian: sudo apt install libnvidia-ml1; Ubuntu: libnvidia-compute of the driver's version)";

    public string Of(LibrarySpec library) => library.Import switch
    {
        NativeNames.Cuda => Driver,
        NativeNames.Cublas => Cublas,
        NativeNames.Cudnn => Cudnn,
        _ => Nvml,
    };

    private static string AndName => $"and name its site-packages folder with {NamedFolders.Option}";

    /// <summary>cuBLAS lost the suffix with CUDA 13.</summary>
    private string Wheel(string library) => CudaMajor == 13 && library == "cublas" ? "nvidia-cublas" : $"nvidia-{library}-cu{CudaMajor}";
}
