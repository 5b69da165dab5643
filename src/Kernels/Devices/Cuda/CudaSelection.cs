using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>One GPU of the machine, before anything is made on it.</summary>
/// <param name="Properties">without the libraries' versions</param>
internal sealed record CudaSelection(CUdevice Device, GpuProperties Properties)
{
    private const int FirstMajorWithTf32 = 8;

    /// <exception cref="MachineException">no GPU, no GPU of that index, a driver that is too old, or TF32 asked of a GPU without it</exception>
    public static unsafe CudaSelection Find(ICudaDriver driver, CudaStatus status, CudaOptions options)
    {
        int index = options.Index;
        status.ThrowIfFailed(driver.cuInit(0));
        int version, count;
        status.ThrowIfFailed(driver.cuDriverGetVersion(&version));
        if (version < LibraryVersions.OldestDriver)
        {
            throw new MachineException(
                $"the NVIDIA driver supports CUDA {LibraryVersions.Cuda(version)}, this program needs {LibraryVersions.Cuda(LibraryVersions.OldestDriver)} "
                + $"or later: install driver {LibraryVersions.OldestDriverNumber} or later");
        }

        status.ThrowIfFailed(driver.cuDeviceGetCount(&count));
        if (index < 0 || index >= count)
        {
            throw new MachineException($"there is no GPU {index}: this machine has {Available(count)}");
        }

        CUdevice device;
        status.ThrowIfFailed(driver.cuDeviceGet(&device, index));
        GpuProperties properties = Describe(driver, status, device, index, version);
        RequireMath(properties, options.Math);
        return new CudaSelection(device, properties);
    }

    /// <summary>cuBLAS and cuDNN would compute in fp32 without a word, and a report would say TF32.</summary>
    private static void RequireMath(GpuProperties gpu, MathMode math)
    {
        if (math == MathMode.Tf32 && gpu.ComputeMajor < FirstMajorWithTf32)
        {
            throw new MachineException(
                $"--math tf32 needs compute capability {FirstMajorWithTf32}.0 or later, {gpu.Name} has "
                + $"{gpu.ComputeMajor}.{gpu.ComputeMinor}: leave it out");
        }

        if (math == MathMode.Tf32 && Environment.GetEnvironmentVariable("NVIDIA_TF32_OVERRIDE") == "0")
        {
            throw new MachineException(
                "--math tf32: the environment has NVIDIA_TF32_OVERRIDE=0, which makes NVIDIA's libraries compute in fp32: unset it");
        }
    }

    private static unsafe GpuProperties Describe(ICudaDriver driver, CudaStatus status, CUdevice device, int index, int driverVersion)
    {
        const int textBytes = 256;
        byte* name = stackalloc byte[textBytes];
        byte* pciBusId = stackalloc byte[textBytes];
        nuint memoryBytes;
        status.ThrowIfFailed(driver.cuDeviceGetName(name, textBytes, device));
        status.ThrowIfFailed(driver.cuDeviceGetPCIBusId(pciBusId, textBytes, device));
        status.ThrowIfFailed(driver.cuDeviceTotalMem(&memoryBytes, device));
        return new GpuProperties(
            NativeText.Of(name), index, NativeText.Of(pciBusId),
            Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
            Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
            (long)memoryBytes, Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE),
            Attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_KERNEL_EXEC_TIMEOUT) != 0, driverVersion, CublasVersion: null, CudnnVersion: null);

        int Attribute(CUdevice_attribute attribute)
        {
            int value;
            status.ThrowIfFailed(driver.cuDeviceGetAttribute(&value, attribute, device));
            return value;
        }
    }

    private static string Available(int count) => count switch
    {
        0 => "none that CUDA can use",
        1 => "one, GPU 0",
        _ => $"{count}, GPU 0 to {count - 1}",
    };
}
