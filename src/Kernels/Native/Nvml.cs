using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Harness.Kernels.Native;

/// <summary>nvml.dll, libnvidia-ml.so.1: the NVIDIA Management Library, which comes with the driver.</summary>
/// <param name="hasEventReasons">the driver has the throttle reasons under their new name (NVML 12.2); the old one may go some day</param>
internal sealed unsafe partial class Nvml(bool hasEventReasons) : INvml
{
    /// <summary>The two names of one function, the new one first; a driver has at least one.</summary>
    public static ImmutableArray<string> ThrottleReasonNames { get; } =
        [nameof(Renamed.nvmlDeviceGetCurrentClocksEventReasons), nameof(Renamed.nvmlDeviceGetCurrentClocksThrottleReasons)];

    public nvmlReturn_t nvmlInit() => Entry.nvmlInit();

    public nvmlReturn_t nvmlShutdown() => Entry.nvmlShutdown();

    public byte* nvmlErrorString(nvmlReturn_t result) => Entry.nvmlErrorString(result);

    public nvmlReturn_t nvmlSystemGetDriverVersion(byte* version, uint length) => Entry.nvmlSystemGetDriverVersion(version, length);

    public nvmlReturn_t nvmlDeviceGetHandleByPciBusId(byte* pciBusId, nvmlDevice_t* device) =>
        Entry.nvmlDeviceGetHandleByPciBusId(pciBusId, device);

    public nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t* memory) => Entry.nvmlDeviceGetMemoryInfo(device, memory);

    public nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, nvmlClockType_t type, uint* clock) =>
        Entry.nvmlDeviceGetClockInfo(device, type, clock);

    public nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, nvmlClockType_t type, uint* clock) =>
        Entry.nvmlDeviceGetMaxClockInfo(device, type, clock);

    public nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t sensor, uint* temperature) =>
        Entry.nvmlDeviceGetTemperature(device, sensor, temperature);

    public nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, uint* power) => Entry.nvmlDeviceGetPowerUsage(device, power);

    public nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, uint* limit) =>
        Entry.nvmlDeviceGetEnforcedPowerLimit(device, limit);

    public nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, NvmlClocksThrottleReasons* reasons) =>
        hasEventReasons
            ? Renamed.nvmlDeviceGetCurrentClocksEventReasons(device, reasons)
            : Renamed.nvmlDeviceGetCurrentClocksThrottleReasons(device, reasons);

    internal static partial class Entry
    {
        [LibraryImport(NativeNames.Nvml, EntryPoint = "nvmlInit_v2")]
        internal static partial nvmlReturn_t nvmlInit();

        [LibraryImport(NativeNames.Nvml)]
        internal static partial nvmlReturn_t nvmlShutdown();

        [LibraryImport(NativeNames.Nvml)]
        internal static partial byte* nvmlErrorString(nvmlReturn_t result);

        [LibraryImport(NativeNames.Nvml)]
        internal static partial nvmlReturn_t nvmlSystemGetDriverVersion(byte* version, uint length);

        [LibraryImport(NativeNames.Nvml, EntryPoint = "nvmlDeviceGetHandleByPciBusId_v2")]
        internal static partial nvmlReturn_t nvmlDeviceGetHandleByPciBusId(byte* pciBusId, nvmlDevice_t* device);

        [LibraryImport(NativeNames.Nvml)]
        internal static partial nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t* memory);

        [LibraryImport(NativeNames.Nvml)]
        internal static partial nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, nvmlClockType_t type, uint* clock);

        [LibraryImport(NativeNames.Nvml)]
        internal static partial nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, nvmlClockType_t type, uint* clock);

        [LibraryImport(NativeNames.Nvml)]
        internal static partial nvmlReturn_t nvmlDeviceGetTemperature(
            nvmlDevice_t device, nvmlTemperatureSensors_t sensor, uint* temperature);

        [LibraryImport(NativeNames.Nvml)]
        internal static partial nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, uint* power);

        [LibraryImport(NativeNames.Nvml)]
        internal static partial nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, uint* limit);
    }

    internal static partial class Renamed
    {
        [LibraryImport(NativeNames.Nvml)]
        internal static partial nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(
            nvmlDevice_t device, NvmlClocksThrottleReasons* reasons);

        [LibraryImport(NativeNames.Nvml)]
        internal static partial nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(
            nvmlDevice_t device, NvmlClocksThrottleReasons* reasons);
    }
}
