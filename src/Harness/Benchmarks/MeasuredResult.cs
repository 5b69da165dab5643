using Harness.Kernels.Devices;
using Harness.Timing;

namespace Harness.Benchmarks;

/// <summary>What became of one case, and every figure that follows from it. docs/benchmarking.md has the formulas.</summary>
/// <param name="Counted">
/// what the software GPU counted for one execution; null where nothing ran there. Its bytes hold repeats, so that they say how much more
/// than the compulsory traffic the kernel asks for.
/// </param>
/// <param name="Launches">of one execution: kernels, library calls, and a graph as one</param>
internal sealed record MeasuredResult(
    MeasuredCase Case, Measurement Measurement, Verdict Verdict, Peaks Peaks, DeviceCounters? Counted, long? Launches)
{
    /// <summary>The series that rates are computed from: cold where there is one, as memory traffic of a warm run need not leave the cache.</summary>
    public Series Rated => Measurement.Cold ?? Measurement.Warm;

    /// <summary>Median device time of an execution.</summary>
    public double? RatedSeconds => Rated.Seconds?.Median;

    public double? BytesPerSecond => Case.Cost.Bytes / RatedSeconds;

    public double? FlopsPerSecond => Case.Cost.Flops / RatedSeconds;

    public double? CopyFraction => BytesPerSecond / Peaks.CopyBytesPerSecond;

    public double? GemmFraction => FlopsPerSecond / Peaks.GemmFlopsPerSecond;

    public Roofline? Roofline => RatedSeconds is { } seconds ? Roofline.Of(Case.Cost, seconds, Peaks) : null;

    /// <summary>Counted over compulsory bytes.</summary>
    public double? TrafficRatio => (double?)(Counted?.BytesRead + Counted?.BytesWritten) / Case.Cost.Bytes;

    /// <summary>At the best time, as the software GPU's speed has always been quoted; null for library calls, which count none.</summary>
    public double? LaneInstructionsPerSecond => Counted is { LaneInstructions: > 0 } ? Counted.Value.LaneInstructions / Measurement.Warm.Seconds?.Minimum : null;
}
