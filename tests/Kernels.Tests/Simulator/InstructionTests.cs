using System.Numerics;
using Harness.Kernels.Devices;
using Xunit;
using static Harness.Kernels.Tests.Simulator.InstructionOracle;

namespace Harness.Kernels.Tests.Simulator;

/// <summary>Instructions of the PTX ISA against formulas in C#.</summary>
public sealed class InstructionTests
{
    private static readonly uint[] s_none = [0];
    private static readonly string[] s_b32 = ["b32", "b32", "b32", "b32"];
    private static readonly string[] s_b64 = ["b64", "b64", "b64", "b64"];

    public static TheoryData<string, Func<uint, uint, uint, ulong>> Two32() => unchecked(new()
    {
        { "add.u32 D, A, B", (a, b, _) => a + b },
        { "sub.s32 D, A, B", (a, b, _) => a - b },
        { "mul.lo.s32 D, A, B", (a, b, _) => a * b },
        { "mul.hi.s32 D, A, B", (a, b, _) => (ulong)(((long)(int)a * (int)b) >> 32) },
        { "mul.hi.u32 D, A, B", (a, b, _) => ((ulong)a * b) >> 32 },
        { "mul24.lo.s32 D, A, B", (a, b, _) => (ulong)((long)((int)(a << 8) >> 8) * ((int)(b << 8) >> 8)) },
        { "div.u32 D, A, B", (a, b, _) => b == 0 ? uint.MaxValue : a / b },
        { "div.s32 D, A, B", (a, b, _) => b == 0 ? uint.MaxValue : (uint)((long)(int)a / (int)b) },
        { "rem.u32 D, A, B", (a, b, _) => b == 0 ? uint.MaxValue : a % b },
        { "rem.s32 D, A, B", (a, b, _) => b == 0 ? uint.MaxValue : (uint)((long)(int)a % (int)b) },
        { "min.s32 D, A, B", (a, b, _) => (uint)Math.Min((int)a, (int)b) },
        { "max.u32 D, A, B", (a, b, _) => Math.Max(a, b) },
        { "add.sat.s32 D, A, B", (a, b, _) => (uint)Math.Clamp((long)(int)a + (int)b, int.MinValue, int.MaxValue) },
        { "and.b32 D, A, B", (a, b, _) => a & b },
        { "xor.b32 D, A, B", (a, b, _) => a ^ b },
        { "shl.b32 D, A, B", (a, b, _) => b > 31 ? 0 : a << (int)b },
        { "shr.u32 D, A, B", (a, b, _) => b > 31 ? 0 : a >> (int)b },
        { "shr.s32 D, A, B", (a, b, _) => (uint)((int)a >> (int)Math.Min(b, 31)) },
        { "shl.b32 D, A, 5", (a, _, _) => a << 5 },
        { "shr.s32 D, A, 40", (a, _, _) => (uint)((int)a >> 31) },
        { "abs.s32 D, A", (a, _, _) => (uint)((int)a < 0 ? -(int)a : (int)a) },
        { "neg.s32 D, A", (a, _, _) => 0 - a },
        { "not.b32 D, A", (a, _, _) => ~a },
        { "cnot.b32 D, A", (a, _, _) => a == 0 ? 1u : 0 },
        { "popc.b32 D, A", (a, _, _) => (uint)BitOperations.PopCount(a) },
        { "clz.b32 D, A", (a, _, _) => (uint)BitOperations.LeadingZeroCount(a) },
        { "bfind.u32 D, A", (a, _, _) => a == 0 ? uint.MaxValue : (uint)BitOperations.Log2(a) },
        { "bfind.shiftamt.s32 D, A", (a, _, _) => a is 0 or uint.MaxValue ? uint.MaxValue : (uint)BitOperations.LeadingZeroCount((int)a < 0 ? ~a : a) },
        { "brev.b32 D, A", (a, _, _) => Enumerable.Range(0, 32).Aggregate(0u, (r, k) => r | (((a >> k) & 1) << (31 - k))) },
        { "{ .reg .pred p; setp.lt.s32 p, A, B; selp.b32 D, A, B, p; }", (a, b, _) => (int)a < (int)b ? a : b },
        { "{ .reg .pred p; setp.hi.u32 p, A, B; selp.b32 D, 1, 2, !p; }", (a, b, _) => a > b ? 2u : 1u },
        { "{ .reg .pred p, q; setp.eq.u32 q, A, 7; setp.ge.xor.s32 p|q, A, B, q; selp.b32 D, 1, 0, p; selp.b32 %i7, 2, 0, q; add.u32 D, D, %i7; }", (a, b, _) => (((int)a >= (int)b) ^ (a == 7) ? 1u : 0) + (((int)a < (int)b) ^ (a == 7) ? 2u : 0) },
        { "set.gt.u32.s32 D, A, B", (a, b, _) => (int)a > (int)b ? uint.MaxValue : 0 },
        { "set.ne.f32.u32 D, A, B", (a, b, _) => a != b ? 0x3F800000u : 0 },
        { "{ .reg .b16 x, y; cvt.u16.u32 x, A; cvt.u16.u32 y, B; add.u16 x, x, y; cvt.u32.u16 D, x; }", (a, b, _) => (ushort)(a + b) },
        { "{ .reg .b16 x, y; cvt.u16.u32 x, A; cvt.u16.u32 y, B; mul.hi.s16 x, x, y; cvt.s32.s16 D, x; }", (a, b, _) => (uint)(((short)a * (short)b) >> 16) },
        { "cvt.s32.s8 D, A", (a, _, _) => (uint)(sbyte)a },
        { "cvt.u32.u16 D, A", (a, _, _) => (ushort)a },
        { "cvt.sat.u8.s32 D, A", (a, _, _) => (uint)Math.Clamp((int)a, 0, 255) },
        { "cvt.sat.s16.u32 D, A", (a, _, _) => Math.Min(a, 32767) },
        { "cvt.rn.f32.u32 D, A", (a, _, _) => Bits((float)a) },
        { "cvt.rn.f32.s32 D, A", (a, _, _) => Bits((float)(int)a) },
        { "cvt.rz.f32.u32 D, A", (a, _, _) => Bits(TowardZero(a)) },
    });

