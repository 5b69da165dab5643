namespace Harness.Kernels.Memory;

/// <summary>
/// Chooses offsets for the arena, which keeps all accounts itself. A choice may depend on the calls so far but never on the
/// capacity: so a dry run without a limit makes the choices of the real run.
/// </summary>
internal abstract class ArenaPolicy
{
    public const long NoRoom = -1;

    /// <summary>The largest block that could be had now.</summary>
    public abstract long LargestFreeBlockBytes { get; }

    /// <summary>An offset for the tensor, or <see cref="NoRoom"/>.</summary>
    /// <param name="tensor">its index</param>
    /// <param name="reservedBytes">a multiple of the alignment</param>
    /// <param name="live">the arena's live tensors, a bit each</param>
    public abstract long Place(int tensor, long reservedBytes, ReadOnlySpan<ulong> live);

    public abstract void Release(long offsetBytes, long reservedBytes);

    /// <summary>Forgets everything placed: a new pass begins.</summary>
    public abstract void Clear();
}

/// <summary>Each block behind the one before; what is released is not used again in this pass.</summary>
internal sealed class BumpPolicy(long capacityBytes) : ArenaPolicy
{
    private long _topBytes;

    public override long LargestFreeBlockBytes => capacityBytes - _topBytes;

    public override long Place(int tensor, long reservedBytes, ReadOnlySpan<ulong> live)
    {
        if (reservedBytes > capacityBytes - _topBytes)
        {
            return NoRoom;
        }

        long offset = _topBytes;
        _topBytes += reservedBytes;
        return offset;
    }

    public override void Release(long offsetBytes, long reservedBytes)
    {
    }

    public override void Clear() => _topBytes = 0;
}
