using Harness.Kernels.Native;

namespace Harness.Timing;

/// <summary>The state of the GPU while a sample was taken. Null: this GPU or driver does not tell.</summary>
internal readonly record struct GpuConditions(
    long? SmClockMHz, long? MemoryClockMHz, long? TemperatureCelsius, double? PowerWatts, NvmlClocksThrottleReasons? Throttle);

/// <summary>What the conditions are measured against.</summary>
/// <param name="PowerLimitWatts">that the driver enforces now</param>
internal sealed record GpuLimits(long? MaximumSmClockMHz, long? MaximumMemoryClockMHz, double? PowerLimitWatts);

/// <summary>Reads the conditions of one GPU.</summary>
internal interface IGpuConditions
{
    GpuLimits Limits { get; }

    GpuConditions Read();
}