    [Theory]
    [MemberData(nameof(Two32), DisableDiscoveryEnumeration = true)]
    public void Integer_instructions_of_32_bits(string instruction, Func<uint, uint, uint, ulong> expected)
    {
        Check(instruction, s_b32, Integers, Integers, s_none, expected);
    }

    public static TheoryData<string, Func<uint, uint, uint, ulong>> Three32() => unchecked(new()
    {
        { "mad.lo.u32 D, A, B, C", (a, b, c) => (a * b) + c },
        { "mad.hi.s32 D, A, B, C", (a, b, c) => (uint)(((long)(int)a * (int)b) >> 32) + c },
        { "sad.s32 D, A, B, C", (a, b, c) => c + (uint)Math.Abs((long)(int)a - (int)b) },
        { "sad.u32 D, A, B, C", (a, b, c) => c + (uint)Math.Abs((long)a - b) },
        { "lop3.b32 D, A, B, C, 0xE8", (a, b, c) => (a & b) | (a & c) | (b & c) },
        { "lop3.b32 D, A, B, C, 0x1B", (a, b, c) => (~a & ~b & ~c) | (~a & ~b & c) | (~a & b & c) | (a & ~b & ~c) },
        { "prmt.b32 D, A, B, C", Permuted },
        { "prmt.b32.b4e D, A, B, C", (a, b, c) => Permuted(a, b, (c & 3) switch { 0 => 0x5670, 1 => 0x6701, 2 => 0x7012, _ => 0x0123 }) },
        { "prmt.b32.f4e D, A, B, C", (a, b, c) => Permuted(a, b, (c & 3) switch { 0 => 0x3210, 1 => 0x4321, 2 => 0x5432, _ => 0x6543 }) },
        { "prmt.b32.rc16 D, A, B, C", (a, b, c) => Permuted(a, b, (c & 1) == 0 ? 0x1010u : 0x3232u) },
        { "shf.l.wrap.b32 D, A, B, C", (a, b, c) => (uint)((((ulong)b << 32) | a) << (int)(c & 31) >> 32) },
        { "shf.r.clamp.b32 D, A, B, C", (a, b, c) => (uint)((((ulong)b << 32) | a) >> (int)Math.Min(c, 32)) },
        { "bfe.u32 D, A, B, C", (a, b, c) => Field(a, b, c, false) },
        { "bfe.s32 D, A, B, C", (a, b, c) => Field(a, b, c, true) },
        { "bfi.b32 D, A, B, C, 6", (a, b, c) => (c & 255) > 31 ? b : (b & ~(63u << (int)(c & 255))) | ((a << (int)(c & 255)) & (63u << (int)(c & 255))) },
        { "slct.u32.s32 D, A, B, C", (a, b, c) => (int)c >= 0 ? a : b },
        { "dp4a.s32.s32 D, A, B, C", (a, b, c) => (uint)Enumerable.Range(0, 4).Sum(k => (sbyte)(a >> (8 * k)) * (sbyte)(b >> (8 * k))) + c },
        { "dp4a.u32.s32 D, A, B, C", (a, b, c) => (uint)Enumerable.Range(0, 4).Sum(k => (byte)(a >> (8 * k)) * (sbyte)(b >> (8 * k))) + c },
        { "{ add.cc.u32 D, A, B; addc.u32 D, C, 0; }", (a, b, c) => c + (uint)(((ulong)a + b) >> 32) },
        { "{ sub.cc.u32 D, A, B; subc.u32 D, C, 1; }", (a, b, c) => c - 1 - (a < b ? 1u : 0) },
        { "{ mad.lo.cc.u32 D, A, B, C; addc.u32 D, 0, 0; }", (a, b, c) => (uint)(((ulong)(a * b) + c) >> 32) },
    });

