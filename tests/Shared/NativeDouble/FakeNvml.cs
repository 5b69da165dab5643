using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

internal sealed record NvmlDevice;

/// <summary>The management library: what it answers is scripted; null is NVML_ERROR_NOT_SUPPORTED, as many laptops answer.</summary>
internal sealed unsafe class FakeNvml(FakeGpu gpu) : INvml
{
    private const nvmlReturn_t Success = nvmlReturn_t.NVML_SUCCESS;
    private const nvmlReturn_t Uninitialized = (nvmlReturn_t)1;
    private const nvmlReturn_t InvalidArgument = (nvmlReturn_t)2;
    private const nvmlReturn_t NotSupported = (nvmlReturn_t)3;
    private const nvmlReturn_t NotFound = (nvmlReturn_t)6;

    private nint _device;

    /// <summary>nvmlInit less nvmlShutdown.</summary>
    public int References { get; private set; }

    public string DriverVersion { get; set; } = "550.54.14";

    /// <summary>MHz.</summary>
    public uint? SmClock { get; set; } = 1500;

    /// <summary>MHz.</summary>
    public uint? MemoryClock { get; set; } = 7001;

    /// <summary>MHz.</summary>
    public uint? MaxSmClock { get; set; } = 2100;

    /// <summary>MHz.</summary>
    public uint? MaxMemoryClock { get; set; } = 7001;

    /// <summary>Degrees Celsius.</summary>
    public uint? Temperature { get; set; } = 55;

    public uint? PowerMilliwatts { get; set; } = 80_000;

    public uint? PowerLimitMilliwatts { get; set; } = 115_000;

    /// <summary>Asked for at each call: a test may change its mind from sample to sample.</summary>
    public Func<NvmlClocksThrottleReasons?> ThrottleReasons { get; set; } = () => NvmlClocksThrottleReasons.None;

    public nvmlReturn_t nvmlInit()
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlInit()");
        References += entry.Scripted == 0 ? 1 : 0;
        return (nvmlReturn_t)entry.Scripted;
    }

    public nvmlReturn_t nvmlShutdown()
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlShutdown()");
        if (References == 0)
        {
            return Uninitialized;
        }

        References--;
        return (nvmlReturn_t)entry.Scripted;
    }

    public byte* nvmlErrorString(nvmlReturn_t result)
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlErrorString({(int)result})");
        return gpu.Text((int)result switch
        {
            0 => "Success",
            1 => "Uninitialized",
            2 => "Invalid Argument",
            3 => "Not Supported",
            4 => "Insufficient Permissions",
            6 => "Not Found",
            15 => "GPU is lost",
            _ => "Unknown Error",
        });
    }

    public nvmlReturn_t nvmlSystemGetDriverVersion(byte* version, uint length)
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlSystemGetDriverVersion()");
        NativeText.Write(DriverVersion, version, (int)length);
        return References == 0 ? Uninitialized : (nvmlReturn_t)entry.Scripted;
    }

    public nvmlReturn_t nvmlDeviceGetHandleByPciBusId(byte* pciBusId, nvmlDevice_t* device)
    {
        string id = NativeText.Read(pciBusId);
        using CallLog.Entry entry = gpu.Enter($"nvmlDeviceGetHandleByPciBusId({id})");
        *device = default;
        if (References == 0 || entry.Scripted != 0)
        {
            return References == 0 ? Uninitialized : (nvmlReturn_t)entry.Scripted;
        }

        if (id != gpu.Script.PciBusId)
        {
            return NotFound;
        }

        _device = _device == 0 ? gpu.Handles.Add("nvml", new NvmlDevice()) : _device;
        *device = new nvmlDevice_t(_device);
        return Success;
    }

    public nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t* memory)
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlDeviceGetMemoryInfo({device})");
        ulong total = (ulong)gpu.Script.MemoryBytes, free = (ulong)gpu.FreeBytes();
        *memory = new nvmlMemory_t { total = total, free = free, used = total - free };
        return Known(entry, device);
    }

    public nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, nvmlClockType_t type, uint* clock)
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlDeviceGetClockInfo({device}, {(int)type})");
        return Answer(entry, device, (int)type == 2 ? MemoryClock : SmClock, clock);
    }

    public nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, nvmlClockType_t type, uint* clock)
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlDeviceGetMaxClockInfo({device}, {(int)type})");
        return Answer(entry, device, (int)type == 2 ? MaxMemoryClock : MaxSmClock, clock);
    }

    public nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t sensor, uint* temperature)
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlDeviceGetTemperature({device}, {(int)sensor})");
        return sensor == 0 ? Answer(entry, device, Temperature, temperature) : InvalidArgument;
    }

    public nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, uint* power)
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlDeviceGetPowerUsage({device})");
        return Answer(entry, device, PowerMilliwatts, power);
    }

    public nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, uint* limit)
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlDeviceGetEnforcedPowerLimit({device})");
        return Answer(entry, device, PowerLimitMilliwatts, limit);
    }

    public nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, NvmlClocksThrottleReasons* reasons)
    {
        using CallLog.Entry entry = gpu.Enter($"nvmlDeviceGetCurrentClocksThrottleReasons({device})");
        NvmlClocksThrottleReasons? answer = ThrottleReasons();
        *reasons = answer ?? default;
        return Known(entry, device) is not Success and var status ? status : answer is null ? NotSupported : Success;
    }

    private nvmlReturn_t Answer(in CallLog.Entry entry, nvmlDevice_t device, uint? value, uint* destination)
    {
        *destination = value ?? 0;
        return Known(entry, device) is not Success and var status ? status : value is null ? NotSupported : Success;
    }

    private nvmlReturn_t Known(in CallLog.Entry entry, nvmlDevice_t device) =>
        entry.Scripted != 0 ? (nvmlReturn_t)entry.Scripted
        : References == 0 ? Uninitialized
        : gpu.Handles.Find<NvmlDevice>(device.Handle) is null ? InvalidArgument
        : Success;
}
