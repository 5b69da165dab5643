using Harness.Benchmarks;
using Harness.Kernels.Devices;
using Harness.Timing;

namespace Harness.Tests.Benchmarks;

/// <summary>The arithmetic of the columns on numbers worked out by hand.</summary>
public sealed class FiguresTests
{
    /// <summary>A laptop of round numbers: 200 GB/s, 10 TFLOP/s.</summary>
    private static readonly Peaks s_peaks = new(200e9, 10e12);

    [Fact]
    public void Little_work_on_many_bytes_is_bound_by_bandwidth()
    {
        // 1 GB in 8 ms is 125 GB/s; at 200 GB/s it takes 5 ms. 2 GFLOP take 0.2 ms.
        MeasuredResult result = Result(new StepCost(2_000_000_000, 600_000_000, 400_000_000), coldSeconds: 8e-3, warmSeconds: 6e-3);
        Assert.Equal(125e9, result.BytesPerSecond!.Value, 1);
        Assert.Equal(0.625, result.CopyFraction!.Value, 12);
        Assert.Equal(0.25e12, result.FlopsPerSecond!.Value, 1);
        Assert.Equal(0.025, result.GemmFraction!.Value, 12);
        Assert.Equal(RooflineBound.Bandwidth, result.Roofline!.Bound);
        Assert.Equal(5e-3, result.Roofline.BoundSeconds, 12);
        Assert.Equal(0.625, result.Roofline.Fraction, 12);
    }

    [Fact]
    public void Much_work_on_few_bytes_is_bound_by_operations()
    {
        // 40 GFLOP at 10 TFLOP/s take 4 ms; 0.1 GB take 0.5 ms.
        MeasuredResult result = Result(new StepCost(40_000_000_000, 60_000_000, 40_000_000), coldSeconds: 5e-3, warmSeconds: 5e-3);
        Assert.Equal((RooflineBound.Compute, 4e-3), (result.Roofline!.Bound, result.Roofline.BoundSeconds));
        Assert.Equal(0.8, result.Roofline.Fraction, 12);
        Assert.Equal(0.8, result.GemmFraction!.Value, 12);
    }

    [Fact]
    public void Without_a_cold_series_rates_are_warm_and_without_peaks_there_are_no_fractions()
    {
        MeasuredResult result = Result(new StepCost(4_000_000, 1_000_000, 1_000_000), coldSeconds: null, warmSeconds: 1e-3) with { Peaks = new Peaks(null, 10e12) };
        Assert.Equal(2e9, result.BytesPerSecond!.Value, 3);
        Assert.Null(result.CopyFraction);
        Assert.Equal(4e9 / 10e12, result.GemmFraction!.Value, 12);
        Assert.Null(result.Roofline);
    }

    [Fact]
    public void Traffic_is_counted_over_compulsory_bytes_and_lane_instructions_count_at_the_best_time()
    {
        MeasuredResult result = Result(new StepCost(0, 1000, 1000), coldSeconds: null, warmSeconds: 1e-3) with { Counted = new DeviceCounters(1, 5000, 2000, 1000) };
        Assert.Equal(1.5, result.TrafficRatio!.Value, 12);
        Assert.Equal(5e6, result.LaneInstructionsPerSecond!.Value, 3);
        Assert.Null((result with { Counted = null }).TrafficRatio);
        Assert.Null((result with { Counted = new DeviceCounters(1, 0, 1, 1) }).LaneInstructionsPerSecond);
    }

    [Fact]
    public void Throttled_throughout_there_are_no_figures_and_no_table_breaks()
    {
        MeasuredResult result = Result(new StepCost(1, 1, 1), null, 1) with
        {
            Measurement = new Measurement(null, new Series(CacheState.Warm, 1, [], [new Sample(1, 1, 0, null)], StopReason.SamplesSpent)),
        };
        Assert.Null(result.BytesPerSecond);
        Assert.Null(result.Roofline);
        foreach (MeasuredColumn column in MeasuredColumn.OfGpu.Concat(MeasuredColumn.OfHost))
        {
            Assert.NotEqual("", column.Text(result));
        }
    }

    [Theory]
    [InlineData(null, "-")]
    [InlineData(5e-9, "5.0 ns")]
    [InlineData(12.34e-6, "12.3 us")]
    [InlineData(12.34e-3, "12.3 ms")]
    [InlineData(1.5, "1,500.0 ms")]
    public void Times(double? seconds, string text) => Assert.Equal(text, MeasuredColumn.Time(seconds));

    [Theory]
    [InlineData(null, "-")]
    [InlineData(123.4e9, "123.4 GB/s")]
    [InlineData(3.352e12, "3.35 TB/s")]
    public void Rates(double? perSecond, string text) => Assert.Equal(text, MeasuredColumn.Rate(perSecond, "B/s"));

    [Fact]
    public void The_columns_of_a_gpu_in_their_words()
    {
        MeasuredResult result = Result(new StepCost(2_000_000_000, 600_000_000, 400_000_000), coldSeconds: 8e-3, warmSeconds: 6e-3);
        Dictionary<string, string> row = MeasuredColumn.OfGpu.ToDictionary(column => column.Name, column => column.Text(result));
        Assert.Equal(
            ("8,000.0 us", "6,000.0 us", "125.0 GB/s", "62.5 %", "250.0 GFLOP/s", "2.5 %", "bandwidth", "62.5 %", "1", "0.0 %", "yes"),
            (row["cold"], row["warm"], row["rate"], row["% of copy"], row["op rate"], row["% of GEMM"], row["bound"], row["% of bound"],
                row["launches"], row["spread"], row["valid"]));
        Assert.Equal("-", row["discarded"]);
        Assert.Equal("24", row["samples"]);
    }

    private static MeasuredResult Result(StepCost cost, double? coldSeconds, double warmSeconds)
    {
        var measurement = new Measurement(coldSeconds is { } cold ? Of(CacheState.Cold, cold) : null, Of(CacheState.Warm, warmSeconds));
        var measured = new MeasuredCase("case", "softmax_v2", "[1]", cost, 1, false, (_, _) => throw new InvalidOperationException());
        return new MeasuredResult(measured, measurement, new Verdict([]), s_peaks, null, 1);
    }

    private static Series Of(CacheState cache, double seconds) =>
        new(cache, 1, [.. Enumerable.Repeat(new Sample(seconds, seconds, 0, null), 12)], [], StopReason.Settled);
}
