using Harness.Kernels.Devices;
using Harness.Timing;

namespace Harness.Tests.Timing;

/// <summary>
/// A GPU's events, its cache, its conditions, the host's clock and the work, all in one script: every call is written down, an execution takes as
/// long as the script says, and the conditions of each sample are its next ones.
/// </summary>
internal sealed class ScriptedGpu : TimeProvider, IGpuTimer, IGpuConditions, ITimedWork
{
    private const long TicksPerSecond = 1_000_000_000;

    private long _now;
    private long _started;
    private long _stopped;
    private int _reads;
    private int _samples;

    public List<string> Calls { get; } = [];

    /// <summary>Seconds of one execution, by the number of the sample.</summary>
    public Func<int, double> Seconds { get; init; } = _ => 1e-3;

    /// <summary>What the next question for the conditions is answered, by the number of the question.</summary>
    public Func<int, GpuConditions> Conditions { get; init; } = _ => new GpuConditions(1500, 7000, 60, 80, default);

    public int Most { get; init; } = 1000;

    public GpuLimits Limits { get; init; } = new(1800, 7000, 100);

    public override long TimestampFrequency => TicksPerSecond;

    public override long GetTimestamp() => _now;

    public void FlushL2() => Calls.Add("flush");

    void IGpuTimer.Start()
    {
        Calls.Add("start");
        _started = _now;
    }

    void IGpuTimer.Stop()
    {
        Calls.Add("stop");
        _stopped = _now;
    }

    double IGpuTimer.Seconds()
    {
        Calls.Add("seconds");
        return (double)(_stopped - _started) / TicksPerSecond;
    }

    public GpuConditions Read()
    {
        Calls.Add("read");
        return Conditions(_reads++);
    }

    public int MostExecutions(CacheState cache) => Most;

    public void Prepare(CacheState cache, int executions) => Calls.Add($"prepare {cache} {executions}");

    public void Enqueue(CacheState cache, int executions)
    {
        Calls.Add("enqueue");
        _now += (long)Math.Round(Seconds(_samples++) * executions * TicksPerSecond);
    }

    public void Wait() => Calls.Add("wait");

    public void Finish() => Calls.Add("finish");

    public void Dispose()
    {
    }
}
