using System.Collections.Immutable;

namespace Harness.Kernels.Memory;

/// <summary>What an offline planner needs to know: blocks of bytes over half-open intervals of steps.</summary>
internal sealed class IntervalSet
{
    private readonly int[] _first;
    private readonly int[] _end;
    private readonly long[] _bytes;
    private readonly int _peakStep;

    public IntervalSet(ImmutableArray<Lifetime> lifetimes, ImmutableArray<long> reservedBytes, int steps)
    {
        _first = [.. lifetimes.Select(life => life.FirstStep)];
        _end = [.. lifetimes.Select(life => life.EndStep)];
        _bytes = [.. reservedBytes];

        long[] change = new long[steps + 1];
        for (int i = 0; i < Count; i++)
        {
            change[_first[i]] += _bytes[i];
            change[_end[i]] -= _bytes[i];
        }

        long live = 0;
        for (int step = 0; step < steps; step++)
        {
            live += change[step];
            if (live > LowerBoundBytes)
            {
                LowerBoundBytes = live;
                _peakStep = step;
            }
        }
    }

    public int Count => _bytes.Length;

    /// <summary>Most bytes live at one step.</summary>
    public long LowerBoundBytes { get; }

    public int First(int i) => _first[i];

    public int End(int i) => _end[i];

    public long Bytes(int i) => _bytes[i];

    public int Length(int i) => _end[i] - _first[i];

    /// <summary>Lives at the first step at which most bytes live.</summary>
    public bool LivesAtPeak(int i) => _first[i] <= _peakStep && _peakStep < _end[i];

    public bool Overlap(int i, int j) => _first[i] < _end[j] && _first[j] < _end[i];

    /// <summary>The highest end of a block.</summary>
    public long CapacityBytes(ReadOnlySpan<long> offsets)
    {
        long capacity = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            capacity = Math.Max(capacity, offsets[i] + _bytes[i]);
        }

        return capacity;
    }
}
