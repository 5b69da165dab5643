using System.Collections.Immutable;
using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <param name="FreeBytes">by NVML, since the CUDA driver tells only with a context; null where NVML is missing or does not say</param>
public sealed record ListedGpu(GpuProperties Properties, long? FreeBytes);

/// <summary>What the driver tells before any GPU is opened.</summary>
public static class GpuList
{
    /// <summary>Starts the driver. Versions of libraries are not in the properties.</summary>
    /// <exception cref="MachineException">no driver, a driver that is too old or does not start, or no GPU: one line</exception>
    public static unsafe ImmutableArray<ListedGpu> Of(CudaApi api)
    {
        ICudaDriver driver = api.Driver.Required;
        var status = new CudaStatus(driver);
        var gpus = ImmutableArray.CreateBuilder<ListedGpu>();
        int count = 1; // of none, the first is not there, and that is said
        for (int index = 0; index < count; index++)
        {
            GpuProperties properties = CudaSelection.Find(driver, status, CudaOptions.Default with { Index = index }).Properties;
            gpus.Add(new ListedGpu(properties, NvmlFreeMemory.Bytes(api.Nvml.Value, properties.PciBusId)));
            status.ThrowIfFailed(driver.cuDeviceGetCount(&count));
        }

        return gpus.ToImmutable();
    }

    /// <summary>The driver's own version, such as 580.65.06; null where NVML is missing or does not say.</summary>
    public static unsafe string? DriverVersion(CudaApi api)
    {
        const int textBytes = 80; // NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE
        if (api.Nvml.Value is not { } nvml || nvml.nvmlInit() != nvmlReturn_t.NVML_SUCCESS)
        {
            return null;
        }

        byte* text = stackalloc byte[textBytes];
        nvmlReturn_t answer = nvml.nvmlSystemGetDriverVersion(text, textBytes);
        nvml.nvmlShutdown();
        return answer == nvmlReturn_t.NVML_SUCCESS ? NativeText.Of(text) : null;
    }
}
