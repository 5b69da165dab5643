using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Recognises the ways in which nearly all warps access memory: lane after lane without a gap, or all lanes at one address.</summary>
internal static unsafe class AddressPatterns
{
    /// <summary>The lanes of the mask follow each other without a gap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsRun(uint exec)
    {
        unchecked
        {
            uint run = exec >> BitOperations.TrailingZeroCount(exec);
            return (run & (run + 1)) == 0;
        }
    }

    /// <summary>Every executing lane's address lies the given number of bytes behind its neighbour's; 0: all are equal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsStrided(ulong* addresses, uint exec, ulong stride)
    {
        unchecked
        {
            int first = BitOperations.TrailingZeroCount(exec);
            Vector512<ulong> expected = Vector512.Create(addresses[first] - ((ulong)first * stride))
                + (Vector512.Create(0UL, 1, 2, 3, 4, 5, 6, 7) * Vector512.Create(stride));
            Vector512<ulong> step = Vector512.Create(8 * stride);
            uint equal = 0;
            for (int k = 0; k < Warp.Lanes; k += 8)
            {
                equal |= (uint)Vector512.Equals(Vector512.Load(addresses + k), expected).ExtractMostSignificantBits() << k;
                expected += step;
            }

            return (equal & exec) == exec;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsStrided(uint* addresses, uint exec, uint stride)
    {
        unchecked
        {
            int first = BitOperations.TrailingZeroCount(exec);
            Vector512<uint> expected = Vector512.Create(addresses[first] - ((uint)first * stride))
                + (Vector512.Create(0U, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) * Vector512.Create(stride));
            uint equal = (uint)Vector512.Equals(Vector512.Load(addresses), expected).ExtractMostSignificantBits();
            expected += Vector512.Create(16 * stride);
            equal |= (uint)Vector512.Equals(Vector512.Load(addresses + 16), expected).ExtractMostSignificantBits() << 16;
            return (equal & exec) == exec;
        }
    }
}
