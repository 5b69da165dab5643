using System.Runtime.CompilerServices;

namespace Harness.Kernels.Memory;

/// <summary>
/// Offsets from a plan, each refused while any of its bytes are taken. The ends of all planned blocks cut the arena into segments; a
/// block is a run of whole segments, so what is taken is a set of bits, and mostly one word of it says whether a block is free.
/// </summary>
internal sealed class PlannedPolicy : ArenaPolicy
{
    private const int WordBits = 64;

    /// <summary>Where a tensor lies: some bits of the first word of the set, all of those between, some of the last.</summary>
    private struct Run
    {
        public long OffsetBytes;
        public ulong FirstMask;
        public ulong LastMask;
        public int FirstWord;
        public int LastWord;
    }

    private readonly Run[] _runs;
    private readonly ulong[] _taken;

    /// <exception cref="OutOfMemoryBytesException">the plan needs more than its capacity</exception>
    public PlannedPolicy(MemoryPlan plan, int tensors)
    {
        long[] cuts = [.. plan.Placed.SelectMany(placed => (long[])[placed.OffsetBytes, EndBytes(placed)]).Distinct().Order()];
        _taken = new ulong[(cuts.Length + WordBits - 1) / WordBits];
        _runs = new Run[tensors];
        foreach (PlacedTensor placed in plan.Placed)
        {
            if (EndBytes(placed) > plan.CapacityBytes)
            {
                // From its offset on; a place that begins beyond the end has no byte of the arena.
                throw new OutOfMemoryBytesException(
                    $"'{placed.Lifetime.Tensor.Name}' at offset {placed.OffsetBytes} of the arena", placed.ReservedBytes,
                    plan.CapacityBytes, Math.Max(0, plan.CapacityBytes - placed.OffsetBytes));
            }

            int first = Array.BinarySearch(cuts, placed.OffsetBytes);
            int last = Array.BinarySearch(cuts, EndBytes(placed)) - 1;
            ulong fromFirst = ulong.MaxValue << first;
            ulong toLast = ulong.MaxValue >> (WordBits - 1 - last);
            bool oneWord = first / WordBits == last / WordBits;
            _runs[placed.Lifetime.Tensor.Index] = new Run
            {
                OffsetBytes = placed.OffsetBytes,
                FirstWord = first / WordBits,
                LastWord = last / WordBits,
                FirstMask = oneWord ? fromFirst & toLast : fromFirst,
                LastMask = toLast,
            };
        }
    }

    public override long LargestFreeBlockBytes => 0;

    public long OffsetOf(int tensor) => _runs[tensor].OffsetBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override long Place(int tensor, long reservedBytes)
    {
        ref readonly Run run = ref _runs[tensor];
        ref ulong first = ref _taken[run.FirstWord];
        if ((first & run.FirstMask) != 0 || (run.LastWord != run.FirstWord && IsRestTaken(run)))
        {
            return NoPlace;
        }

        first |= run.FirstMask;
        if (run.LastWord != run.FirstWord)
        {
            FlipRest(run);
        }

        return run.OffsetBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override void Release(int tensor, long offsetBytes, long reservedBytes)
    {
        ref readonly Run run = ref _runs[tensor];
        _taken[run.FirstWord] &= ~run.FirstMask;
        if (run.LastWord != run.FirstWord)
        {
            FlipRest(run);
        }
    }

    public override void Clear() => Array.Clear(_taken);

    private static long EndBytes(PlacedTensor placed) => placed.OffsetBytes + placed.ReservedBytes;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool IsRestTaken(in Run run) =>
        _taken.AsSpan((run.FirstWord + 1)..run.LastWord).ContainsAnyExcept(0UL) || (_taken[run.LastWord] & run.LastMask) != 0;

    /// <summary>From all free to all taken, or back: it was looked at before, so it is one or the other.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FlipRest(in Run run)
    {
        foreach (ref ulong between in _taken.AsSpan((run.FirstWord + 1)..run.LastWord))
        {
            between = ~between;
        }

        _taken[run.LastWord] ^= run.LastMask;
    }
}