    [Theory]
    [MemberData(nameof(Three32), DisableDiscoveryEnumeration = true)]
    public void Integer_instructions_of_three_operands(string instruction, Func<uint, uint, uint, ulong> expected)
    {
        Check(instruction, s_b32, Integers, Integers, Integers, expected);
    }

    [Theory]
    [InlineData("add.u64 D, A, B")]
    [InlineData("sub.u64 D, A, B")]
    [InlineData("mul.lo.u64 D, A, B")]
    [InlineData("mul.hi.u64 D, A, B")]
    [InlineData("mul.hi.s64 D, A, B")]
    [InlineData("div.s64 D, A, B")]
    [InlineData("rem.u64 D, A, B")]
    [InlineData("min.s64 D, A, B")]
    [InlineData("or.b64 D, A, B")]
    public void Integer_instructions_of_64_bits(string instruction) => Check(instruction, s_b64, Longs, Longs, s_none.Select(v => (ulong)v).ToArray(), (a, b, _) => unchecked(instruction[..^8].Trim() switch
    {
        "add.u64" => a + b,
        "sub.u64" => a - b,
        "mul.lo.u64" => a * b,
        "mul.hi.u64" => (ulong)(((UInt128)a * b) >> 64),
        "mul.hi.s64" => (ulong)(((Int128)(long)a * (long)b) >> 64),
        "div.s64" => b == 0 ? ulong.MaxValue : (ulong)((Int128)(long)a / (long)b),
        "rem.u64" => b == 0 ? ulong.MaxValue : a % b,
        "min.s64" => (ulong)Math.Min((long)a, (long)b),
        _ => a | b,
    }));

    public static TheoryData<string, Func<float, float, float, ulong>> Single() => new()
    {
        { "add.f32 D, A, B", (a, b, _) => Bits(a + b) },
        { "sub.rn.f32 D, A, B", (a, b, _) => Bits(a - b) },
        { "mul.f32 D, A, B", (a, b, _) => Bits(a * b) },
        { "div.rn.f32 D, A, B", (a, b, _) => Bits(a / b) },
        { "fma.rn.f32 D, A, B, C", (a, b, c) => Bits(MathF.FusedMultiplyAdd(a, b, c)) },
        { "min.f32 D, A, B", (a, b, _) => Bits(float.MinNumber(a, b)) },
        { "max.f32 D, A, B", (a, b, _) => Bits(float.MaxNumber(a, b)) },
        { "max.NaN.f32 D, A, B", (a, b, _) => Bits(MathF.Max(a, b)) },
        { "sqrt.rn.f32 D, A", (a, _, _) => Bits(MathF.Sqrt(a)) },
        { "rcp.rn.f32 D, A", (a, _, _) => Bits(1 / a) },
        { "add.sat.f32 D, A, B", (a, b, _) => Bits(a + b is var s && s > 0 ? MathF.Min(a + b, 1) : 0f) },
        { "mul.ftz.f32 D, A, B", (a, b, _) => Bits(Flush(Flush(a) * Flush(b))) },
        { "fma.rn.ftz.f32 D, A, B, C", (a, b, c) => Bits(Flush(MathF.FusedMultiplyAdd(Flush(a), Flush(b), Flush(c)))) },
        { "cvt.rzi.s32.f32 D, A", (a, _, _) => Integral(MathF.Truncate(a), int.MinValue, int.MaxValue) },
        { "cvt.rni.s32.f32 D, A", (a, _, _) => Integral(MathF.Round(a), int.MinValue, int.MaxValue) },
        { "cvt.rmi.u32.f32 D, A", (a, _, _) => Integral(MathF.Floor(a), 0, uint.MaxValue) },
        { "cvt.rpi.f32.f32 D, A", (a, _, _) => Bits(MathF.Ceiling(a)) },
        { "cvt.sat.f32.f32 D, A", (a, _, _) => Bits(a > 0 ? MathF.Min(a, 1) : 0f) },
        { "{ .reg .pred p; setp.ltu.f32 p, A, B; selp.b32 D, 1, 0, p; }", (a, b, _) => !(a >= b) ? 1u : 0 },
        { "{ .reg .pred p; setp.ne.f32 p, A, B; selp.b32 D, 1, 0, p; }", (a, b, _) => a < b || a > b ? 1u : 0 },
        { "{ .reg .pred p; setp.nan.f32 p, A, B; selp.b32 D, 1, 0, p; }", (a, b, _) => float.IsNaN(a) || float.IsNaN(b) ? 1u : 0 },
        { "add.rz.f32 D, A, B", (a, b, _) => Exact((x, y) => x + y, a, b, 0) },
        { "add.rp.f32 D, A, B", (a, b, _) => Exact((x, y) => x + y, a, b, 1) },
        { "mul.rm.f32 D, A, B", (a, b, _) => Exact((x, y) => x * y, a, b, -1) },
    };

