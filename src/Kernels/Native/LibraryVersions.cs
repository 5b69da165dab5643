using System.Globalization;

namespace Harness.Kernels.Native;

/// <summary>Versions as the libraries report them without a device.</summary>
internal static unsafe class LibraryVersions
{
    /// <summary>
    /// CUDA 11.8, the oldest whose libraries this program is written for. The PTX of kernels/ asks for less: its version 6.4 came with CUDA
    /// 10.1 (PTX ISA, "Release Notes").
    /// </summary>
    public const int OldestDriver = 11080;

    /// <summary>The first driver of that CUDA version (CUDA release notes, "CUDA driver").</summary>
    public const int OldestDriverNumber = 520;

    /// <summary>The CUDA version that a driver supports, 1000 * major + 10 * minor; null where it does not tell.</summary>
    public static int? OfDriver(ISystemLoader loader, nint library)
    {
        var cuDriverGetVersion = (delegate* unmanaged<int*, int>)loader.Export(library, "cuDriverGetVersion");
        int version;
        return cuDriverGetVersion is not null && cuDriverGetVersion(&version) == 0 ? version : null;
    }

    public static Version? OfCublas(ISystemLoader loader, nint library)
    {
        const int majorVersion = 0, minorVersion = 1, patchLevel = 2; // libraryPropertyType
        var cublasGetProperty = (delegate* unmanaged<int, int*, int>)loader.Export(library, "cublasGetProperty");
        int major, minor, patch;
        return cublasGetProperty is not null && cublasGetProperty(majorVersion, &major) == 0
            && cublasGetProperty(minorVersion, &minor) == 0 && cublasGetProperty(patchLevel, &patch) == 0
                ? new Version(major, minor, patch)
                : null;
    }

    public static Version? OfCudnn(ISystemLoader loader, nint library)
    {
        var cudnnGetVersion = (delegate* unmanaged<nuint>)loader.Export(library, "cudnnGetVersion");
        return cudnnGetVersion is null ? null : CudnnVersion(checked((long)cudnnGetVersion()));
    }

    /// <summary>The CUDA version that cuDNN was built with; it needs libraries and a driver of that major version.</summary>
    public static int? CudaOfCudnn(ISystemLoader loader, nint library)
    {
        var cudnnGetCudartVersion = (delegate* unmanaged<nuint>)loader.Export(library, "cudnnGetCudartVersion");
        return cudnnGetCudartVersion is null ? null : checked((int)cudnnGetCudartVersion());
    }

    /// <summary>cuDNN 9 counts 10000 * major + 100 * minor + patch, cuDNN 8 1000 * major + 100 * minor + patch.</summary>
    public static Version CudnnVersion(long number)
    {
        long unit = number >= 90_000 ? 10_000 : 1_000;
        return new Version((int)(number / unit), (int)(number % unit / 100), (int)(number % 100));
    }

    /// <summary>"12.6" for 12060.</summary>
    public static string Cuda(int number) => string.Create(CultureInfo.InvariantCulture, $"{number / 1000}.{number % 1000 / 10}");
}
