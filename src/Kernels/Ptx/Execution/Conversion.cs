using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>What one <c>cvt</c> does (PTX ISA, "cvt").</summary>
/// <param name="ToIntegral">the rounding is to an integer (<c>.rni</c> ...), also between floating-point types</param>
internal readonly record struct Conversion(PtxType To, PtxType From, RoundingMode Mode, bool ToIntegral, bool Saturates, bool Flushes, bool Relu)
{
    /// <summary>Fits the handler's immediate.</summary>
    public long Pack() =>
        (long)To | ((long)From << 8) | ((long)Mode << 16) | (ToIntegral ? 1L << 24 : 0) | (Saturates ? 1L << 25 : 0) | (Flushes ? 1L << 26 : 0) | (Relu ? 1L << 27 : 0);

    public static Conversion Unpack(long bits) => new(
        (PtxType)(bits & 255), (PtxType)((bits >> 8) & 255), (RoundingMode)((bits >> 16) & 255),
        (bits & (1L << 24)) != 0, (bits & (1L << 25)) != 0, (bits & (1L << 26)) != 0, (bits & (1L << 27)) != 0);

    /// <summary>The result's bits; integers are extended to 64 bits by their sign or zeros.</summary>
    public ulong Of(ulong bits)
    {
        unchecked
        {
            if (From.IsFloat())
            {
                double value = Float(bits, From);
                value = Flushes && From == PtxType.F32 ? FloatRules.Flush((float)value) : value;
                return To.IsFloat() ? FromFloat(value, bits) : Integer(value);
            }

            Int128 integer = From switch
            {
                PtxType.U8 or PtxType.B8 => (byte)bits,
                PtxType.S8 => (sbyte)bits,
                PtxType.U16 or PtxType.B16 => (ushort)bits,
                PtxType.S16 => (short)bits,
                PtxType.U32 or PtxType.B32 => (uint)bits,
                PtxType.S32 => (int)bits,
                PtxType.S64 => (long)bits,
                _ => bits,
            };
            if (!To.IsFloat())
            {
                return Truncated(Saturates ? Int128.Clamp(integer, Lowest(To), Highest(To)) : integer);
            }

            return To == PtxType.F64 ? BitConverter.DoubleToUInt64Bits(ToDouble(integer)) : FloatBits(Rounding.IntegerToOdd(integer));
        }
    }

    private ulong FromFloat(double value, ulong bits)
    {
        if (Relu && !(value > 0))
        {
            value = double.IsNaN(value) ? value : 0;
        }

        if (ToIntegral)
        {
            value = Rounding.ToInteger(value, Mode);
        }

        if (Saturates)
        {
            value = !(value > 0) ? 0 : Math.Min(value, 1);
        }

        if (To == PtxType.F64 && From == PtxType.F64 && double.IsNaN(value))
        {
            return bits;
        }

        return FloatBits(value);
    }

    private ulong FloatBits(double value)
    {
        switch (To)
        {
            case PtxType.F32:
                float single = Rounding.ToSingle(value, ToIntegral ? RoundingMode.Nearest : Mode);
                return BitConverter.SingleToUInt32Bits(Canonical.Of(Flushes ? FloatRules.Flush(single) : single));
            case PtxType.F64:
                return BitConverter.DoubleToUInt64Bits(Canonical.Of(value));
            case PtxType.F16:
                return double.IsNaN(value) ? 0x7FFFUL : BitConverter.HalfToUInt16Bits(Rounding.ToHalf(value, ToIntegral ? RoundingMode.Nearest : Mode));
            default:
                return Rounding.ToBFloat16(value, ToIntegral ? RoundingMode.Nearest : Mode);
        }
    }

    /// <summary>Clamped to the range of the type; a NaN becomes 0.</summary>
    private ulong Integer(double value)
    {
        if (double.IsNaN(value))
        {
            return 0;
        }

        double rounded = Rounding.ToInteger(value, Mode);
        return rounded <= -9.3e18 ? Truncated(Lowest(To)) : rounded >= 1.9e19 ? Truncated(Highest(To)) : Truncated(Int128.Clamp((Int128)rounded, Lowest(To), Highest(To)));
    }

    private double ToDouble(Int128 value)
    {
        double nearest = (double)value;
        var back = (Int128)nearest;
        return Mode switch
        {
            RoundingMode.Zero when Int128.Abs(back) > Int128.Abs(value) => value > 0 ? Math.BitDecrement(nearest) : Math.BitIncrement(nearest),
            RoundingMode.Down when back > value => Math.BitDecrement(nearest),
            RoundingMode.Up when back < value => Math.BitIncrement(nearest),
            _ => nearest,
        };
    }

    private ulong Truncated(Int128 value) => unchecked(To switch
    {
        PtxType.U8 or PtxType.B8 => (byte)value,
        PtxType.S8 => (ulong)(sbyte)value,
        PtxType.U16 or PtxType.B16 => (ushort)value,
        PtxType.S16 => (ulong)(short)value,
        PtxType.U32 or PtxType.B32 => (uint)value,
        PtxType.S32 => (ulong)(int)value,
        _ => (ulong)value,
    });

    public static double Float(ulong bits, PtxType type) => unchecked(type switch
    {
        PtxType.F32 => BitConverter.UInt32BitsToSingle((uint)bits),
        PtxType.F64 => BitConverter.UInt64BitsToDouble(bits),
        PtxType.F16 => (double)BitConverter.UInt16BitsToHalf((ushort)bits),
        _ => BitConverter.UInt32BitsToSingle((uint)(ushort)bits << 16),
    });

    private static bool IsSigned(PtxType type) => type is PtxType.S8 or PtxType.S16 or PtxType.S32 or PtxType.S64;

    private static Int128 Lowest(PtxType type) => IsSigned(type) ? -(Int128.One << ((type.SizeBytes() * 8) - 1)) : 0;

    private static Int128 Highest(PtxType type) => (Int128.One << ((type.SizeBytes() * 8) - (IsSigned(type) ? 1 : 0))) - 1;
}

