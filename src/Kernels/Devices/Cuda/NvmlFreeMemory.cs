using System.Text;
using Harness.Kernels.Native;

namespace Harness.Kernels.Devices;

/// <summary>A GPU's free memory without a context on it, which the CUDA driver cannot tell.</summary>
internal static unsafe class NvmlFreeMemory
{
    /// <summary>Null where NVML is missing or does not say.</summary>
    public static long? Bytes(INvml? nvml, string pciBusId)
    {
        if (nvml is null || nvml.nvmlInit() != nvmlReturn_t.NVML_SUCCESS)
        {
            return null;
        }

        try
        {
            nvmlDevice_t device;
            nvmlMemory_t memory;
            fixed (byte* id = Encoding.ASCII.GetBytes(pciBusId + '\0'))
            {
                return nvml.nvmlDeviceGetHandleByPciBusId(id, &device) == nvmlReturn_t.NVML_SUCCESS
                    && nvml.nvmlDeviceGetMemoryInfo(device, &memory) == nvmlReturn_t.NVML_SUCCESS
                    ? checked((long)memory.free)
                    : null;
            }
        }
        finally
        {
            nvml.nvmlShutdown();
        }
    }
}
