namespace Harness.Kernels.Ptx.Execution;

// f32 arithmetic with .rz, .rm, .rp: the exact result, or one rounded to odd, in double precision, and then one rounding in the direction.

internal interface IDirection
{
    static abstract RoundingMode Mode { get; }
}

internal readonly struct TowardZero : IDirection
{
    public static RoundingMode Mode => RoundingMode.Zero;
}

internal readonly struct Downward : IDirection
{
    public static RoundingMode Mode => RoundingMode.Down;
}

internal readonly struct Upward : IDirection
{
    public static RoundingMode Mode => RoundingMode.Up;
}

internal static class Directed
{
    public static float Sum<TDirection>(double a, double b)
        where TDirection : IDirection
    {
        double sum = Rounding.AddToOdd(a, b);

        // An exact zero from numbers of opposite signs is -0 when rounding down (IEEE 754, 6.3).
        if (sum == 0 && TDirection.Mode == RoundingMode.Down && (a != 0 || b != 0 || double.IsNegative(a) != double.IsNegative(b)))
        {
            return -0f;
        }

        return Canonical.Of(Rounding.ToSingle(sum, TDirection.Mode));
    }
}

internal readonly struct DirectedAdd<TDirection> : IScalarBinary<float, float, float>
    where TDirection : IDirection
{
    public static float Invoke(float a, float b) => Directed.Sum<TDirection>(a, b);
}

internal readonly struct DirectedSubtract<TDirection> : IScalarBinary<float, float, float>
    where TDirection : IDirection
{
    public static float Invoke(float a, float b) => Directed.Sum<TDirection>(a, -(double)b);
}

internal readonly struct DirectedMultiply<TDirection> : IScalarBinary<float, float, float>
    where TDirection : IDirection
{
    public static float Invoke(float a, float b) => Canonical.Of(Rounding.ToSingle((double)a * b, TDirection.Mode));
}

internal readonly struct DirectedDivide<TDirection> : IScalarBinary<float, float, float>
    where TDirection : IDirection
{
    public static float Invoke(float a, float b) => Canonical.Of(Rounding.ToSingle(Rounding.DivideToOdd(a, b), TDirection.Mode));
}

internal readonly struct DirectedFusedMultiplyAdd<TDirection> : IScalarTernary<float, float, float, float>
    where TDirection : IDirection
{
    public static float Invoke(float a, float b, float c) => Directed.Sum<TDirection>((double)a * b, c);
}

internal readonly struct DirectedSquareRoot<TDirection> : IScalarUnary<float, float>
    where TDirection : IDirection
{
    public static float Invoke(float a) => Canonical.Of(Rounding.ToSingle(Rounding.SquareRootToOdd(a), TDirection.Mode));
}

internal readonly struct DirectedReciprocal<TDirection> : IScalarUnary<float, float>
    where TDirection : IDirection
{
    public static float Invoke(float a) => Canonical.Of(Rounding.ToSingle(Rounding.DivideToOdd(1, a), TDirection.Mode));
}

internal readonly struct FlushedScalar2<TOp> : IScalarBinary<float, float, float>
    where TOp : IScalarBinary<float, float, float>
{
    public static float Invoke(float a, float b) => FloatRules.Flush(TOp.Invoke(FloatRules.Flush(a), FloatRules.Flush(b)));
}

internal readonly struct FlushedScalar3<TOp> : IScalarTernary<float, float, float, float>
    where TOp : IScalarTernary<float, float, float, float>
{
    public static float Invoke(float a, float b, float c) =>
        FloatRules.Flush(TOp.Invoke(FloatRules.Flush(a), FloatRules.Flush(b), FloatRules.Flush(c)));
}

internal readonly struct SaturatedScalar2<TOp> : IScalarBinary<float, float, float>
    where TOp : IScalarBinary<float, float, float>
{
    public static float Invoke(float a, float b)
    {
        float value = TOp.Invoke(a, b);
        return !(value > 0) ? 0 : Math.Min(value, 1);
    }
}

internal readonly struct SaturatedScalar3<TOp> : IScalarTernary<float, float, float, float>
    where TOp : IScalarTernary<float, float, float, float>
{
    public static float Invoke(float a, float b, float c)
    {
        float value = TOp.Invoke(a, b, c);
        return !(value > 0) ? 0 : Math.Min(value, 1);
    }
}