    [Theory]
    [MemberData(nameof(Single), DisableDiscoveryEnumeration = true)]
    public void Instructions_of_f32(string instruction, Func<float, float, float, ulong> expected) =>
        Check(instruction, s_b32, Floats, Floats, instruction.StartsWith("fma", StringComparison.Ordinal) ? Floats : [0f], expected);

    [Theory]
    [InlineData("add.f64 D, A, B")]
    [InlineData("mul.f64 D, A, B")]
    [InlineData("div.rn.f64 D, A, B")]
    [InlineData("max.f64 D, A, B")]
    [InlineData("sqrt.rn.f64 D, A")]
    public void Instructions_of_f64(string instruction) => Check(instruction, s_b64, Doubles, Doubles, [0.0], (a, b, _) => Bits(instruction[..3] switch
    {
        "add" => a + b,
        "mul" => a * b,
        "div" => a / b,
        "max" => double.MaxNumber(a, b),
        _ => Math.Sqrt(a),
    }));

    [Fact]
    public void A_fused_multiply_add_of_f64_rounds_once() =>
        Check("fma.rn.f64 D, A, B, C", s_b64, Doubles, Doubles, Doubles, (a, b, c) => Bits(Math.FusedMultiplyAdd(a, b, c)));

    /// <summary>Error bounds of the PTX ISA.</summary>
    [Theory]
    [InlineData("ex2.approx.f32", 1.8e-7)]
    [InlineData("rcp.approx.f32", 1.2e-7)]
    [InlineData("rsqrt.approx.f32", 1.28e-7)]
    [InlineData("sqrt.approx.f32", 1.2e-7)]
    [InlineData("lg2.approx.f32", 1.6e-7)]
    [InlineData("sin.approx.f32", 4.8e-7)]
    [InlineData("tanh.approx.f32", 4.9e-4)]
    public void Approximations_stay_within_the_bounds_of_the_isa(string instruction, double bound)
    {
        var random = new Random(5);
        float[] values = [.. Enumerable.Range(0, 20000).Select(_ => (float)((random.NextDouble() * 6.28) - 3.14))];
        bool positive = instruction[..2] is "rs" or "sq" or "lg";
        values = positive ? [.. values.Select(v => MathF.Abs(v) + 0.01f)] : values;
        using var kernel = new OneKernel(
            ".param .u64 x, .param .u64 y",
            $".reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .f32 %f<3>; ld.param.u64 %rd1, [x]; ld.param.u64 %rd2, [y]; mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; mad.lo.u32 %r3, %r2, 160, %r1; mul.wide.u32 %rd3, %r3, 4; add.u64 %rd1, %rd1, %rd3; add.u64 %rd2, %rd2, %rd3; ld.global.f32 %f1, [%rd1]; {instruction} %f2, %f1; st.global.f32 [%rd2], %f2;");
        ulong y = kernel.Buffer("y", values.Length * 4);
        kernel.Launch(new Dim3(values.Length / 160), new Dim3(160), kernel.In("x", values), y);
        float[] results = kernel.Read<float>(y, values.Length);
        for (int k = 0; k < values.Length; k++)
        {
            double x = values[k];
            double exact = instruction[..3] switch { "ex2" => double.Exp2(x), "rcp" => 1 / x, "rsq" => 1 / Math.Sqrt(x), "sqr" => Math.Sqrt(x), "lg2" => Math.Log2(x), "sin" => Math.Sin(x), _ => Math.Tanh(x) };
            double scale = instruction[..3] is "sin" or "lg2" ? Math.Max(1, Math.Abs(exact)) : Math.Abs(exact);
            Assert.True(Math.Abs(results[k] - exact) <= bound * scale, $"{instruction} of {x}: {results[k]}, exact {exact}");
        }
    }

