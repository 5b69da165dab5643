namespace Harness.Kernels.Memory;

/// <summary>
/// Best fit with immediate coalescing. The smallest hole that is large enough, the lowest of equals; only where no hole fits is
/// the space above the highest block cut, so that the choice does not depend on the capacity.
/// </summary>
/// <remarks>
/// A hole lies between two live blocks, so there are never more holes than live blocks, in a forward pass a dozen: a compact array
/// in address order, searched from end to end, beats any tree.
/// </remarks>
internal sealed class BestFitPolicy(long capacityBytes, int tensors) : ArenaPolicy
{
    private struct Hole
    {
        public long OffsetBytes;
        public long Bytes;
    }

    private readonly Hole[] _holes = new Hole[tensors + 1];
    private int _holeCount;
    private long _topBytes;

    public override long LargestFreeBlockBytes
    {
        get
        {
            long largest = capacityBytes - _topBytes;
            foreach (ref readonly Hole hole in _holes.AsSpan(0, _holeCount))
            {
                largest = Math.Max(largest, hole.Bytes);
            }

            return largest;
        }
    }

    public override long Place(int tensor, long reservedBytes)
    {
        Span<Hole> holes = _holes.AsSpan(0, _holeCount);
        int best = -1;
        long bestBytes = long.MaxValue;
        for (int i = 0; i < holes.Length; i++)
        {
            long bytes = holes[i].Bytes;
            if (bytes >= reservedBytes && bytes < bestBytes)
            {
                best = i;
                bestBytes = bytes;
            }
        }

        if (best < 0)
        {
            return Raise(reservedBytes);
        }

        long offset = holes[best].OffsetBytes;
        if (bestBytes == reservedBytes)
        {
            RemoveAt(best);
        }
        else
        {
            holes[best].OffsetBytes += reservedBytes;
            holes[best].Bytes -= reservedBytes;
        }

        return offset;
    }

    public override void Release(int tensor, long offsetBytes, long reservedBytes)
    {
        Span<Hole> holes = _holes.AsSpan(0, _holeCount);
        int above = 0;
        while (above < holes.Length && holes[above].OffsetBytes < offsetBytes)
        {
            above++;
        }

        long end = offsetBytes + reservedBytes;
        bool joinsBelow = above > 0 && holes[above - 1].OffsetBytes + holes[above - 1].Bytes == offsetBytes;
        bool joinsAbove = above < holes.Length && holes[above].OffsetBytes == end;
        if (end == _topBytes)
        {
            _topBytes = joinsBelow ? holes[above - 1].OffsetBytes : offsetBytes;
            _holeCount -= joinsBelow ? 1 : 0;
        }
        else if (joinsBelow)
        {
            holes[above - 1].Bytes += reservedBytes + (joinsAbove ? holes[above].Bytes : 0);
            if (joinsAbove)
            {
                RemoveAt(above);
            }
        }
        else if (joinsAbove)
        {
            holes[above].OffsetBytes = offsetBytes;
            holes[above].Bytes += reservedBytes;
        }
        else
        {
            InsertAt(above, offsetBytes, reservedBytes);
        }
    }

    public override void Clear()
    {
        _holeCount = 0;
        _topBytes = 0;
    }

    private long Raise(long reservedBytes)
    {
        if (reservedBytes > capacityBytes - _topBytes)
        {
            return NoPlace;
        }

        long offset = _topBytes;
        _topBytes += reservedBytes;
        return offset;
    }

    private void RemoveAt(int index)
    {
        _holeCount--;
        _holes.AsSpan(index + 1, _holeCount - index).CopyTo(_holes.AsSpan(index));
    }

    private void InsertAt(int index, long offsetBytes, long bytes)
    {
        _holes.AsSpan(index, _holeCount - index).CopyTo(_holes.AsSpan(index + 1));
        _holes[index] = new Hole { OffsetBytes = offsetBytes, Bytes = bytes };
        _holeCount++;
    }
}
