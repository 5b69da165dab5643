using System.Runtime.InteropServices;
using System.Text;
using Harness.Kernels.Native;
using Harness.Timing;

namespace Harness.Tests.Timing;

public sealed class NvmlConditionsTests
{
    [Fact]
    public void Values_in_their_units()
    {
        var nvml = new ScriptedNvml();
        using (NvmlConditions conditions = NvmlConditions.Open(new NativePart<INvml>(nvml, null), "00000000:01:00.0", out string? whyNot)!)
        {
            Assert.Null(whyNot);
            Assert.Equal("00000000:01:00.0", nvml.AskedFor);
            Assert.Equal(new GpuLimits(2100, 7001, 115), conditions.Limits);
            Assert.Equal(new GpuConditions(1455, 6801, 71, 79.123, NvmlClocksThrottleReasons.SwPowerCap), conditions.Read());
        }

        Assert.Equal((1, 1), (nvml.Inits, nvml.Shutdowns));
    }

    [Fact]
    public void What_a_laptop_does_not_tell_is_null()
    {
        var nvml = new ScriptedNvml { Query = nvmlReturn_t.NVML_ERROR_NOT_SUPPORTED };
        using NvmlConditions conditions = NvmlConditions.Open(new NativePart<INvml>(nvml, null), "1", out _)!;
        Assert.Equal(new GpuLimits(null, null, null), conditions.Limits);
        Assert.Equal(default, conditions.Read());
    }

    [Fact]
    public void Why_there_is_nothing_is_one_line_and_nothing_stays_open()
    {
        Assert.Null(NvmlConditions.Open(new NativePart<INvml>(null, "no nvml"), "1", out string? whyNot));
        Assert.Equal("no nvml", whyNot);

        var noInit = new ScriptedNvml { Init = nvmlReturn_t.NVML_ERROR_NO_PERMISSION };
        Assert.Null(NvmlConditions.Open(new NativePart<INvml>(noInit, null), "1", out whyNot));
        Assert.Equal("nvmlInit: error 4", whyNot);
        Assert.Equal(0, noInit.Shutdowns);

        var noDevice = new ScriptedNvml { Handle = nvmlReturn_t.NVML_ERROR_NOT_SUPPORTED };
        Assert.Null(NvmlConditions.Open(new NativePart<INvml>(noDevice, null), "1", out whyNot));
        Assert.Equal("nvmlDeviceGetHandleByPciBusId(1): error 3", whyNot);
        Assert.Equal(1, noDevice.Shutdowns);
    }

    /// <summary>One GPU with fixed answers, or with the status that a test sets.</summary>
    private sealed unsafe class ScriptedNvml : INvml
    {
        private byte[]? _text;

        public nvmlReturn_t Init { get; init; }

        public nvmlReturn_t Handle { get; init; }

        public nvmlReturn_t Query { get; init; }

        public int Inits { get; private set; }

        public int Shutdowns { get; private set; }

        public string? AskedFor { get; private set; }

        public nvmlReturn_t nvmlInit()
        {
            Inits++;
            return Init;
        }

        public nvmlReturn_t nvmlShutdown()
        {
            Shutdowns++;
            return default;
        }

        public byte* nvmlErrorString(nvmlReturn_t result)
        {
            _text = GC.AllocateArray<byte>(16, pinned: true);
            Encoding.ASCII.GetBytes($"error {(int)result}", _text);
            return (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_text, 0);
        }

        public nvmlReturn_t nvmlSystemGetDriverVersion(byte* version, uint length) => throw new NotSupportedException();

        public nvmlReturn_t nvmlDeviceGetHandleByPciBusId(byte* pciBusId, nvmlDevice_t* device)
        {
            AskedFor = new string((sbyte*)pciBusId);
            *device = new nvmlDevice_t(77);
            return Handle;
        }

        public nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t* memory) => throw new NotSupportedException();

        public nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, nvmlClockType_t type, uint* clock) =>
            Answer(device, clock, type == nvmlClockType_t.NVML_CLOCK_SM ? 1455u : 6801u);

        public nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, nvmlClockType_t type, uint* clock) =>
            Answer(device, clock, type == nvmlClockType_t.NVML_CLOCK_SM ? 2100u : 7001u);

        public nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t sensor, uint* temperature) => Answer(device, temperature, 71);

        public nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, uint* power) => Answer(device, power, 79_123);

        public nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, uint* limit) => Answer(device, limit, 115_000);

        public nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, NvmlClocksThrottleReasons* reasons)
        {
            *reasons = NvmlClocksThrottleReasons.SwPowerCap;
            return Query;
        }

        private nvmlReturn_t Answer(nvmlDevice_t device, uint* target, uint value)
        {
            Assert.Equal(77, device.Handle);
            *target = value;
            return Query;
        }
    }
}
