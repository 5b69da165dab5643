using System.Text;
using Harness.Kernels.Native;

namespace Harness.Timing;

/// <summary>Conditions by NVML. What a GPU does not support (many laptops tell no power) is null, and asking goes on.</summary>
internal sealed unsafe class NvmlConditions : IGpuConditions, IDisposable
{
    private readonly INvml _nvml;
    private readonly nvmlDevice_t _device;

    private NvmlConditions(INvml nvml, nvmlDevice_t device)
    {
        _nvml = nvml;
        _device = device;
        Limits = new GpuLimits(
            MaximumClock(nvmlClockType_t.NVML_CLOCK_SM), MaximumClock(nvmlClockType_t.NVML_CLOCK_MEM), EnforcedPowerLimitWatts());
    }

    public GpuLimits Limits { get; }

    /// <param name="pciBusId">as the driver prints it</param>
    /// <param name="whyNot">one line where the result is null</param>
    public static NvmlConditions? Open(NativePart<INvml> part, string pciBusId, out string? whyNot)
    {
        whyNot = part.WhyNot;
        if (part.Value is not { } nvml)
        {
            return null;
        }

        nvmlReturn_t status = nvml.nvmlInit();
        if (status != nvmlReturn_t.NVML_SUCCESS)
        {
            whyNot = $"nvmlInit: {Text(nvml, status)}";
            return null;
        }

        nvmlDevice_t device;
        byte[] name = Encoding.ASCII.GetBytes(pciBusId + '\0');
        fixed (byte* address = name)
        {
            status = nvml.nvmlDeviceGetHandleByPciBusId(address, &device);
        }

        if (status == nvmlReturn_t.NVML_SUCCESS)
        {
            return new NvmlConditions(nvml, device);
        }

        whyNot = $"nvmlDeviceGetHandleByPciBusId({pciBusId}): {Text(nvml, status)}";
        nvml.nvmlShutdown();
        return null;
    }

    public GpuConditions Read()
    {
        uint temperature, power;
        NvmlClocksThrottleReasons reasons;
        return new GpuConditions(
            Clock(nvmlClockType_t.NVML_CLOCK_SM), Clock(nvmlClockType_t.NVML_CLOCK_MEM),
            Known(_nvml.nvmlDeviceGetTemperature(_device, nvmlTemperatureSensors_t.NVML_TEMPERATURE_GPU, &temperature)) ? temperature : null,
            Known(_nvml.nvmlDeviceGetPowerUsage(_device, &power)) ? power / 1e3 : null,
            Known(_nvml.nvmlDeviceGetCurrentClocksThrottleReasons(_device, &reasons)) ? reasons : null);
    }

    public void Dispose() => _nvml.nvmlShutdown();

    private long? Clock(nvmlClockType_t type)
    {
        uint clock;
        return Known(_nvml.nvmlDeviceGetClockInfo(_device, type, &clock)) ? clock : null;
    }

    private long? MaximumClock(nvmlClockType_t type)
    {
        uint clock;
        return Known(_nvml.nvmlDeviceGetMaxClockInfo(_device, type, &clock)) ? clock : null;
    }

    private double? EnforcedPowerLimitWatts()
    {
        uint milliwatts;
        return Known(_nvml.nvmlDeviceGetEnforcedPowerLimit(_device, &milliwatts)) ? milliwatts / 1e3 : null;
    }

    /// <summary>A question that NVML cannot answer makes one value unknown; it never ends a measurement.</summary>
    private static bool Known(nvmlReturn_t status) => status == nvmlReturn_t.NVML_SUCCESS;

    private static string Text(INvml nvml, nvmlReturn_t status) => new((sbyte*)nvml.nvmlErrorString(status));
}
