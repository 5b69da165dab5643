using Harness.Kernels.Native;
using Harness.Timing;

namespace Harness.Tests.Timing;

public sealed class ThrottleFilterTests
{
    [Theory]
    [InlineData(NvmlClocksThrottleReasons.None, false)]
    [InlineData(NvmlClocksThrottleReasons.GpuIdle, false)]
    [InlineData(NvmlClocksThrottleReasons.ApplicationsClocksSetting, false)]
    [InlineData(NvmlClocksThrottleReasons.SwPowerCap, false)]
    [InlineData(NvmlClocksThrottleReasons.SyncBoost, false)]
    [InlineData(NvmlClocksThrottleReasons.DisplayClockSetting, false)]
    [InlineData(NvmlClocksThrottleReasons.HwSlowdown, true)]
    [InlineData(NvmlClocksThrottleReasons.SwThermalSlowdown, true)]
    [InlineData(NvmlClocksThrottleReasons.HwThermalSlowdown, true)]
    [InlineData(NvmlClocksThrottleReasons.HwPowerBrakeSlowdown, true)]
    [InlineData(NvmlClocksThrottleReasons.SwPowerCap | NvmlClocksThrottleReasons.HwSlowdown, true)]
    public void Discards_what_is_not_the_state_in_which_the_gpu_works(NvmlClocksThrottleReasons reasons, bool discards) =>
        Assert.Equal(discards, ThrottleFilter.Discards(new GpuConditions(null, null, null, null, reasons)));

    [Fact]
    public void What_cannot_be_seen_cannot_be_discarded()
    {
        Assert.False(ThrottleFilter.Discards(null));
        Assert.False(ThrottleFilter.Discards(new GpuConditions(1, 1, 1, 1, null)));
    }

    [Fact]
    public void Reasons_in_words()
    {
        Assert.Empty(ThrottleFilter.Words(null));
        Assert.Empty(ThrottleFilter.Words(NvmlClocksThrottleReasons.GpuIdle));
        Assert.Equal(
            ["hardware slowdown", "software power cap"],
            ThrottleFilter.Words(NvmlClocksThrottleReasons.SwPowerCap | NvmlClocksThrottleReasons.HwSlowdown | NvmlClocksThrottleReasons.GpuIdle));
    }
}