/// <summary>Handlers of <c>cvt</c>: the frequent ones over vectors, all others lane by lane.</summary>
internal static unsafe class ConversionHandlers
{
    /// <summary>Any conversion; TFrom and TTo are the registers' elements.</summary>
    public static Instruction* Any<TFrom, TTo>(Warp* w, Instruction* i)
        where TFrom : unmanaged, IBinaryInteger<TFrom>
        where TTo : unmanaged, IBinaryInteger<TTo>
    {
        Conversion conversion = Conversion.Unpack(i->Immediate);
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ulong bits = ulong.CreateTruncating(LaneMask.Get<TFrom>(w->Registers + i->A, lane));
            LaneMask.Set(w->Registers + i->D, lane, TTo.CreateTruncating(conversion.Of(bits)));
        }

        return i + 1;
    }

    /// <summary><c>cvt.rn.f16x2.f32 d, a, b</c>: a in the upper half.</summary>
    public static Instruction* Pair(Warp* w, Instruction* i)
    {
        Conversion conversion = Conversion.Unpack(i->Immediate);
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ulong high = conversion.Of(LaneMask.Get<uint>(w->Registers + i->A, lane));
            ulong low = conversion.Of(LaneMask.Get<uint>(w->Registers + i->B, lane));
            LaneMask.Set(w->Registers + i->D, lane, (uint)((high << 16) | low));
        }

        return i + 1;
    }

    /// <summary>Low 32 bits of 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Narrow(Warp* w, Instruction* i)
    {
        unchecked
        {
            ulong* a = (ulong*)(w->Registers + i->A);
            uint* d = (uint*)(w->Registers + i->D);
            for (int k = 0; k < Warp.Lanes; k += 16)
            {
                LaneMask.Store(Vector512.Narrow(Vector512.Load(a + k) & Low32, Vector512.Load(a + k + 8) & Low32), d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    private static Vector512<ulong> Low32 => Vector512.Create(0xFFFF_FFFFUL);
}

/// <summary><c>cvt.rn.f32.s32</c>.</summary>
internal readonly struct SignedToSingle : IUnary<uint>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Invoke(Vector512<uint> a) => Vector512.ConvertToSingle(a.AsInt32()).AsUInt32();
}

/// <summary><c>cvt.rn.f32.u32</c>.</summary>
internal readonly struct UnsignedToSingle : IScalarUnary<uint, float>
{
    public static float Invoke(uint a) => a;
}

/// <summary><c>cvt.rzi.s32.f32</c>: clamped, NaN becomes 0.</summary>
internal readonly struct SingleToSigned : IScalarUnary<float, int>
{
    public static int Invoke(float a) => float.IsNaN(a) ? 0 : a >= 2147483648f ? int.MaxValue : a < -2147483648f ? int.MinValue : unchecked((int)a);
}

/// <summary><c>cvt.f32.f16</c>.</summary>
internal readonly struct HalfToSingle : IScalarUnary<ushort, float>
{
    public static float Invoke(ushort a) => Canonical.Of((float)BitConverter.UInt16BitsToHalf(a));
}

/// <summary><c>cvt.rn.f16.f32</c>.</summary>
internal readonly struct SingleToHalf : IScalarUnary<float, ushort>
{
    public static ushort Invoke(float a) => float.IsNaN(a) ? (ushort)0x7FFF : BitConverter.HalfToUInt16Bits((Half)a);
}

/// <summary><c>cvt.rna.tf32.f32</c>: 10 bits of mantissa, ties away from zero.</summary>
internal readonly struct SingleToTensorFloat : IScalarUnary<uint, uint>
{
    public static uint Invoke(uint a) => (a & 0x7F80_0000) == 0x7F80_0000 ? a : unchecked(a + 0x1000) & 0xFFFF_E000;
}