    [Fact]
    public void Ex2_at_the_ends_of_its_range() => Check(
        "ex2.approx.f32 D, A", s_b32, [0f, -0f, 1f, 127f, 128f, -126f, -149f, -150.5f, -200f, 1e30f, -1e30f, float.PositiveInfinity, float.NegativeInfinity, float.NaN], [0f], [0f],
        (a, _, _) => Bits((float)double.Exp2(a)));

    private static float TowardZero(uint value)
    {
        float nearest = value;
        return (double)nearest > value ? MathF.BitDecrement(nearest) : nearest;
    }

    private static float Flush(float a) => float.IsSubnormal(a) ? MathF.CopySign(0, a) : a;

    private static ulong Integral(float value, double low, double high) => float.IsNaN(value) ? 0 : unchecked((uint)(long)Math.Clamp(value, low, high));

    /// <summary>Rounded in a direction: 0 towards zero, 1 up, -1 down. Products of f32 are exact in f64, and so are these sums where f64 says they are.</summary>
    private static ulong Exact(Func<double, double, double> operation, float a, float b, int direction)
    {
        double sum = operation(a, b);
        float nearest = (float)sum;
        if (float.IsNaN(nearest) || nearest == 0 && sum == 0)
        {
            return Bits(nearest);
        }

        // What f64 lost of a sum decides where f32 takes it for exact.
        double lost = operation(2, 3) == 5 ? (double)(new Big(a) + new Big(b)).CompareTo(sum) : 0;
        bool above = nearest > sum || (nearest == sum && lost < 0);
        bool below = nearest < sum || (nearest == sum && lost > 0);
        bool down = direction < 0 || (direction == 0 && sum > 0);
        return Bits(above && down ? MathF.BitDecrement(nearest) : below && !down ? MathF.BitIncrement(nearest) : nearest);
    }

    /// <summary>A finite number as an integer multiple of 2^-149, the smallest f32.</summary>
    private readonly record struct Big(BigInteger Units, bool Finite)
    {
        public Big(double value)
            : this(double.IsFinite(value) ? Scale(value) : 0, double.IsFinite(value))
        {
        }

        public static Big operator +(Big a, Big b) => new(a.Units + b.Units, a.Finite && b.Finite);

        public int CompareTo(double value) => Finite && double.IsFinite(value) ? Units.CompareTo(Scale(value)) : 0;

        private static BigInteger Scale(double value)
        {
            long bits = BitConverter.DoubleToInt64Bits(value);
            int exponent = (int)((bits >> 52) & 0x7FF);
            BigInteger mantissa = (bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52);
            int shift = Math.Max(exponent, 1) - 1075 + 149;
            BigInteger units = shift >= 0 ? mantissa << shift : mantissa >> -shift;
            return bits < 0 ? -units : units;
        }
    }

    private static ulong Permuted(uint a, uint b, uint c)
    {
        ulong bytes = ((ulong)b << 32) | a;
        uint result = 0;
        for (int k = 0; k < 4; k++)
        {
            uint selector = (c >> (4 * k)) & 15;
            byte value = unchecked((byte)(bytes >> (int)(8 * (selector & 7))));
            value = (selector & 8) == 0 ? value : value >= 128 ? byte.MaxValue : byte.MinValue;
            result = unchecked(result | ((uint)value << (8 * k)));
        }

        return result;
    }

    private static ulong Field(uint a, uint b, uint c, bool signed)
    {
        int position = (int)(b & 255);
        int length = (int)(c & 255);
        if (length == 0)
        {
            return 0;
        }

        long wide = signed ? unchecked((int)a) : a;
        if (position >= 32)
        {
            return signed && wide < 0 ? uint.MaxValue : 0u;
        }

        long shifted = wide >> position;
        if (length >= 32)
        {
            return unchecked((uint)shifted);
        }

        // A field that sticks out at the top takes the word's sign.
        long field = shifted & ((1L << length) - 1);
        bool sign = signed && ((shifted >> Math.Min(length - 1, 31 - position)) & 1) != 0;
        field = signed && length > 32 - position ? shifted & ((1L << (32 - position)) - 1) : field;
        int valid = Math.Min(length, 32 - position);
        return unchecked((uint)(sign ? field | (-1L << valid) : field));
    }
}
