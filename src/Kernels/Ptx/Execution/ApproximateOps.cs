using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

// The .approx instructions. A GPU's results are not specified bit for bit; these stay inside the PTX ISA's error bounds, with room:
//
//   instruction      bound of the ISA                     here
//   rcp, div, sqrt   1 ulp, 2 ulp, 2^-23 relative         correctly rounded
//   rsqrt            2^-22.9 relative                     2^-23.4 (two roundings)
//   ex2              2^-22.5 relative                     2^-23 (polynomial of degree 6 in f32)
//   lg2              2^-22.6 absolute or relative         2^-23 (computed in double precision)
//   sin, cos         2^-20.5 absolute in [-pi, pi]        2^-24 (double precision)
//   tanh             2^-10.987 relative                   2^-23 (double precision)

/// <summary><c>rsqrt.approx</c>.</summary>
internal readonly struct ReciprocalSquareRoot<T> : IUnary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a) => FloatRules.Canonical(Vector512<T>.One / Vector512.Sqrt(a));
}

/// <summary><c>ex2.approx.f32</c>: 2^a = 2^n * 2^f with n the nearest integer and f in [-1/2, 1/2].</summary>
internal readonly struct Exponential2 : IUnary<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Invoke(Vector512<float> a)
    {
        unchecked
        {
            // Beyond these bounds the result is +inf or 0 in any case; NaN passes through the polynomial.
            Vector512<float> x = Vector512.ConditionalSelect(
                Vector512.Equals(a, a), Vector512.MinNative(Vector512.MaxNative(a, Vector512.Create(-160f)), Vector512.Create(160f)), a);
            Vector512<float> shifter = Vector512.Create(12582912f); // 1.5 * 2^23: adding it rounds to an integer
            Vector512<float> shifted = x + shifter;
            Vector512<float> n = shifted - shifter;
            Vector512<float> f = x - n;

            // (2^f - 1) / f interpolated at the Chebyshev points of [-1/2, 1/2]; with these f32 coefficients the error is below 2^-26.7.
            Vector512<float> p = Vector512.Create(0.000154531634f);
            p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.00133908633f));
            p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.00961808302f));
            p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.0555035695f));
            p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.240226507f));
            p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.693147182f));
            p = Vector512.FusedMultiplyAdd(p, f, Vector512<float>.One);

            // 2^n in two factors, so that the result may be subnormal (rounded once) or infinite.
            Vector512<int> exponent = shifted.AsInt32() - shifter.AsInt32();
            Vector512<int> half = exponent >> 1;
            Vector512<float> first = ((half + Vector512.Create(127)) << 23).AsSingle();
            Vector512<float> second = ((exponent - half + Vector512.Create(127)) << 23).AsSingle();
            return FloatRules.Canonical(p * first * second);
        }
    }
}

internal readonly struct Logarithm2 : IScalarUnary<float, float>
{
    public static float Invoke(float a) => Canonical.Of((float)Math.Log2(a));
}

internal readonly struct Sine : IScalarUnary<float, float>
{
    public static float Invoke(float a) => Canonical.Of((float)Math.Sin(a));
}

internal readonly struct Cosine : IScalarUnary<float, float>
{
    public static float Invoke(float a) => Canonical.Of((float)Math.Cos(a));
}

internal readonly struct HyperbolicTangent : IScalarUnary<float, float>
{
    public static float Invoke(float a) => Canonical.Of((float)Math.Tanh(a));
}

/// <summary><c>rcp.approx.ftz.f64</c> and <c>rsqrt.approx.ftz.f64</c>: only the upper 32 bits of the operand count and of the result are given.</summary>
internal readonly struct ReciprocalHigh : IScalarUnary<double, double>
{
    public static double Invoke(double a) => UpperHalf.Of(1 / UpperHalf.Of(a));
}

internal readonly struct ReciprocalSquareRootHigh : IScalarUnary<double, double>
{
    public static double Invoke(double a) => UpperHalf.Of(1 / Math.Sqrt(UpperHalf.Of(a)));
}

internal static class UpperHalf
{
    /// <summary>The number with its lower 32 bits zero; subnormals become zeros.</summary>
    public static double Of(double a) => double.IsSubnormal(a)
        ? Math.CopySign(0, a)
        : BitConverter.UInt64BitsToDouble(BitConverter.DoubleToUInt64Bits(a) & 0xFFFF_FFFF_0000_0000);
}

internal static class Canonical
{
    public static float Of(float a) => float.IsNaN(a) ? BitConverter.UInt32BitsToSingle(0x7FFF_FFFF) : a;

    public static double Of(double a) => double.IsNaN(a) ? BitConverter.UInt64BitsToDouble(0x7FF8_0000_0000_0000) : a;
}

/// <summary><c>.ftz</c> for a lane-by-lane operation.</summary>
internal readonly struct FlushedScalar1<TOp> : IScalarUnary<float, float>
    where TOp : IScalarUnary<float, float>
{
    public static float Invoke(float a) => FloatRules.Flush(TOp.Invoke(FloatRules.Flush(a)));
}
