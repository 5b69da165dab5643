namespace Harness.Kernels.Memory;

/// <summary>
/// Places intervals one by one, each into the tightest gap between those that live at the same time, the lowest of equals, or on
/// top of them where no gap is wide enough.
/// </summary>
internal sealed class GreedyPlacement(IntervalSet intervals)
{
    private readonly int[] _byOffset = new int[intervals.Count];
    private readonly long[] _offsets = new long[intervals.Count];

    /// <summary>Of the latest <see cref="Place"/>.</summary>
    public ReadOnlySpan<long> OffsetBytes => _offsets;

    /// <returns>the highest end, in bytes</returns>
    public long Place(ReadOnlySpan<int> order)
    {
        for (int placed = 0; placed < order.Length; placed++)
        {
            int next = order[placed];
            Span<int> before = _byOffset.AsSpan(0, placed);
            _offsets[next] = TightestGap(next, before);
            int at = placed;
            while (at > 0 && _offsets[before[at - 1]] > _offsets[next])
            {
                at--;
            }

            before[at..].CopyTo(_byOffset.AsSpan(at + 1));
            _byOffset[at] = next;
        }

        return intervals.CapacityBytes(_offsets);
    }

    private long TightestGap(int next, ReadOnlySpan<int> byOffset)
    {
        long bytes = intervals.Bytes(next);
        long bestOffset = -1;
        long bestGapBytes = long.MaxValue;
        long endBytes = 0;
        foreach (int other in byOffset)
        {
            if (!intervals.Overlap(next, other))
            {
                continue;
            }

            long gapBytes = _offsets[other] - endBytes;
            if (gapBytes >= bytes && gapBytes < bestGapBytes)
            {
                bestOffset = endBytes;
                bestGapBytes = gapBytes;
            }

            endBytes = Math.Max(endBytes, _offsets[other] + intervals.Bytes(other));
        }

        return bestOffset >= 0 ? bestOffset : endBytes;
    }
}
