using Harness.Kernels.Native;
using Harness.Timing;

namespace Harness.Tests.Timing;

public sealed class TimingProtocolTests
{
    private static readonly StoppingRule s_three = new(MinimumSamples: 3, MaximumSamples: 10, SpreadBound: 0.01, BudgetSeconds: 1000);

    private static readonly string[] s_warmSample = ["enqueue", "stop", "wait", "read", "seconds", "finish"];

    private static Measurement Measure(ScriptedGpu gpu, StoppingRule? rule = null) =>
        new TimingProtocol(gpu, gpu.FlushL2, gpu, WarmUp.Gpu, rule ?? s_three, gpu).Measure(gpu);

    [Fact]
    public void A_cold_sample_is_prepared_flushed_and_timed_and_the_conditions_are_read_while_the_device_works()
    {
        var gpu = new ScriptedGpu { Most = 1 };
        Measure(gpu);
        int flush = gpu.Calls.IndexOf("flush");
        Assert.Equal(["prepare Cold 1", "flush", "start", .. s_warmSample], gpu.Calls[(flush - 1)..(flush + 8)]);
        int last = gpu.Calls.LastIndexOf("start");
        Assert.Equal(["prepare Warm 1", "start", .. s_warmSample], gpu.Calls[(last - 1)..]);
    }

    [Fact]
    public void Warm_up_comes_first_then_cold_then_warm_and_only_cold_samples_are_flushed()
    {
        var gpu = new ScriptedGpu { Most = 1 };
        Measure(gpu);
        string[] prepared = [.. gpu.Calls.Where(call => call.StartsWith("prepare", StringComparison.Ordinal))];

        // 100 ms of warm-up at 1 ms each; then one sample finds the number of executions and three are kept, for each cache state.
        Assert.Equal(
            [.. Enumerable.Repeat("prepare Warm 1", 100), .. Enumerable.Repeat("prepare Cold 1", 4), .. Enumerable.Repeat("prepare Warm 1", 4)],
            prepared);
        Assert.Equal(4, gpu.Calls.Count(call => call == "flush"));
    }

    [Fact]
    public void Without_a_cache_to_flush_there_is_no_cold_series_and_without_nvml_no_conditions()
    {
        var script = new ScriptedGpu { Most = 1 };
        Measurement measurement = new TimingProtocol(script, flushL2: null, conditions: null, WarmUp.Host, s_three, script).Measure(script);
        Assert.Null(measurement.Cold);
        Assert.DoesNotContain("flush", script.Calls);
        Assert.DoesNotContain("read", script.Calls);
        Assert.All(measurement.Warm.Kept, sample => Assert.Null(sample.Conditions));

        // A second of warm-up at 1 ms each, so that host code is compiled for good; one sample finds the number of executions, three are kept.
        Assert.Equal(1000 + 1 + 3, script.Calls.Count(call => call == "prepare Warm 1"));
    }

    [Fact]
    public void Short_work_is_executed_often_enough_in_one_sample_and_its_times_are_those_of_one_execution()
    {
        // 3 us want 334 executions for 1 ms; the number grows at most tenfold at a time.
        var gpu = new ScriptedGpu { Seconds = _ => 3e-6 };
        Measurement measurement = Measure(gpu);
        Assert.Equal(334, measurement.Warm.Executions);
        Assert.Equal(334, measurement.Cold!.Executions);
        Assert.All(measurement.Warm.Kept, sample => Assert.Equal(3e-6, sample.Seconds, 1e-12));
        Assert.Contains("prepare Cold 10", gpu.Calls);
        Assert.Contains("prepare Cold 100", gpu.Calls);
    }

    [Fact]
    public void A_sample_holds_no_more_executions_than_the_work_allows()
    {
        var gpu = new ScriptedGpu { Seconds = _ => 2e-6, Most = 64 };
        Assert.Equal(64, Measure(gpu).Warm.Executions);
    }

    [Fact]
    public void Samples_under_throttling_are_discarded_and_counted_with_their_conditions()
    {
        NvmlClocksThrottleReasons[] script =
        [
            NvmlClocksThrottleReasons.None, NvmlClocksThrottleReasons.HwThermalSlowdown, NvmlClocksThrottleReasons.SwPowerCap,
            NvmlClocksThrottleReasons.SwThermalSlowdown | NvmlClocksThrottleReasons.SwPowerCap, NvmlClocksThrottleReasons.GpuIdle,
        ];
        const int before = 100 + 1; // warm-up, and the sample that finds the number of executions
        var gpu = new ScriptedGpu
        {
            Most = 1, Conditions = read => new GpuConditions(1500, 7000, 60, 80, read < before ? default : script[(read - before) % script.Length]),
        };
        Series cold = Measure(gpu).Cold!;
        Assert.Equal([script[0], script[2], script[4]], cold.Kept.Select(sample => sample.Conditions!.Value.Throttle!.Value));
        Assert.Equal([script[1], script[3]], cold.Discarded.Select(sample => sample.Conditions!.Value.Throttle!.Value));
        Assert.Equal(StopReason.Settled, cold.Stop);
    }

    [Fact]
    public void A_device_that_throttles_for_ever_is_left_alone_in_the_end()
    {
        var gpu = new ScriptedGpu { Most = 1, Conditions = _ => new GpuConditions(300, 7000, 95, 80, NvmlClocksThrottleReasons.HwSlowdown) };
        Measurement measurement = Measure(gpu);
        Assert.Empty(measurement.Warm.Kept);
        Assert.Equal(10, measurement.Warm.Discarded.Length);
        Assert.Equal(StopReason.SamplesSpent, measurement.Warm.Stop);
        Assert.Null(measurement.Warm.Seconds);
        Assert.Null(measurement.Warm.ManagedBytes);
    }

    [Fact]
    public void Samples_that_do_not_agree_are_taken_until_the_time_is_spent()
    {
        // 10 ms and 30 ms by turns: three samples take at least 50 ms, the budget is 95 ms.
        var gpu = new ScriptedGpu { Most = 1, Seconds = sample => sample % 2 == 0 ? 10e-3 : 30e-3 };
        Measurement measurement = Measure(gpu, s_three with { BudgetSeconds = 0.095 });
        Assert.Equal(StopReason.TimeSpent, measurement.Cold!.Stop);
        Assert.Equal(5, measurement.Cold.Kept.Length);
    }

    [Theory]
    [InlineData(1e-3, 1, 1000, 1)]
    [InlineData(0.4e-3, 1, 1000, 3)]
    [InlineData(1e-6, 1, 1000, 10)]
    [InlineData(1e-6, 500, 1000, 1000)]
    [InlineData(1e-6, 500, 64, 64)]
    [InlineData(0, 7, 1000, 70)]
    public void Executions_of_a_sample(double secondsEach, int now, int most, int enough) =>
        Assert.Equal(enough, TimingProtocol.Enough(secondsEach, now, most));
}
