using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

// Shifts, bit fields, permutations (PTX ISA, "Logic and Shift Instructions", "Integer Arithmetic Instructions"). Shift counts above the width
// are clamped, not wrapped.

internal readonly struct ShiftLeft<T> : IScalarBinary<T, uint, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, uint count) => count >= (uint)Unsafe.SizeOf<T>() * 8 ? T.Zero : a << (int)count;
}

/// <summary>Fills with the sign for signed types.</summary>
internal readonly struct ShiftRight<T> : IScalarBinary<T, uint, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, uint count)
    {
        int width = Unsafe.SizeOf<T>() * 8;
        return count < (uint)width ? a >> (int)count : T.IsNegative(a) ? ~T.Zero : T.Zero;
    }
}

/// <summary>Shifts of all lanes by one count, the usual case: the count is in the immediate, below the width.</summary>
internal static unsafe class UniformShifts
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Left<T>(Warp* w, Instruction* i)
        where T : unmanaged
    {
        unchecked
        {
            T* a = (T*)(w->Registers + i->A);
            T* d = (T*)(w->Registers + i->D);
            int count = (int)i->Immediate;
            for (int k = 0; k < Warp.Lanes; k += Vector512<T>.Count)
            {
                LaneMask.Store(Vector512.Load(a + k) << count, d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Right<T>(Warp* w, Instruction* i)
        where T : unmanaged
    {
        unchecked
        {
            T* a = (T*)(w->Registers + i->A);
            T* d = (T*)(w->Registers + i->D);
            int count = (int)i->Immediate;
            for (int k = 0; k < Warp.Lanes; k += Vector512<T>.Count)
            {
                LaneMask.Store(Vector512.Load(a + k) >> count, d + k, w->Exec, k);
            }

            return i + 1;
        }
    }
}

/// <summary><c>shf.l</c>: the upper half of b:a shifted left.</summary>
internal readonly struct FunnelLeft<TMode> : IScalarTernary<uint, uint, uint, uint>
{
    public static uint Invoke(uint a, uint b, uint c)
    {
        int count = typeof(TMode) == typeof(Wrap) ? (int)(c & 31) : (int)Math.Min(c, 32);
        return unchecked((uint)((((ulong)b << 32) | a) << count >> 32));
    }
}

/// <summary><c>shf.r</c>: the lower half of b:a shifted right.</summary>
internal readonly struct FunnelRight<TMode> : IScalarTernary<uint, uint, uint, uint>
{
    public static uint Invoke(uint a, uint b, uint c)
    {
        int count = typeof(TMode) == typeof(Wrap) ? (int)(c & 31) : (int)Math.Min(c, 32);
        return unchecked((uint)((((ulong)b << 32) | a) >> count));
    }
}

internal readonly struct Wrap;

internal readonly struct Clamp;

internal readonly struct PopulationCount<T> : IScalarUnary<T, uint>
    where T : unmanaged, IBinaryInteger<T>
{
    public static uint Invoke(T a) => uint.CreateTruncating(T.PopCount(a));
}

internal readonly struct CountLeadingZeros<T> : IScalarUnary<T, uint>
    where T : unmanaged, IBinaryInteger<T>
{
    public static uint Invoke(T a) => uint.CreateTruncating(T.LeadingZeroCount(a));
}

/// <summary><c>bfind</c>: position of the highest bit that is not the sign; all ones where there is none. With <c>.shiftamt</c>, how far to shift it to the top.</summary>
internal readonly struct BitFind<T, TMode> : IScalarUnary<T, uint>
    where T : unmanaged, IBinaryInteger<T>
{
    public static uint Invoke(T a)
    {
        int width = Unsafe.SizeOf<T>() * 8;
        int zeros = int.CreateTruncating(T.LeadingZeroCount(T.IsNegative(a) ? ~a : a));
        return zeros == width ? uint.MaxValue : (uint)(typeof(TMode) == typeof(High) ? zeros : width - 1 - zeros);
    }
}

internal readonly struct BitReverse<T> : IScalarUnary<T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a)
    {
        T result = T.Zero;
        for (int k = 0; k < Unsafe.SizeOf<T>() * 8; k++)
        {
            result = (result << 1) | (a & T.One);
            a >>>= 1;
        }

        return result;
    }
}

/// <summary><c>bfe</c>: field of c bits at position b, filled with the field's sign for signed types.</summary>
internal readonly struct BitFieldExtract<T> : IScalarTernary<T, uint, uint, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, uint b, uint c)
    {
        int width = Unsafe.SizeOf<T>() * 8;
        int position = (int)(b & 255);
        int length = (int)(c & 255);
        bool isSigned = T.IsNegative(~T.Zero);
        bool sign = isSigned && length != 0 && Bit(a, Math.Min(position + length - 1, width - 1));
        T result = T.Zero;
        for (int k = 0; k < width; k++)
        {
            bool bit = k < length && position + k < width ? Bit(a, position + k) : sign;
            result |= bit ? T.One << k : T.Zero;
        }

        return result;
    }

    private static bool Bit(T a, int position) => ((a >>> position) & T.One) != T.Zero;
}

