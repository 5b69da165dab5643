using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

// Integer arithmetic of the PTX ISA, section "Integer Arithmetic Instructions". Vector forms for 32 and 64 bits; INumber forms, lane by lane, for
// the rest. Everything wraps.

internal readonly struct Move<T> : IUnary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a) => a;
}

internal readonly struct Add<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => a + b;
}

internal readonly struct Subtract<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => a - b;
}

internal readonly struct MultiplyLow<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => a * b;
}

internal readonly struct MultiplyAddLow<T> : ITernary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b, Vector512<T> c) => (a * b) + c;
}

/// <summary>Minimum of integers; floating point has its own rules.</summary>
internal readonly struct Minimum<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => Vector512.Min(a, b);
}

internal readonly struct Maximum<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => Vector512.Max(a, b);
}

internal readonly struct Negate<T> : IUnary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a) => Vector512<T>.Zero - a;
}

internal readonly struct Absolute<T> : IUnary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a) => Vector512.ConditionalSelect(Vector512.LessThan(a, Vector512<T>.Zero), Vector512<T>.Zero - a, a);
}

internal readonly struct And<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => a & b;
}

internal readonly struct Or<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => a | b;
}

internal readonly struct Xor<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => a ^ b;
}

internal readonly struct Not<T> : IUnary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a) => ~a;
}

/// <summary><c>cnot</c>: 1 where the operand is zero.</summary>
internal readonly struct LogicalNot<T> : IScalarUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Invoke(T a) => T.IsZero(a) ? T.One : T.Zero;
}

internal readonly struct Add1<T> : IScalarBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Invoke(T a, T b) => unchecked(a + b);
}

internal readonly struct Subtract1<T> : IScalarBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Invoke(T a, T b) => unchecked(a - b);
}

internal readonly struct MultiplyLow1<T> : IScalarBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Invoke(T a, T b) => unchecked(a * b);
}

internal readonly struct MultiplyAddLow1<T> : IScalarTernary<T, T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Invoke(T a, T b, T c) => unchecked((a * b) + c);
}

internal readonly struct Minimum1<T> : IScalarBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Invoke(T a, T b) => a < b ? a : b;
}

internal readonly struct Maximum1<T> : IScalarBinary<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static T Invoke(T a, T b) => a > b ? a : b;
}

internal readonly struct Negate1<T> : IScalarUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Invoke(T a) => unchecked(T.Zero - a);
}

internal readonly struct Absolute1<T> : IScalarUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Invoke(T a) => a < T.Zero ? unchecked(T.Zero - a) : a;
}

/// <summary>Division by zero may give any value (PTX ISA, <c>div</c>): all ones here. The lowest number divided by -1 wraps.</summary>
internal readonly struct Divide<T> : IScalarBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, T b) => T.IsZero(b) ? ~T.Zero : b == ~T.Zero && T.IsNegative(b) ? unchecked(T.Zero - a) : a / b;
}

/// <summary>Remainder by zero may give any value: all ones here.</summary>
internal readonly struct Remainder<T> : IScalarBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, T b) => T.IsZero(b) ? ~T.Zero : b == ~T.Zero && T.IsNegative(b) ? T.Zero : a % b;
}

/// <summary>The product in twice the width: <c>mul.wide</c>.</summary>
internal readonly struct MultiplyWide<T, TWide> : IScalarBinary<T, T, TWide>
    where T : unmanaged, IBinaryInteger<T>
    where TWide : unmanaged, IBinaryInteger<TWide>
{
    public static TWide Invoke(T a, T b) => unchecked(TWide.CreateTruncating(a) * TWide.CreateTruncating(b));
}

/// <summary><c>mad.wide</c>.</summary>
internal readonly struct MultiplyAddWide<T, TWide> : IScalarTernary<T, T, TWide, TWide>
    where T : unmanaged, IBinaryInteger<T>
    where TWide : unmanaged, IBinaryInteger<TWide>
{
    public static TWide Invoke(T a, T b, TWide c) => unchecked((TWide.CreateTruncating(a) * TWide.CreateTruncating(b)) + c);
}

