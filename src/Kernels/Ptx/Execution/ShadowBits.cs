using System.Numerics;
using System.Runtime.CompilerServices;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Ranges of bits in a bitmap that several threads set at once. Bits are only ever set while a kernel runs.</summary>
internal static unsafe class ShadowBits
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AllSet(ulong* bits, ulong first, ulong count)
    {
        unchecked
        {
            ulong* word = bits + (first >> 6);
            int shift = (int)first & 63;
            ulong mask = Mask(shift, count);
            ulong left = count - Math.Min(count, 64UL - (uint)shift);
            if ((*word & mask) != mask)
            {
                return false;
            }

            while (left != 0)
            {
                word++;
                mask = left >= 64 ? ulong.MaxValue : (1UL << (int)left) - 1;
                if ((*word & mask) != mask)
                {
                    return false;
                }

                left -= Math.Min(left, 64UL);
            }

            return true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(ulong* bits, ulong first, ulong count)
    {
        unchecked
        {
            ulong* word = bits + (first >> 6);
            int shift = (int)first & 63;
            SetWord(word, Mask(shift, count));
            ulong left = count - Math.Min(count, 64UL - (uint)shift);
            while (left != 0)
            {
                word++;
                SetWord(word, left >= 64 ? ulong.MaxValue : (1UL << (int)left) - 1);
                left -= Math.Min(left, 64UL);
            }
        }
    }

    /// <summary>Only between launches: neighbouring bits are rewritten without a lock.</summary>
    public static void Clear(ulong* bits, ulong first, ulong count)
    {
        unchecked
        {
            ulong* word = bits + (first >> 6);
            int shift = (int)first & 63;
            *word &= ~Mask(shift, count);
            ulong left = count - Math.Min(count, 64UL - (uint)shift);
            word++;
            ulong whole = left >> 6;
            NativeFill(word, whole);
            word += whole;
            if ((left & 63) != 0)
            {
                *word &= ~((1UL << (int)(left & 63)) - 1);
            }
        }
    }

    public static long PopCount(ulong* bits, ulong first, ulong count)
    {
        unchecked
        {
            ulong* word = bits + (first >> 6);
            int shift = (int)first & 63;
            long sum = BitOperations.PopCount(*word & Mask(shift, count));
            ulong left = count - Math.Min(count, 64UL - (uint)shift);
            while (left != 0)
            {
                word++;
                sum += BitOperations.PopCount(*word & (left >= 64 ? ulong.MaxValue : (1UL << (int)left) - 1));
                left -= Math.Min(left, 64UL);
            }

            return sum;
        }
    }

    /// <summary>The first bit of the range that is not set; the range's end where all are.</summary>
    public static ulong FirstClear(ulong* bits, ulong first, ulong count)
    {
        unchecked
        {
            ulong end = first + count;
            for (ulong bit = first; bit < end;)
            {
                ulong clear = ~bits[bit >> 6] >> (int)(bit & 63);
                if (clear == 0)
                {
                    bit = (bit | 63) + 1;
                    continue;
                }

                return Math.Min(end, bit + (ulong)BitOperations.TrailingZeroCount(clear));
            }

            return end;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mask(int shift, ulong count) => unchecked(count >= 64 ? ulong.MaxValue << shift : ((1UL << (int)count) - 1) << shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SetWord(ulong* word, ulong mask)
    {
        if ((*word & mask) == mask)
        {
            return;
        }

        if (mask == ulong.MaxValue)
        {
            *word = mask;
        }
        else
        {
            Interlocked.Or(ref *word, mask);
        }
    }

    private static void NativeFill(ulong* words, ulong count)
    {
        System.Runtime.InteropServices.NativeMemory.Clear(words, checked((nuint)count * 8));
    }
}
