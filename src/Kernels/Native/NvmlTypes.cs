namespace Harness.Kernels.Native;

public readonly record struct nvmlDevice_t(nint Handle);

public enum nvmlReturn_t
{
    NVML_SUCCESS = 0,
    NVML_ERROR_NOT_SUPPORTED = 3,
    NVML_ERROR_NO_PERMISSION = 4,
}

public enum nvmlClockType_t
{
    NVML_CLOCK_GRAPHICS = 0,
    NVML_CLOCK_SM = 1,
    NVML_CLOCK_MEM = 2,
}

public enum nvmlTemperatureSensors_t
{
    NVML_TEMPERATURE_GPU = 0,
}

/// <summary>Why clocks are below what was asked: nvml.h's nvmlClocksThrottleReason* (nvmlClocksEventReason* since NVML 12.2).</summary>
[Flags]
public enum NvmlClocksThrottleReasons : ulong
{
    None = 0,
    GpuIdle = 0x1,
    ApplicationsClocksSetting = 0x2,
    SwPowerCap = 0x4,
    HwSlowdown = 0x8,
    SyncBoost = 0x10,
    SwThermalSlowdown = 0x20,
    HwThermalSlowdown = 0x40,
    HwPowerBrakeSlowdown = 0x80,
    DisplayClockSetting = 0x100,
}

public struct nvmlMemory_t
{
    public ulong total;
    public ulong free;
    public ulong used;
}
