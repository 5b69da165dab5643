using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Memory;

/// <summary>
/// Offsets from a plan. For each tensor a row of bits says which others share bytes with it; one comparison with the live bits,
/// 512 tensors at a time, shows whether the place is taken.
/// </summary>
internal sealed class PlannedPolicy : ArenaPolicy
{
    private const long NoPlace = -1;

    private readonly ImmutableArray<PlacedTensor> _placed;
    private readonly long[] _offsets;
    private readonly ulong[] _sharing;
    private readonly int _words;

    /// <param name="placed">of the plan</param>
    /// <param name="tensors">of the program, parameters included</param>
    /// <param name="words">of a set of tensors, a multiple of 8</param>
    /// <param name="capacityBytes">of the arena</param>
    /// <exception cref="OutOfMemoryBytesException">the plan needs more than the capacity</exception>
    public PlannedPolicy(ImmutableArray<PlacedTensor> placed, int tensors, int words, long capacityBytes)
    {
        _placed = placed;
        _words = words;
        _offsets = new long[tensors];
        _sharing = new ulong[tensors * words];
        Array.Fill(_offsets, NoPlace);
        foreach (PlacedTensor a in placed)
        {
            int tensor = a.Lifetime.Tensor.Index;
            _offsets[tensor] = a.OffsetBytes;
            if (a.OffsetBytes + a.ReservedBytes > capacityBytes)
            {
                throw new OutOfMemoryBytesException(
                    $"'{a.Lifetime.Tensor.Name}' at offset {a.OffsetBytes} of the arena", a.ReservedBytes, capacityBytes, capacityBytes);
            }

            foreach (PlacedTensor b in placed)
            {
                int other = b.Lifetime.Tensor.Index;
                if (other != tensor && a.OffsetBytes < b.OffsetBytes + b.ReservedBytes && b.OffsetBytes < a.OffsetBytes + a.ReservedBytes)
                {
                    _sharing[(tensor * words) + (other / 64)] |= 1UL << other;
                }
            }
        }
    }

    public override long LargestFreeBlockBytes => 0;

    public override long Place(int tensor, long reservedBytes, ReadOnlySpan<ulong> live)
    {
        ReadOnlySpan<ulong> sharing = _sharing.AsSpan(tensor * _words, _words);
        ref ulong a = ref MemoryMarshal.GetReference(sharing);
        ref ulong b = ref MemoryMarshal.GetReference(live);
        for (nuint word = 0; word < (nuint)live.Length; word += 8)
        {
            if (Vector512.BitwiseAnd(Vector512.LoadUnsafe(ref a, word), Vector512.LoadUnsafe(ref b, word)) != Vector512<ulong>.Zero)
            {
                throw Taken(tensor, sharing, live);
            }
        }

        return _offsets[tensor];
    }

    public override void Release(long offsetBytes, long reservedBytes)
    {
    }

    public override void Clear()
    {
    }

    private CheckFailedException Taken(int tensor, ReadOnlySpan<ulong> sharing, ReadOnlySpan<ulong> live)
    {
        int word = 0;
        while ((sharing[word] & live[word]) == 0)
        {
            word++;
        }

        int other = (word * 64) + BitOperations.TrailingZeroCount(sharing[word] & live[word]);
        return new CheckFailedException($"the plan places '{NameOf(tensor)}' on bytes of '{NameOf(other)}', which is still live");
    }

    private string NameOf(int tensor) => _placed.First(placed => placed.Lifetime.Tensor.Index == tensor).Lifetime.Tensor.Name;
}
