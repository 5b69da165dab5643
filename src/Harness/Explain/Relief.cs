using System.Collections.Immutable;
using Harness.Kernels.Memory;

namespace Harness.Explain;

/// <summary>
/// The most bytes live at one step, and the first such step, if some tensors were gone from every step at which they merely wait.
/// </summary>
internal readonly record struct PeakWithout(long PeakBytes, int PeakStep)
{
    /// <param name="fullestFirst">of <see cref="FullestFirst"/>: sorted once, for many questions</param>
    /// <param name="gone">of the same pass</param>
    public static PeakWithout Of(ImmutableArray<ArenaMoment> fullestFirst, params ImmutableArray<PassBuffer> gone)
    {
        var peak = new PeakWithout(long.MinValue, 0);
        foreach (ArenaMoment moment in fullestFirst)
        {
            if (moment.LiveBytes < peak.PeakBytes)
            {
                break; // what is left has fewer bytes even with all of them
            }

            long bytes = moment.LiveBytes - gone.Where(buffer => buffer.WaitsAt(moment.Step)).Sum(buffer => buffer.Bytes);
            if (bytes > peak.PeakBytes || (bytes == peak.PeakBytes && moment.Step < peak.PeakStep))
            {
                peak = new PeakWithout(bytes, moment.Step);
            }
        }

        return peak;
    }

    /// <summary>The moments of a pass, most live bytes first.</summary>
    public static ImmutableArray<ArenaMoment> FullestFirst(LedgerSnapshot ledger) => [.. ledger.Moments.OrderByDescending(moment => moment.LiveBytes)];
}

/// <summary>
/// What it would save if one tensor did not wait. A tensor waits at a step that neither reads nor writes it: it is there because a later
/// step reads it, or because the caller holds it. Without it means: at each step where it waits its bytes are not counted, as if it died
/// after every use and were back before the next. What is used at the peak step cannot go.
/// </summary>
/// <param name="Buffer">it waits at the peak step</param>
/// <param name="NextUse">the step after the peak that uses it next; null: only the caller still holds it</param>
/// <param name="Without">the peak over all steps without it</param>
internal sealed record Relief(PassBuffer Buffer, int? NextUse, PeakWithout Without)
{
    /// <summary>Lowest new peak first, then most bytes.</summary>
    /// <param name="pass">whose tensors wait</param>
    /// <param name="step">the peak's</param>
    /// <param name="fullestFirst">the moments of the pass</param>
    public static ImmutableArray<Relief> At(ExplainedPass pass, int step, ImmutableArray<ArenaMoment> fullestFirst) =>
    [
        .. pass.Buffers.Where(buffer => buffer.WaitsAt(step))
            .Select(buffer => new Relief(
                buffer, buffer.ReadBy.Concat(buffer.WrittenBy).Where(use => use > step).Select(use => (int?)use).Min(),
                PeakWithout.Of(fullestFirst, buffer)))
            .OrderBy(relief => relief.Without.PeakBytes).ThenByDescending(relief => relief.Buffer.Bytes),
    ];
}
