using System.Numerics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>A 16-bit floating-point format: exact in double precision one way, rounded once the other.</summary>
internal interface IHalfFormat
{
    static abstract double Widen(ushort bits);

    static abstract ushort Narrow(double value);
}

internal readonly struct Binary16 : IHalfFormat
{
    public static double Widen(ushort bits) => (double)BitConverter.UInt16BitsToHalf(bits);

    public static ushort Narrow(double value) => double.IsNaN(value) ? (ushort)0x7FFF : BitConverter.HalfToUInt16Bits((Half)value);
}

internal readonly struct BFloat16 : IHalfFormat
{
    public static double Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static ushort Narrow(double value) => Rounding.ToBFloat16(value, RoundingMode.Nearest);
}

/// <summary>An operation in double precision whose result, exact or rounded to odd, is then rounded to 16 bits.</summary>
internal interface IHalfOp
{
    static abstract double Invoke(double a, double b, double c);
}

internal readonly struct HalfAdd : IHalfOp
{
    public static double Invoke(double a, double b, double c) => Rounding.AddToOdd(a, b);
}

internal readonly struct HalfSubtract : IHalfOp
{
    public static double Invoke(double a, double b, double c) => Rounding.AddToOdd(a, -b);
}

internal readonly struct HalfMultiply : IHalfOp
{
    public static double Invoke(double a, double b, double c) => a * b;
}

internal readonly struct HalfFusedMultiplyAdd : IHalfOp
{
    public static double Invoke(double a, double b, double c) => Rounding.AddToOdd(a * b, c);
}

internal readonly struct HalfMinimum : IHalfOp
{
    public static double Invoke(double a, double b, double c) => double.MinNumber(a, b);
}

internal readonly struct HalfMaximum : IHalfOp
{
    public static double Invoke(double a, double b, double c) => double.MaxNumber(a, b);
}

internal readonly struct HalfMinimumNaN : IHalfOp
{
    public static double Invoke(double a, double b, double c) => Math.Min(a, b);
}

internal readonly struct HalfMaximumNaN : IHalfOp
{
    public static double Invoke(double a, double b, double c) => Math.Max(a, b);
}

internal readonly struct HalfExponential2 : IHalfOp
{
    public static double Invoke(double a, double b, double c) => double.Exp2(a);
}

internal readonly struct HalfHyperbolicTangent : IHalfOp
{
    public static double Invoke(double a, double b, double c) => Math.Tanh(a);
}

internal readonly struct HalfNegate : IHalfOp
{
    public static double Invoke(double a, double b, double c) => -a;
}

internal readonly struct HalfAbsolute : IHalfOp
{
    public static double Invoke(double a, double b, double c) => Math.Abs(a);
}

/// <summary>Handlers of the 16-bit formats, one number a lane or two (<c>f16x2</c>).</summary>
internal static unsafe class HalfHandlers
{
    public const int Saturates = 1;
    public const int Relu = 2;
    public const int Flushes = 4;

    public static Instruction* One<TOp, TFormat>(Warp* w, Instruction* i)
        where TOp : IHalfOp
        where TFormat : IHalfFormat
    {
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ushort a = LaneMask.Get<ushort>(w->Registers + i->A, lane);
            ushort b = LaneMask.Get<ushort>(w->Registers + i->B, lane);
            ushort c = LaneMask.Get<ushort>(w->Registers + i->C, lane);
            LaneMask.Set(w->Registers + i->D, lane, Apply<TOp, TFormat>(a, b, c, i->Mode));
        }

        return i + 1;
    }

    public static Instruction* Two<TOp, TFormat>(Warp* w, Instruction* i)
        where TOp : IHalfOp
        where TFormat : IHalfFormat
    {
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            LaneMask.Set(w->Registers + i->D, lane, Pair<TOp, TFormat>(
                LaneMask.Get<uint>(w->Registers + i->A, lane), LaneMask.Get<uint>(w->Registers + i->B, lane),
                LaneMask.Get<uint>(w->Registers + i->C, lane), i->Mode));
        }

        return i + 1;
    }

    public static uint Pair<TOp, TFormat>(uint a, uint b, uint c, int mode)
        where TOp : IHalfOp
        where TFormat : IHalfFormat
    {
        unchecked
        {
            uint low = Apply<TOp, TFormat>((ushort)a, (ushort)b, (ushort)c, mode);
            uint high = Apply<TOp, TFormat>((ushort)(a >> 16), (ushort)(b >> 16), (ushort)(c >> 16), mode);
            return (high << 16) | low;
        }
    }

    public static ushort Apply<TOp, TFormat>(ushort a, ushort b, ushort c, int mode)
        where TOp : IHalfOp
        where TFormat : IHalfFormat
    {
        bool flushes = (mode & Flushes) != 0;
        double value = TOp.Invoke(Operand<TFormat>(a, flushes), Operand<TFormat>(b, flushes), Operand<TFormat>(c, flushes));
        if ((mode & Saturates) != 0)
        {
            value = !(value > 0) ? 0 : Math.Min(value, 1);
        }
        else if ((mode & Relu) != 0 && !(value > 0) && !double.IsNaN(value))
        {
            value = 0;
        }

        ushort result = TFormat.Narrow(value);
        return flushes && (result & 0x7C00) == 0 ? (ushort)(result & 0x8000) : result;
    }

    private static double Operand<TFormat>(ushort bits, bool flushes)
        where TFormat : IHalfFormat => TFormat.Widen(flushes && (bits & 0x7C00) == 0 ? (ushort)(bits & 0x8000) : bits);
}

/// <summary>The same operations as atomic ones.</summary>
internal readonly struct AtomicHalf<TOp, TFormat> : IAtomic<ushort>
    where TOp : IHalfOp
    where TFormat : IHalfFormat
{
    public static ushort Invoke(ushort old, ushort b, ushort c) => HalfHandlers.Apply<TOp, TFormat>(old, b, 0, 0);
}

internal readonly struct AtomicHalfPair<TOp, TFormat> : IAtomic<uint>
    where TOp : IHalfOp
    where TFormat : IHalfFormat
{
    public static uint Invoke(uint old, uint b, uint c) => HalfHandlers.Pair<TOp, TFormat>(old, b, 0, 0);
}
