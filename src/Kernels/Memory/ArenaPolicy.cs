namespace Harness.Kernels.Memory;

/// <summary>
/// Chooses offsets for the arena, which keeps all accounts itself. A choice may depend on the calls so far but never on the
/// capacity: so a dry run without a limit makes the choices of the real run.
/// </summary>
internal abstract class ArenaPolicy
{
    public const long NoPlace = -1;

    /// <summary>The largest block that could be had now.</summary>
    public abstract long LargestFreeBlockBytes { get; }

    /// <summary>An offset for the tensor, or <see cref="NoPlace"/>.</summary>
    /// <param name="tensor">its index</param>
    /// <param name="reservedBytes">a multiple of the alignment</param>
    public abstract long Place(int tensor, long reservedBytes);

    public abstract void Release(int tensor, long offsetBytes, long reservedBytes);

    /// <summary>Forgets everything placed: a new pass begins.</summary>
    public abstract void Clear();
}

/// <summary>Each block behind the one before; what is released is not used again in this pass.</summary>
internal sealed class BumpPolicy(long capacityBytes) : ArenaPolicy
{
    private long _topBytes;

    public override long LargestFreeBlockBytes => capacityBytes - _topBytes;

    public override long Place(int tensor, long reservedBytes)
    {
        if (reservedBytes > capacityBytes - _topBytes)
        {
            return NoPlace;
        }

        long offset = _topBytes;
        _topBytes += reservedBytes;
        return offset;
    }

    public override void Release(int tensor, long offsetBytes, long reservedBytes)
    {
    }

    public override void Clear() => _topBytes = 0;
}
