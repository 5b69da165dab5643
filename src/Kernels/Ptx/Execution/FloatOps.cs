using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

// Floating-point arithmetic rounded to nearest even, f32 and f64 (PTX ISA, section "Floating Point Instructions"). A NaN result is the
// canonical quiet NaN, so that results do not depend on the host's choice of payload.

internal static class FloatRules
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Canonical<T>(Vector512<T> a)
        where T : unmanaged
    {
        Vector512<T> nan = typeof(T) == typeof(float)
            ? Vector512.Create(0x7FFF_FFFFU).As<uint, T>()
            : Vector512.Create(0x7FF8_0000_0000_0000UL).As<ulong, T>();
        return Vector512.ConditionalSelect(Vector512.Equals(a, a), a, nan);
    }

    /// <summary>Subnormal numbers become zeros of their sign (<c>.ftz</c>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Flush(Vector512<float> a)
    {
        Vector512<uint> sign = a.AsUInt32() & Vector512.Create(0x8000_0000U);
        Vector512<uint> subnormal = Vector512.Equals(a.AsUInt32() & Vector512.Create(0x7F80_0000U), Vector512<uint>.Zero);
        return Vector512.ConditionalSelect(subnormal, sign, a.AsUInt32()).AsSingle();
    }

    public static float Flush(float a) => float.IsSubnormal(a) ? MathF.CopySign(0, a) : a;

    /// <summary>Clamped to [0, 1]; a NaN becomes +0 (<c>.sat</c>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Saturate<T>(Vector512<T> a)
        where T : unmanaged
    {
        // Comparisons with NaN are false, and so is -0 > 0: both end as +0.
        Vector512<T> positive = Vector512.ConditionalSelect(Vector512.GreaterThan(a, Vector512<T>.Zero), a, Vector512<T>.Zero);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(positive, Vector512<T>.One), Vector512<T>.One, positive);
    }
}

internal readonly struct FloatAdd<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => FloatRules.Canonical(a + b);
}

internal readonly struct FloatSubtract<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => FloatRules.Canonical(a - b);
}

internal readonly struct FloatMultiply<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => FloatRules.Canonical(a * b);
}

internal readonly struct FloatDivide<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => FloatRules.Canonical(a / b);
}

internal readonly struct FloatSquareRoot<T> : IUnary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a) => FloatRules.Canonical(Vector512.Sqrt(a));
}

internal readonly struct FloatReciprocal<T> : IUnary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a) => FloatRules.Canonical(Vector512<T>.One / a);
}

/// <summary>One rounding of a * b + c.</summary>
internal readonly struct FusedMultiplyAdd<T> : ITernary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b, Vector512<T> c) => FloatRules.Canonical(
        typeof(T) == typeof(float)
            ? Vector512.FusedMultiplyAdd(a.As<T, float>(), b.As<T, float>(), c.As<T, float>()).As<float, T>()
            : Vector512.FusedMultiplyAdd(a.As<T, double>(), b.As<T, double>(), c.As<T, double>()).As<double, T>());
}

/// <summary>The number where one operand is NaN; -0 is less than +0.</summary>
internal readonly struct FloatMinimum<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => FloatRules.Canonical(Vector512.MinNumber(a, b));
}

internal readonly struct FloatMaximum<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => FloatRules.Canonical(Vector512.MaxNumber(a, b));
}

/// <summary><c>min.NaN</c>: NaN where either operand is.</summary>
internal readonly struct FloatMinimumNaN<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => FloatRules.Canonical(Vector512.Min(a, b));
}

internal readonly struct FloatMaximumNaN<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => FloatRules.Canonical(Vector512.Max(a, b));
}

/// <summary>The sign bit turned, NaN or not.</summary>
internal readonly struct FloatNegate<T> : IUnary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a) => -a;
}

internal readonly struct FloatAbsolute<T> : IUnary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a) => Vector512.Abs(a);
}

/// <summary>A copy of magnitude b and the sign of a (<c>copysign</c>).</summary>
internal readonly struct CopySign<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => Vector512.CopySign(b, a);
}

/// <summary><c>.ftz</c>: subnormal operands and results are flushed.</summary>
internal readonly struct Flushed1<TOp> : IUnary<float>
    where TOp : IUnary<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Invoke(Vector512<float> a) => FloatRules.Flush(TOp.Invoke(FloatRules.Flush(a)));
}

internal readonly struct Flushed2<TOp> : IBinary<float>
    where TOp : IBinary<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Invoke(Vector512<float> a, Vector512<float> b) =>
        FloatRules.Flush(TOp.Invoke(FloatRules.Flush(a), FloatRules.Flush(b)));
}

internal readonly struct Flushed3<TOp> : ITernary<float>
    where TOp : ITernary<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Invoke(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        FloatRules.Flush(TOp.Invoke(FloatRules.Flush(a), FloatRules.Flush(b), FloatRules.Flush(c)));
}

/// <summary><c>.sat</c>: the result clamped to [0, 1].</summary>
internal readonly struct Saturated1<TOp, T> : IUnary<T>
    where TOp : IUnary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a) => FloatRules.Saturate(TOp.Invoke(a));
}

internal readonly struct Saturated2<TOp, T> : IBinary<T>
    where TOp : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => FloatRules.Saturate(TOp.Invoke(a, b));
}

internal readonly struct Saturated3<TOp, T> : ITernary<T>
    where TOp : ITernary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b, Vector512<T> c) => FloatRules.Saturate(TOp.Invoke(a, b, c));
}
