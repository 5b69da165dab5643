namespace Harness.Kernels.Ptx.Execution;

/// <summary>The four directions of the PTX ISA, and ties away from zero for <c>.rna</c>.</summary>
internal enum RoundingMode
{
    Nearest,
    Zero,
    Down,
    Up,
    NearestAway,
}

/// <summary>
/// Rounding in a given direction. Sums are first rounded to odd in double precision (53 bits, the last bit set where the result is
/// inexact), from which any narrower format rounds correctly in any direction (Boldo and Melquiond 2008).
/// </summary>
internal static class Rounding
{
    public static float ToSingle(double value, RoundingMode mode)
    {
        float nearest = (float)value;
        return mode switch
        {
            RoundingMode.Zero when Math.Abs((double)nearest) > Math.Abs(value) => value > 0 ? MathF.BitDecrement(nearest) : MathF.BitIncrement(nearest),
            RoundingMode.Down when nearest > value => MathF.BitDecrement(nearest),
            RoundingMode.Up when nearest < value => MathF.BitIncrement(nearest),
            _ => nearest,
        };
    }

    public static Half ToHalf(double value, RoundingMode mode)
    {
        var nearest = (Half)value;
        double back = (double)nearest;
        return mode switch
        {
            RoundingMode.Zero when Math.Abs(back) > Math.Abs(value) => value > 0 ? Half.BitDecrement(nearest) : Half.BitIncrement(nearest),
            RoundingMode.Down when back > value => Half.BitDecrement(nearest),
            RoundingMode.Up when back < value => Half.BitIncrement(nearest),
            _ => nearest,
        };
    }

    /// <summary>Bits of the bfloat16.</summary>
    public static ushort ToBFloat16(double value, RoundingMode mode)
    {
        if (double.IsNaN(value))
        {
            return 0x7FFF;
        }

        // Towards zero in f32 first, with the last bit set where bits were lost: the second rounding then sees which side the value is on.
        float toZero = ToSingle(value, RoundingMode.Zero);
        uint bits = BitConverter.SingleToUInt32Bits(toZero) | (toZero == value || float.IsInfinity(toZero) ? 0U : 1U);
        bool negative = (bits >> 31) != 0;
        uint lost = bits & 0xFFFF;
        uint kept = bits >> 16;
        bool up = mode switch
        {
            RoundingMode.Nearest => lost > 0x8000 || (lost == 0x8000 && (kept & 1) != 0),
            RoundingMode.NearestAway => lost >= 0x8000,
            RoundingMode.Down => negative && lost != 0,
            RoundingMode.Up => !negative && lost != 0,
            _ => false,
        };
        return (ushort)(kept + (up ? 1U : 0U));
    }

    public static double ToInteger(double value, RoundingMode mode) => mode switch
    {
        RoundingMode.Nearest => Math.Round(value, MidpointRounding.ToEven),
        RoundingMode.Zero => Math.Truncate(value),
        RoundingMode.Down => Math.Floor(value),
        RoundingMode.Up => Math.Ceiling(value),
        _ => Math.Round(value, MidpointRounding.AwayFromZero),
    };

    /// <summary>a + b rounded to odd.</summary>
    public static double AddToOdd(double a, double b)
    {
        double sum = a + b;
        double other = sum - a;
        double error = (a - (sum - other)) + (b - other);
        return ToOdd(sum, error);
    }

    /// <summary>a / b rounded to odd; a and b have at most 24 bits.</summary>
    public static double DivideToOdd(double a, double b)
    {
        double quotient = a / b;
        if (!double.IsFinite(quotient) || b == 0 || !double.IsFinite(b))
        {
            return quotient;
        }

        double remainder = Math.FusedMultiplyAdd(-quotient, b, a);
        return ToOdd(quotient, b < 0 ? -remainder : remainder);
    }

    public static double SquareRootToOdd(double a)
    {
        double root = Math.Sqrt(a);
        return double.IsFinite(root) ? ToOdd(root, Math.FusedMultiplyAdd(-root, root, a)) : root;
    }

    /// <summary>An integer of more than 53 bits rounded to odd.</summary>
    public static double IntegerToOdd(Int128 value)
    {
        double nearest = (double)value;
        Int128 error = value - (Int128)nearest;
        return ToOdd(nearest, (double)error);
    }

    /// <summary>The rounded result, and the exact one less the rounded.</summary>
    private static double ToOdd(double rounded, double error)
    {
        if (error == 0 || !double.IsFinite(rounded) || (BitConverter.DoubleToUInt64Bits(rounded) & 1) != 0)
        {
            return rounded;
        }

        return error > 0 ? Math.BitIncrement(rounded) : error < 0 ? Math.BitDecrement(rounded) : rounded;
    }
}
