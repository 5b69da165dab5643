using System.Numerics;
using Xunit;
using static Harness.Kernels.Tests.Simulator.InstructionOracle;

namespace Harness.Kernels.Tests.Simulator;

/// <summary>Instructions that compilers emit seldom, against formulas in C#.</summary>
public sealed class RareInstructionTests
{
    private static readonly string[] s_b32 = ["b32", "b32", "b32", "b32"];
    private static readonly string[] s_b64 = ["b64", "b64", "b32", "b32"];
    private static readonly uint[] s_counts = [0, 1, 5, 32, 64, 200, 0xFFFFFFFF];

    public static TheoryData<string, Func<uint, uint, uint, ulong>> Of32() => unchecked(new()
    {
        { "bmsk.clamp.b32 D, A, B", (a, b, _) => a > 31 || b == 0 ? 0 : (uint)(((1UL << (int)Math.Min(b, 32)) - 1) << (int)a) },
        { "bmsk.wrap.b32 D, A, B", (a, b, _) => (uint)(((1UL << (int)(b & 31)) - 1) << (int)(a & 31)) },
        { "szext.clamp.s32 D, A, B", (a, b, _) => b == 0 ? 0 : b > 31 ? a : (uint)((int)(a << (int)(32 - b)) >> (int)(32 - b)) },
        { "szext.wrap.u32 D, A, B", (a, b, _) => (b & 31) == 0 ? 0 : a & ((1u << (int)(b & 31)) - 1) },
        { "mul24.hi.u32 D, A, B", (a, b, _) => (uint)(((ulong)(a & 0xFFFFFF) * (b & 0xFFFFFF)) >> 16) },
        { "mad24.lo.s32 D, A, B, C", (a, b, c) => (uint)((long)((int)(a << 8) >> 8) * ((int)(b << 8) >> 8)) + c },
        { "sub.sat.s32 D, A, B", (a, b, _) => (uint)Math.Clamp((long)(int)a - (int)b, int.MinValue, int.MaxValue) },
        { "mad.hi.sat.s32 D, A, B, C", (a, b, c) => (uint)Math.Clamp((((long)(int)a * (int)b) >> 32) + (int)c, int.MinValue, int.MaxValue) },
        { "mad.hi.u32 D, A, B, C", (a, b, c) => (uint)(((ulong)a * b) >> 32) + c },
        { "dp2a.lo.s32.u32 D, A, B, C", (a, b, c) => (uint)(((short)a * (byte)b) + ((short)(a >> 16) * (byte)(b >> 8))) + c },
        { "dp2a.hi.u32.s32 D, A, B, C", (a, b, c) => (uint)(((ushort)a * (sbyte)(b >> 16)) + ((ushort)(a >> 16) * (sbyte)(b >> 24))) + c },
        { "prmt.b32.ecl D, A, B, C", (a, b, c) => Bytes(a, k => Math.Max(k, (int)(c & 3))) },
        { "prmt.b32.ecr D, A, B, C", (a, b, c) => Bytes(a, k => Math.Min(k, (int)(c & 3))) },
        { "prmt.b32.rc8 D, A, B, C", (a, b, c) => Bytes(a, k => (int)(c & 3)) },
        { "slct.f32.f32 D, A, B, C", (a, b, c) => BitConverter.UInt32BitsToSingle(c) >= 0 ? a : b },
        { "shf.l.clamp.b32 D, A, B, C", (a, b, c) => c > 31 ? a : (uint)((((ulong)b << 32) | a) << (int)c >> 32) },
        { "shf.r.wrap.b32 D, A, B, C", (a, b, c) => (uint)((((ulong)b << 32) | a) >> (int)(c & 31)) },
        { "copysign.f32 D, A, B", (a, b, _) => (b & 0x7FFFFFFF) | (a & 0x80000000) },
        { "{ .reg .pred p; testp.finite.f32 p, A; selp.b32 D, 1, 0, p; }", (a, _, _) => (a & 0x7F800000) != 0x7F800000 ? 1u : 0 },
        { "{ .reg .pred p; testp.subnormal.f32 p, A; selp.b32 D, 1, 0, p; }", (a, _, _) => (a & 0x7F800000) == 0 && (a & 0x7FFFFF) != 0 ? 1u : 0 },
        { "{ .reg .b16 x, y; mov.b32 {x, y}, A; mov.b32 D, {y, x}; }", (a, _, _) => BitOperations.RotateLeft(a, 16) },
        { "{ .reg .pred p, q; setp.gt.u32 p, A, B; setp.lt.u32 q, B, C; not.pred q, q; and.pred p, p, q; not.pred q, q; xor.pred q, p, q; not.pred q, q; selp.b32 D, 1, 0, q; }", (a, b, c) => ((a > b) && !(b < c)) ^ (b < c) ? 0u : 1 },
    });

    [Theory]
    [MemberData(nameof(Of32), DisableDiscoveryEnumeration = true)]
    public void Of_32_bits(string instruction, Func<uint, uint, uint, ulong> expected) => Check(instruction, s_b32, Integers, Integers, Integers, expected);

