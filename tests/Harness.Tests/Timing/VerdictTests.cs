using Harness.Kernels.Native;
using Harness.Timing;
using Verdict = Harness.Timing.Verdict;

namespace Harness.Tests.Timing;

public sealed class VerdictTests
{
    private const double Resolution = 0.5e-6;

    private static readonly GpuLimits s_limits = new(2000, 7000, 115);

    private static Sample Of(double seconds, long? sm = 1500, long? memory = 7000, NvmlClocksThrottleReasons reasons = default) =>
        new(seconds, seconds, 0, new GpuConditions(sm, memory, 70, 90, reasons));

    private static Verdict Judge(IEnumerable<Sample> kept, int executions = 1, params Sample[] discarded) => Verdict.Of(
        new Measurement(null, new Series(CacheState.Warm, executions, [.. kept], [.. discarded], StopReason.Settled)), s_limits, Resolution);

    private static IEnumerable<Sample> Steady(int count = 12) => Enumerable.Repeat(Of(1e-3), count);

    private static void Is(Verdict verdict, bool valid, params string[] words)
    {
        Assert.Equal(valid, verdict.IsValid);
        Finding finding = Assert.Single(verdict.Findings);
        Assert.Equal(!valid, finding.Invalidates);
        Assert.All(words, word => Assert.Contains(word, finding.Words, StringComparison.Ordinal));
    }

    [Fact]
    public void A_quiet_run_is_valid_and_nothing_is_said()
    {
        Verdict verdict = Judge(Steady());
        Assert.True(verdict.IsValid);
        Assert.Empty(verdict.Findings);
    }

    [Fact]
    public void A_few_throttled_samples_are_noted_and_many_are_too_many()
    {
        Sample hot = Of(2e-3, reasons: NvmlClocksThrottleReasons.SwThermalSlowdown);
        Is(Judge(Steady(12), 1, hot, hot), true, "2 of 14", "software thermal slowdown in 2", "left out");
        Is(Judge(Steady(12), 1, hot, hot, hot, hot), true, "4 of 16"); // a quarter is allowed
        Is(Judge(Steady(12), 1, hot, hot, hot, hot, hot), false, "5 of 17");
        Is(Judge([], 1, hot, hot), false, "all 2 samples");
    }

    [Fact]
    public void The_power_cap_is_noted_because_a_laptop_sits_at_it() => Is(
        Judge(Steady(11).Append(Of(1e-3, reasons: NvmlClocksThrottleReasons.SwPowerCap))), true, "software power cap in 1");

    [Fact]
    public void Clocks_that_drift_are_told_from_clocks_that_jitter()
    {
        Is(Judge(Enumerable.Range(0, 12).Select(i => Of(1e-3, sm: i < 6 ? 1900 : 1700))), false, "drifted from 1900 to 1700 MHz");
        Assert.Empty(Judge(Enumerable.Range(0, 12).Select(i => Of(1e-3, sm: i % 2 == 0 ? 1900 : 1700))).Findings);
        Assert.Empty(Judge(Enumerable.Range(0, 12).Select(i => Of(1e-3, sm: i < 6 ? 1900 : 1810))).Findings); // 4.9 %
    }

    [Fact]
    public void Half_of_the_samples_must_lie_close_together()
    {
        Is(Judge(Enumerable.Range(0, 12).Select(i => Of(i % 2 == 0 ? 1e-3 : 1.3e-3))), false, "spread", "more than 10 %");
        Assert.Contains(Judge(Enumerable.Repeat(Of(0), 12)).Findings, finding => finding.Words.Contains("an unknown part", StringComparison.Ordinal));
    }

    [Fact]
    public void Samples_must_be_long_against_the_clock()
    {
        Is(Judge(Enumerable.Repeat(Of(9e-6), 12)), false, "9 us", "0.5 us");
        Assert.Empty(Judge(Enumerable.Repeat(Of(9e-6), 12), executions: 2).Findings);
    }

    [Fact]
    public void A_gpu_outside_its_performance_clocks_is_no_gpu()
    {
        Is(Judge(Enumerable.Repeat(Of(1e-3, memory: 810), 12)), false, "memory clock was 810 of 7000 MHz");
        Assert.Empty(Judge(Enumerable.Repeat(Of(1e-3, memory: 6801), 12)).Findings);
        Is(Judge(Enumerable.Repeat(Of(1e-3, sm: 900), 12)), false, "SM clock was 900 MHz", "2000");
    }

    [Fact]
    public void Unknown_conditions_are_no_findings()
    {
        Assert.Empty(Judge(Enumerable.Repeat(new Sample(1e-3, 1e-3, 0, null), 12)).Findings);
        Assert.Empty(Judge(Enumerable.Repeat(new Sample(1e-3, 1e-3, 0, default(GpuConditions)), 12)).Findings);
        var measurement = new Measurement(null, new Series(CacheState.Warm, 1, [.. Steady()], [], StopReason.Settled));
        Assert.Empty(Verdict.Of(measurement, limits: null, Resolution).Findings);
    }

    [Fact]
    public void Both_cache_states_are_judged()
    {
        Series Jumping(CacheState cache) => new(cache, 1, [.. Enumerable.Range(0, 12).Select(i => Of(i < 6 ? 1e-3 : 2e-3))], [], StopReason.TimeSpent);
        Verdict verdict = Verdict.Of(new Measurement(Jumping(CacheState.Cold), Jumping(CacheState.Warm)), null, Resolution);
        Assert.Equal(["cold", "warm"], verdict.Findings.Select(finding => finding.Words[..4]));
    }
}
