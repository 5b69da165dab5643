using System.Collections.Immutable;
using Harness.Kernels.Native;

namespace Harness.Timing;

/// <summary>
/// Which reasons for lowered clocks spoil a sample. Discarded is what comes and goes and is not the state in which the GPU works: a clock halved
/// by its hardware (<c>HwSlowdown</c>, for heat, a brake signal of the power supply, or too much current) and the driver's own retreat
/// from heat (<c>SwThermalSlowdown</c>). The software power cap is only noted: a laptop sits at it all day, and so does every large card in
/// a large product, so it is the speed that the owner has. Clocks that somebody set, a display's or another GPU's, are noted too.
/// Idleness is neither: it says that the sample was over when the question came.
/// </summary>
internal static class ThrottleFilter
{
    public const NvmlClocksThrottleReasons Spoiling =
        NvmlClocksThrottleReasons.HwSlowdown | NvmlClocksThrottleReasons.HwThermalSlowdown
        | NvmlClocksThrottleReasons.HwPowerBrakeSlowdown | NvmlClocksThrottleReasons.SwThermalSlowdown;

    public const NvmlClocksThrottleReasons Notable =
        NvmlClocksThrottleReasons.SwPowerCap | NvmlClocksThrottleReasons.ApplicationsClocksSetting
        | NvmlClocksThrottleReasons.SyncBoost | NvmlClocksThrottleReasons.DisplayClockSetting;

    private static readonly ImmutableArray<(NvmlClocksThrottleReasons Reason, string Words)> s_words =
    [
        (NvmlClocksThrottleReasons.HwSlowdown, "hardware slowdown"),
        (NvmlClocksThrottleReasons.HwThermalSlowdown, "hardware thermal slowdown"),
        (NvmlClocksThrottleReasons.HwPowerBrakeSlowdown, "hardware power brake"),
        (NvmlClocksThrottleReasons.SwThermalSlowdown, "software thermal slowdown"),
        (NvmlClocksThrottleReasons.SwPowerCap, "software power cap"),
        (NvmlClocksThrottleReasons.ApplicationsClocksSetting, "application clocks"),
        (NvmlClocksThrottleReasons.SyncBoost, "sync boost"),
        (NvmlClocksThrottleReasons.DisplayClockSetting, "display clock"),
    ];

    /// <summary>False where nothing is known: what cannot be seen cannot be discarded.</summary>
    public static bool Discards(GpuConditions? conditions) => (conditions?.Throttle & Spoiling) is not (null or NvmlClocksThrottleReasons.None);

    /// <summary>The reasons among them that this program names, in words.</summary>
    public static ImmutableArray<string> Words(NvmlClocksThrottleReasons? reasons) =>
        [.. s_words.Where(pair => (reasons & pair.Reason) == pair.Reason).Select(pair => pair.Words)];
}