    public static TheoryData<string, Func<ulong, uint, uint, ulong>> Of64() => unchecked(new()
    {
        { "shl.b64 D, A, B", (a, b, _) => b > 63 ? 0 : a << (int)b },
        { "shr.s64 D, A, B", (a, b, _) => (ulong)((long)a >> (int)Math.Min(b, 63)) },
        { "shr.u64 D, A, B", (a, b, _) => b > 63 ? 0 : a >> (int)b },
        { "brev.b64 D, A", (a, _, _) => Enumerable.Range(0, 64).Aggregate(0UL, (r, k) => r | (((a >> k) & 1) << (63 - k))) },
        { "bfe.u64 D, A, B, C", (a, b, c) => (b & 255) > 63 ? 0 : (a >> (int)(b & 255)) & ((c & 255) > 63 ? ulong.MaxValue : (1UL << (int)(c & 255)) - 1) },
        { "bfi.b64 D, A, A, B, C", (a, b, c) => Inserted(a, b & 255, c & 255) },
        { "{ .reg .b32 x; clz.b64 x, A; cvt.u64.u32 D, x; }", (a, _, _) => (ulong)BitOperations.LeadingZeroCount(a) },
        { "{ .reg .b32 x; bfind.s64 x, A; cvt.u64.u32 D, x; }", (a, _, _) => a is 0 or ulong.MaxValue ? uint.MaxValue : (ulong)BitOperations.Log2((long)a < 0 ? ~a : a) },
        { "mad.lo.s64 D, A, A, A", (a, _, _) => (a * a) + a },
        { "abs.s64 D, A", (a, _, _) => (long)a < 0 ? 0 - a : a },
        { "{ .reg .b32 x, y; mov.b64 {x, y}, A; mov.b64 D, {y, x}; }", (a, _, _) => BitOperations.RotateLeft(a, 32) },
        { "mul.wide.u32 D, B, C", (_, b, c) => (ulong)b * c },
        { "mad.wide.s32 D, B, C, A", (a, b, c) => (ulong)((long)(int)b * (int)c) + a },
    });

    [Theory]
    [MemberData(nameof(Of64), DisableDiscoveryEnumeration = true)]
    public void Of_64_bits(string instruction, Func<ulong, uint, uint, ulong> expected) => Check(instruction, s_b64, Longs, Integers, s_counts, expected);

    /// <summary>The exact result lies on the side that the direction allows, within one step, and is met where f32 can hold it.</summary>
    [Theory]
    [InlineData("div", "rz")]
    [InlineData("div", "rm")]
    [InlineData("div", "rp")]
    [InlineData("mul", "rz")]
    [InlineData("mul", "rp")]
    public void Directed_rounding_of_f32(string operation, string mode) =>
        Check($"{operation}.{mode}.f32 D, A, B", s_b32, Floats, Floats, [0f], (a, b, _) => Bits(Directed(operation, mode, a, b)));

    private static float Directed(string operation, string mode, float a, float b)
    {
        float nearest = operation == "div" ? a / b : a * b;
        if (float.IsNaN(nearest) || !float.IsFinite(a) || !float.IsFinite(b) || (operation == "div" && b == 0) || a == 0 || b == 0)
        {
            return nearest;
        }

        // Sign of exact - nearest, from whole numbers: a, b in units of 2^-149, nearest too.
        BigInteger x = Units(a);
        BigInteger y = Units(b);
        bool negative = (a < 0) != (b < 0);
        bool away = mode == "rp" ? !negative : mode == "rm" && negative;
        if (float.IsInfinity(nearest))
        {
            return away ? nearest : negative ? float.MinValue : float.MaxValue;
        }

        BigInteger n = BigInteger.Abs(Units(nearest));
        (BigInteger exact, BigInteger rounded) = operation == "div" ? (BigInteger.Abs(x) << 149, n * BigInteger.Abs(y)) : (BigInteger.Abs(x * y), n << 149);
        int side = exact.CompareTo(rounded);
        float magnitude = MathF.Abs(nearest);
        magnitude = side > 0 && away ? MathF.BitIncrement(magnitude) : side < 0 && !away ? MathF.BitDecrement(magnitude) : magnitude;
        return negative ? -magnitude : magnitude;
    }

    private static BigInteger Units(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        int exponent = (bits >> 23) & 255;
        BigInteger mantissa = (bits & 0x7FFFFF) | (exponent == 0 ? 0 : 0x800000);
        mantissa <<= Math.Max(exponent, 1) - 1;
        return bits < 0 ? -mantissa : mantissa;
    }

    private static ulong Bytes(uint a, Func<int, int> selected) => Enumerable.Range(0, 4).Aggregate(0u, (r, k) => r | (((a >> (8 * selected(k))) & 255) << (8 * k)));

    private static ulong Inserted(ulong a, uint position, uint length)
    {
        ulong result = a;
        for (int k = 0; k < length && position + k < 64; k++)
        {
            int at = (int)position + k;
            result = (result & ~(1UL << at)) | (((a >> k) & 1) << at);
        }

        return result;
    }
}