/// <summary><c>bfi</c>: d bits of a put into b at position c. A fourth operand comes through <see cref="FourOperands"/>.</summary>
internal static class BitFieldInsert
{
    public static ulong Of(ulong a, ulong b, uint c, uint d, int width)
    {
        int position = (int)(c & 255);
        int length = (int)Math.Min(d & 255, (uint)Math.Max(0, width - position));
        if (length == 0)
        {
            return b;
        }

        ulong field = (length == 64 ? ulong.MaxValue : (1UL << length) - 1) << position;
        return (b & ~field) | ((a << position) & field);
    }
}

/// <summary><c>prmt</c> modes: 0 general, then f4e, b4e, rc8, ecl, ecr, rc16.</summary>
internal static class Permute
{
    public static uint Of(uint a, uint b, uint selector, int mode)
    {
        ulong bytes = ((ulong)b << 32) | a;
        uint result = 0;
        for (int k = 0; k < 4; k++)
        {
            uint s = mode == 0 ? (selector >> (k * 4)) & 15 : Selected((int)(selector & 3), k, mode);
            uint value = (uint)((bytes >> (int)((s & 7) * 8)) & 255);
            value = (s & 8) == 0 ? value : (value & 128) != 0 ? 255U : 0U;
            result |= value << (k * 8);
        }

        return result;
    }

    private static uint Selected(int s, int k, int mode) => mode switch
    {
        1 => (uint)(s + k),
        2 => (uint)((s - k) & 7),
        3 => (uint)s,
        4 => (uint)Math.Max(s, k),
        5 => (uint)Math.Min(s, k),
        _ => (uint)(((s & 1) * 2) + (k & 1)),
    };
}

/// <summary><c>lop3</c> for one lane of vectors: the table is in the immediate.</summary>
internal static unsafe class FourOperands
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Lop3(Warp* w, Instruction* i)
    {
        unchecked
        {
            uint* a = (uint*)(w->Registers + i->A);
            uint* b = (uint*)(w->Registers + i->B);
            uint* c = (uint*)(w->Registers + i->C);
            uint* d = (uint*)(w->Registers + i->D);
            for (int k = 0; k < Warp.Lanes; k += 16)
            {
                (Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) = (Vector512.Load(a + k), Vector512.Load(b + k), Vector512.Load(c + k));
                Vector512<uint> result = Vector512<uint>.Zero;
                for (int row = 0; row < 8; row++)
                {
                    if (((i->Immediate >> row) & 1) != 0)
                    {
                        result |= ((row & 4) != 0 ? x : ~x) & ((row & 2) != 0 ? y : ~y) & ((row & 1) != 0 ? z : ~z);
                    }
                }

                LaneMask.Store(result, d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    /// <summary>The fourth operand is in <see cref="Instruction.Elements"/>.</summary>
    public static Instruction* Insert<T>(Warp* w, Instruction* i)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ulong a = ulong.CreateTruncating(LaneMask.Get<T>(w->Registers + i->A, lane));
            ulong b = ulong.CreateTruncating(LaneMask.Get<T>(w->Registers + i->B, lane));
            uint c = LaneMask.Get<uint>(w->Registers + i->C, lane);
            uint e = LaneMask.Get<uint>(w->Registers + i->Elements[0], lane);
            LaneMask.Set(w->Registers + i->D, lane, T.CreateTruncating(BitFieldInsert.Of(a, b, c, e, sizeof(T) * 8)));
        }

        return i + 1;
    }

    public static Instruction* Prmt(Warp* w, Instruction* i)
    {
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            uint a = LaneMask.Get<uint>(w->Registers + i->A, lane);
            uint b = LaneMask.Get<uint>(w->Registers + i->B, lane);
            LaneMask.Set(w->Registers + i->D, lane, Permute.Of(a, b, LaneMask.Get<uint>(w->Registers + i->C, lane), i->Mode));
        }

        return i + 1;
    }
}

/// <summary><c>bmsk</c>: b ones from position a.</summary>
internal readonly struct BitMask<TMode> : IScalarBinary<uint, uint, uint>
{
    public static uint Invoke(uint a, uint b)
    {
        if (typeof(TMode) == typeof(Wrap))
        {
            return unchecked((uint)(((1UL << (int)(b & 31)) - 1) << (int)(a & 31)));
        }

        return a >= 32 || b == 0 ? 0 : unchecked((uint)((b >= 32 ? uint.MaxValue : (1U << (int)b) - 1) << (int)a));
    }
}

/// <summary><c>szext</c>: the low b bits, extended by sign or zero.</summary>
internal readonly struct ExtendFrom<T, TMode> : IScalarBinary<T, uint, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, uint b)
    {
        uint bits = typeof(TMode) == typeof(Wrap) ? b & 31 : Math.Min(b, 32);
        return bits == 0 ? T.Zero : bits == 32 ? a : (a << (int)(32 - bits)) >> (int)(32 - bits);
    }
}
