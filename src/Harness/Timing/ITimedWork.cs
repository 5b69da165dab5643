namespace Harness.Timing;

/// <summary>
/// Work that can be executed again and again with the same result. For one sample the protocol calls, in this order, <see cref="Prepare"/>,
/// <see cref="Enqueue"/> between two events, <see cref="Wait"/>, <see cref="Finish"/>.
/// </summary>
internal interface ITimedWork
{
    /// <summary>How many executions one sample may hold.</summary>
    int MostExecutions(CacheState cache);

    /// <summary>Everything that must not be timed. For a warm sample also one execution, so that the device is busy when the clock starts.</summary>
    void Prepare(CacheState cache, int executions);

    /// <summary>Hands the work to the device and allocates no managed memory.</summary>
    void Enqueue(CacheState cache, int executions);

    /// <summary>Behind the second event: waits for the device where the time until then is the host's latency, else returns at once.</summary>
    void Wait();

    void Finish();
}