/// <summary>The upper half of the product: <c>mul.hi</c>.</summary>
internal readonly struct MultiplyHigh<T, TWide> : IScalarBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
    where TWide : unmanaged, IBinaryInteger<TWide>
{
    public static T Invoke(T a, T b) =>
        unchecked(T.CreateTruncating((TWide.CreateTruncating(a) * TWide.CreateTruncating(b)) >> (Unsafe.SizeOf<T>() * 8)));
}

/// <summary><c>mad.hi</c>.</summary>
internal readonly struct MultiplyAddHigh<T, TWide> : IScalarTernary<T, T, T, T>
    where T : unmanaged, IBinaryInteger<T>
    where TWide : unmanaged, IBinaryInteger<TWide>
{
    public static T Invoke(T a, T b, T c) => unchecked(MultiplyHigh<T, TWide>.Invoke(a, b) + c);
}

/// <summary>The low 24 bits multiplied; bits 0 to 31 of the 48 (<c>mul24.lo</c>).</summary>
internal readonly struct Multiply24Low<T> : IScalarBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, T b) => unchecked(T.CreateTruncating(Product(a, b)));

    /// <summary>48 bits, sign-extended for signed types.</summary>
    public static long Product(T a, T b)
    {
        unchecked
        {
            T left = (a << 8) >> 8;
            T right = (b << 8) >> 8;
            return long.CreateTruncating(left) * long.CreateTruncating(right);
        }
    }
}

/// <summary>Bits 16 to 47 of the 48 (<c>mul24.hi</c>).</summary>
internal readonly struct Multiply24High<T> : IScalarBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, T b) => unchecked(T.CreateTruncating(Multiply24Low<T>.Product(a, b) >> 16));
}

/// <summary><c>add.sat.s32</c>.</summary>
internal readonly struct AddSaturate : IScalarBinary<int, int, int>
{
    public static int Invoke(int a, int b) => (int)Math.Clamp((long)a + b, int.MinValue, int.MaxValue);
}

/// <summary><c>sub.sat.s32</c>.</summary>
internal readonly struct SubtractSaturate : IScalarBinary<int, int, int>
{
    public static int Invoke(int a, int b) => (int)Math.Clamp((long)a - b, int.MinValue, int.MaxValue);
}

/// <summary><c>mad.hi.sat.s32</c>.</summary>
internal readonly struct MultiplyAddHighSaturate : IScalarTernary<int, int, int, int>
{
    public static int Invoke(int a, int b, int c) => (int)Math.Clamp((((long)a * b) >> 32) + c, int.MinValue, int.MaxValue);
}

/// <summary><c>sad</c>: c + |a - b|.</summary>
internal readonly struct SumOfAbsoluteDifference<T> : IScalarTernary<T, T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, T b, T c) => unchecked(c + (a < b ? b - a : a - b));
}

/// <summary><c>dp4a</c>: four products of bytes and a sum.</summary>
internal readonly struct DotProduct4<TA, TB> : IScalarTernary<uint, uint, uint, uint>
    where TA : unmanaged, IBinaryInteger<TA>
    where TB : unmanaged, IBinaryInteger<TB>
{
    public static uint Invoke(uint a, uint b, uint c)
    {
        unchecked
        {
            int sum = (int)c;
            for (int k = 0; k < 32; k += 8)
            {
                sum += int.CreateTruncating(TA.CreateTruncating(a >> k)) * int.CreateTruncating(TB.CreateTruncating(b >> k));
            }

            return (uint)sum;
        }
    }
}

/// <summary><c>dp2a.lo</c> and <c>.hi</c>: two halves of a times two bytes of b.</summary>
internal readonly struct DotProduct2<TA, TB, THigh> : IScalarTernary<uint, uint, uint, uint>
    where TA : unmanaged, IBinaryInteger<TA>
    where TB : unmanaged, IBinaryInteger<TB>
{
    public static uint Invoke(uint a, uint b, uint c)
    {
        unchecked
        {
            uint bytes = typeof(THigh) == typeof(High) ? b >> 16 : b;
            int first = int.CreateTruncating(TA.CreateTruncating(a)) * int.CreateTruncating(TB.CreateTruncating(bytes));
            int second = int.CreateTruncating(TA.CreateTruncating(a >> 16)) * int.CreateTruncating(TB.CreateTruncating(bytes >> 8));
            return (uint)((int)c + first + second);
        }
    }
}

internal readonly struct Low;

internal readonly struct High;
