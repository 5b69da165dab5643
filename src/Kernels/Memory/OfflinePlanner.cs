namespace Harness.Kernels.Memory;

/// <summary>
/// Offsets for blocks whose lifetimes are known (dynamic storage allocation: NP-hard, easy on the programs of networks). A
/// portfolio of greedy orders, and if none meets the lower bound, a bounded local search from the best of them. Deterministic:
/// the same intervals give the same offsets.
/// </summary>
internal static class OfflinePlanner
{
    /// <summary>Trials of the local search; each costs about as much as one greedy order.</summary>
    private const int SearchTrials = 400;

    /// <summary>An offset for each interval; stops as soon as the highest end is the lower bound.</summary>
    public static long[] Place(IntervalSet intervals)
    {
        var greedy = new GreedyPlacement(intervals);
        long[] best = [];
        int[] bestOrder = [];
        long bestBytes = long.MaxValue;

        foreach (int[] order in Orders(intervals))
        {
            Try(order);
            if (bestBytes == intervals.LowerBoundBytes)
            {
                return best;
            }
        }

        // What lies on top was placed too late: move it before a tensor that it had to give way to.
        ulong random = 0x9E3779B97F4A7C15;
        for (int trial = 0; trial < SearchTrials && bestBytes > intervals.LowerBoundBytes; trial++)
        {
            int top = Topmost(intervals, best, bestBytes, ref random);
            Try(MovedForward(bestOrder, Array.IndexOf(bestOrder, top), ref random));
        }

        return best;

        void Try(int[] order)
        {
            long bytes = greedy.Place(order);
            // Equal is accepted: a plateau has to be crossed to get off it.
            if (bytes <= bestBytes)
            {
                bestBytes = bytes;
                bestOrder = order;
                best = [.. greedy.OffsetBytes];
            }
        }
    }

    /// <summary>
    /// Largest first; and, with the tensors of the peak before all others because they leave no slack: longest first, largest
    /// first. Last: latest death first. The sorts are stable, so remaining ties go to the earlier declaration.
    /// </summary>
    private static IEnumerable<int[]> Orders(IntervalSet x)
    {
        int[] all = [.. Enumerable.Range(0, x.Count)];
        yield return [.. all.OrderByDescending(x.Bytes).ThenByDescending(x.Length).ThenBy(x.First)];
        yield return [.. all.OrderByDescending(x.LivesAtPeak).ThenByDescending(x.Length).ThenByDescending(x.Bytes)];
        yield return [.. all.OrderByDescending(x.LivesAtPeak).ThenByDescending(x.Bytes).ThenBy(x.First)];
        yield return [.. all.OrderByDescending(x.End).ThenByDescending(x.Length).ThenByDescending(x.Bytes)];
    }

    private static int Topmost(IntervalSet intervals, long[] offsets, long topBytes, ref ulong random)
    {
        int[] onTop = [.. Enumerable.Range(0, intervals.Count).Where(i => offsets[i] + intervals.Bytes(i) == topBytes)];
        return onTop[Below(onTop.Length, ref random)];
    }

    private static int[] MovedForward(int[] order, int from, ref ulong random)
    {
        int to = from == 0 ? 0 : Below(from, ref random);
        List<int> moved = [.. order];
        moved.RemoveAt(from);
        moved.Insert(to, order[from]);
        return [.. moved];
    }

    /// <summary>Xorshift64: an even enough number below <paramref name="limit"/>, the same on every machine.</summary>
    private static int Below(int limit, ref ulong random)
    {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        return (int)(random % (ulong)limit);
    }
}
