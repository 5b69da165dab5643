namespace Harness.Benchmarks;

/// <summary>What this machine was measured to reach, at the start of the run. Null: it has no such thing.</summary>
/// <param name="CopyBytesPerSecond">of a large copy from device memory to device memory, bytes read and written</param>
/// <param name="GemmFlopsPerSecond">of a large square product at the chosen math</param>
internal sealed record Peaks(double? CopyBytesPerSecond, double? GemmFlopsPerSecond);

/// <summary>What limits a step from below: moving its bytes, or its operations.</summary>
internal enum RooflineBound
{
    Bandwidth,
    Compute,
}

/// <summary>
/// The roofline (Williams, Waterman and Patterson 2009): no step can be faster than its compulsory bytes at the copy's bandwidth, nor
/// than its operations at the product's peak. Both peaks are measured, so a fraction slightly above 1 is possible.
/// </summary>
/// <param name="BoundSeconds">the longer of the two</param>
/// <param name="Fraction">of the bound that was reached: BoundSeconds / seconds</param>
internal sealed record Roofline(RooflineBound Bound, double BoundSeconds, double Fraction)
{
    /// <summary>Null where a peak is unknown.</summary>
    public static Roofline? Of(StepCost cost, double seconds, Peaks peaks)
    {
        if (cost.Bytes / peaks.CopyBytesPerSecond is not { } bandwidthSeconds || cost.Flops / peaks.GemmFlopsPerSecond is not { } computeSeconds)
        {
            return null;
        }

        double bound = Math.Max(bandwidthSeconds, computeSeconds);
        return new Roofline(computeSeconds > bandwidthSeconds ? RooflineBound.Compute : RooflineBound.Bandwidth, bound, bound / seconds);
    }
}
