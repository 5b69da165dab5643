namespace Harness.Kernels.Native;

/// <summary>
/// The functions of the NVIDIA Management Library that this program calls, under the names that nvml.h gives them and with its parameters.
/// </summary>
public unsafe interface INvml
{
    nvmlReturn_t nvmlInit();
    nvmlReturn_t nvmlShutdown();

    /// <summary>Null-terminated.</summary>
    byte* nvmlErrorString(nvmlReturn_t result);

    nvmlReturn_t nvmlSystemGetDriverVersion(byte* version, uint length);
    nvmlReturn_t nvmlDeviceGetHandleByPciBusId(byte* pciBusId, nvmlDevice_t* device);
    nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t* memory);

    /// <summary>MHz.</summary>
    nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, nvmlClockType_t type, uint* clock);

    /// <summary>MHz.</summary>
    nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, nvmlClockType_t type, uint* clock);

    /// <summary>Degrees Celsius.</summary>
    nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t sensor, uint* temperature);

    /// <summary>Milliwatts.</summary>
    nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, uint* power);

    /// <summary>Milliwatts.</summary>
    nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, uint* limit);

    /// <summary>Called nvmlDeviceGetCurrentClocksEventReasons since NVML 12.2, which still has this name.</summary>
    nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, NvmlClocksThrottleReasons* reasons);
}
