using System.Collections.Immutable;
using Harness.Kernels.Devices;

namespace Harness.Timing;

/// <summary>
/// How everything is timed, after nvbench: cold and warm apart, samples long against the clock's resolution, conditions beside every
/// sample, a rule that says when it is enough. docs/benchmarking.md is this page in words.
/// </summary>
/// <param name="timer">the device's events, or the host's clock where there are none</param>
/// <param name="flushL2">makes the device's cache cold; null where there is none to flush: then nothing is measured cold</param>
/// <param name="conditions">null where nothing is known of them</param>
/// <param name="warmUp">before the first sample that counts</param>
/// <param name="clock">the host's</param>
internal sealed class TimingProtocol(
    IGpuTimer timer, Action? flushL2, IGpuConditions? conditions, WarmUp warmUp, StoppingRule rule, TimeProvider clock)
{
    /// <summary>Events are good to about half a microsecond (cuEventElapsedTime, CUDA Driver API).</summary>
    public const double ResolutionSeconds = 0.5e-6;

    /// <summary>Two events' error is then a thousandth.</summary>
    private const double LongSampleSeconds = 2000 * ResolutionSeconds;

    private const double NearlyEnough = 1.1;

    public Measurement Measure(ITimedWork work)
    {
        RunBefore(work);
        Series? cold = flushL2 is null ? null : Collect(work, CacheState.Cold);
        return new Measurement(cold, Collect(work, CacheState.Warm));
    }

    /// <summary>The first executions load modules, choose algorithms and compile this very code; then the clocks come up.</summary>
    private void RunBefore(ITimedWork work)
    {
        long begin = clock.GetTimestamp();
        int executions = 1;
        for (int taken = 0;
            taken < warmUp.MostSamples && (taken < WarmUp.LeastSamples || clock.GetElapsedTime(begin).TotalSeconds < warmUp.Seconds); taken++)
        {
            Sample sample = Take(work, CacheState.Warm, executions);
            executions = Enough(sample.Seconds, executions, work.MostExecutions(CacheState.Warm));
        }
    }

    private Series Collect(ITimedWork work, CacheState cache)
    {
        int executions = FindExecutions(work, cache);
        var kept = ImmutableArray.CreateBuilder<Sample>();
        var discarded = ImmutableArray.CreateBuilder<Sample>();
        var seconds = new List<double>();
        long begin = clock.GetTimestamp();
        StopReason? stop;
        do
        {
            Sample sample = Take(work, cache, executions);
            if (ThrottleFilter.Discards(sample.Conditions))
            {
                discarded.Add(sample);
            }
            else
            {
                kept.Add(sample);
                seconds.Add(sample.Seconds);
            }

            stop = rule.Decide(seconds, discarded.Count, clock.GetElapsedTime(begin).TotalSeconds);
        }
        while (stop is null);
        return new Series(cache, executions, kept.ToImmutable(), discarded.ToImmutable(), stop.Value);
    }

    /// <summary>One sample. The conditions are read while the device is at work: behind the wait for the second event it would be idle already.</summary>
    private Sample Take(ITimedWork work, CacheState cache, int executions)
    {
        work.Prepare(cache, executions);
        if (cache == CacheState.Cold)
        {
            flushL2!();
        }

        long managed = GC.GetAllocatedBytesForCurrentThread();
        timer.Start();
        long begin = clock.GetTimestamp();
        work.Enqueue(cache, executions);
        double hostSeconds = clock.GetElapsedTime(begin).TotalSeconds;
        timer.Stop();
        work.Wait();
        managed = GC.GetAllocatedBytesForCurrentThread() - managed;
        GpuConditions? seen = conditions?.Read();
        double seconds = timer.Seconds();
        work.Finish();
        return new Sample(seconds / executions, hostSeconds / executions, managed / executions, seen);
    }

    /// <summary>Raises the number of executions until a sample is long enough or holds as many as it may.</summary>
    private int FindExecutions(ITimedWork work, CacheState cache)
    {
        int executions = 1, most = work.MostExecutions(cache);
        while (true)
        {
            int enough = Enough(Take(work, cache, executions).Seconds, executions, most);
            if (enough <= NearlyEnough * executions)
            {
                return executions;
            }

            executions = enough;
        }
    }

    /// <summary>How many executions make a long sample; at most ten times as many as now, because one short sample says little.</summary>
    internal static int Enough(double secondsEach, int executions, int most)
    {
        double wanted = secondsEach > 0 ? Math.Ceiling(LongSampleSeconds / secondsEach) : double.PositiveInfinity;
        return (int)Math.Clamp(Math.Min(wanted, 10.0 * executions), 1, most);
    }
}
