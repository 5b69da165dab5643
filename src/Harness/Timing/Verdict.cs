using System.Collections.Immutable;
using Harness.Kernels.Native;

namespace Harness.Timing;

/// <summary>Something that a reader of a figure must know.</summary>
/// <param name="Invalidates">the figure is not this device's; otherwise only worth knowing</param>
internal sealed record Finding(bool Invalidates, string Words);

/// <summary>Whether a measurement may be quoted, and what is to be said beside it.</summary>
internal sealed record Verdict(ImmutableArray<Finding> Findings)
{
    /// <summary>More of the samples than this lost to throttling: what is left is a chosen few.</summary>
    private const double MostDiscarded = 0.25;

    /// <summary>Between the quartiles, in units of the median.</summary>
    internal const double MostSpread = 0.10;

    /// <summary>Between the medians of the first and the second half of the samples.</summary>
    private const double MostClockDrift = 0.05;

    /// <summary>Compute runs one step below the highest memory clock on many GeForce cards (some 97 %); idle states are far below.</summary>
    private const double LeastMemoryClock = 0.90;

    /// <summary>Boost depends on heat and power; below half of the highest clock a GPU is not in its performance state.</summary>
    private const double LeastSmClock = 0.50;

    /// <summary>A sample this much longer than the clock's resolution is off by a twentieth at most.</summary>
    private const double LeastResolutions = 20;

    public bool IsValid => Findings.All(finding => !finding.Invalidates);

    /// <param name="limits">null where nothing is known of the GPU's conditions</param>
    /// <param name="resolutionSeconds">of the clock that timed it</param>
    public static Verdict Of(Measurement measurement, GpuLimits? limits, double resolutionSeconds) =>
        new([.. measurement.All.SelectMany(series => Look(series, limits, resolutionSeconds)).Distinct()]);

    /// <summary>Of a whole run: what no single figure shows.</summary>
    /// <param name="onBattery">null where the system does not tell</param>
    /// <param name="whyNoConditions">of a GPU whose conditions are unknown, else null</param>
    public static Verdict OfRun(bool? onBattery, string? whyNoConditions)
    {
        var findings = ImmutableArray.CreateBuilder<Finding>();
        if (onBattery == true)
        {
            findings.Add(Bad("this computer runs on its battery, on which clocks and power limits are low: plug it in"));
        }

        if (whyNoConditions is not null)
        {
            findings.Add(Note($"clocks, temperature, power and throttling are unknown: {whyNoConditions}"));
        }

        return new Verdict(findings.ToImmutable());
    }

    private static IEnumerable<Finding> Look(Series series, GpuLimits? limits, double resolutionSeconds)
    {
        string cache = series.Cache == CacheState.Cold ? "cold" : "warm";
        int all = series.Kept.Length + series.Discarded.Length;
        string reasons = Reasons(series.Discarded, ThrottleFilter.Spoiling);
        if (series.Seconds is not { } seconds)
        {
            yield return Bad($"{cache}: all {all} samples were throttled ({reasons})");
            yield break;
        }

        if (series.Discarded.Length > MostDiscarded * all)
        {
            yield return Bad($"{cache}: {series.Discarded.Length} of {all} samples were throttled ({reasons})");
        }
        else if (!series.Discarded.IsEmpty)
        {
            yield return Note($"{cache}: {series.Discarded.Length} of {all} samples were throttled ({reasons}) and left out");
        }

        if (!(seconds.Median * series.Executions >= LeastResolutions * resolutionSeconds))
        {
            yield return Bad($"{cache}: a sample of {Microseconds(seconds.Median * series.Executions)} us is too short for a clock that is good to {Microseconds(resolutionSeconds)} us");
        }

        if (!(seconds.RelativeSpread <= MostSpread))
        {
            yield return Bad($"{cache}: half of the samples spread over {Percent(seconds.RelativeSpread)} of the median, more than {Percent(MostSpread)}");
        }

        foreach (Finding finding in ClockFindings(series, limits, cache))
        {
            yield return finding;
        }
    }

    private static IEnumerable<Finding> ClockFindings(Series series, GpuLimits? limits, string cache)
    {
        GpuConditions[] seen = [.. series.Kept.Where(sample => sample.Conditions is not null).Select(sample => sample.Conditions!.Value)];
        double? sm = MedianOf(seen, conditions => conditions.SmClockMHz), memory = MedianOf(seen, conditions => conditions.MemoryClockMHz);
        int half = seen.Length / 2;
        double? first = MedianOf(seen[..half], conditions => conditions.SmClockMHz);
        double? second = MedianOf(seen[half..], conditions => conditions.SmClockMHz);
        if (Math.Abs((second - first) / sm ?? 0) > MostClockDrift)
        {
            yield return Bad($"{cache}: the SM clock drifted from {first:0} to {second:0} MHz");
        }

        if (sm < LeastSmClock * limits?.MaximumSmClockMHz)
        {
            yield return Bad($"{cache}: the SM clock was {sm:0} MHz, below half of its {limits!.MaximumSmClockMHz} MHz: not in its performance state");
        }

        if (memory < LeastMemoryClock * limits?.MaximumMemoryClockMHz)
        {
            yield return Bad($"{cache}: the memory clock was {memory:0} of {limits!.MaximumMemoryClockMHz} MHz: not in its performance state");
        }

        string noted = Reasons(series.Kept, ThrottleFilter.Notable);
        if (noted.Length > 0)
        {
            yield return Note($"{cache}: clocks were held by {noted}");
        }
    }

    private static string Reasons(ImmutableArray<Sample> samples, NvmlClocksThrottleReasons of) => string.Join(", ", samples
        .SelectMany(sample => ThrottleFilter.Words(sample.Conditions?.Throttle & of))
        .CountBy(words => words)
        .Select(pair => $"{pair.Key} in {pair.Value}"));

    private static double? MedianOf(GpuConditions[] seen, Func<GpuConditions, long?> clock) =>
        SampleStatistics.Of(seen.Select(clock).OfType<long>().Select(value => (double)value))?.Median;

    private static string Microseconds(double seconds) => (seconds * 1e6).ToString("0.##");

    private static string Percent(double? fraction) => fraction is { } known ? $"{known * 100:0.#} %" : "an unknown part";

    private static Finding Bad(string words) => new(true, words);

    private static Finding Note(string words) => new(false, words);
}
