using System.Collections.Immutable;

namespace Harness.Timing;

/// <summary>Whether the device's L2 cache holds what the work reads.</summary>
internal enum CacheState
{
    /// <summary>Flushed before every sample, and no two executions in one sample use the same buffers.</summary>
    Cold,

    /// <summary>Every execution uses the buffers of the one before.</summary>
    Warm,
}

/// <summary>One sample: several executions of the work between two events, its times and bytes divided by their number.</summary>
/// <param name="Seconds">on the device's clock, an execution</param>
/// <param name="HostSeconds">until the work was handed over, on the host's clock, an execution; near <paramref name="Seconds"/>, the host is what is slow</param>
/// <param name="ManagedBytes">allocated on the thread that handed the work over, an execution</param>
internal readonly record struct Sample(double Seconds, double HostSeconds, long ManagedBytes, GpuConditions? Conditions);

/// <summary>All samples of one cache state, in the order in which they were taken.</summary>
/// <param name="Executions">of the work in each sample</param>
/// <param name="Discarded">throttled; see <see cref="ThrottleFilter"/></param>
internal sealed record Series(
    CacheState Cache, int Executions, ImmutableArray<Sample> Kept, ImmutableArray<Sample> Discarded, StopReason Stop)
{
    /// <summary>Of <see cref="Sample.Seconds"/>; null where every sample was discarded.</summary>
    public SampleStatistics? Seconds { get; } = SampleStatistics.Of(Kept.Select(sample => sample.Seconds));

    public SampleStatistics? HostSeconds { get; } = SampleStatistics.Of(Kept.Select(sample => sample.HostSeconds));

    /// <summary>The median.</summary>
    public long? ManagedBytes { get; } = Kept.IsEmpty ? null : Kept.Select(sample => sample.ManagedBytes).Order().ElementAt((Kept.Length - 1) / 2);
}

/// <param name="Cold">null on a device whose cache cannot be flushed</param>
internal sealed record Measurement(Series? Cold, Series Warm)
{
    public IEnumerable<Series> All => Cold is null ? [Warm] : [Cold, Warm];
}
