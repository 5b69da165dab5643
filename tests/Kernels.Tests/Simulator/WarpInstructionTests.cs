using System.Numerics;
using Harness.Kernels.Devices;
using Xunit;
using static Harness.Kernels.Tests.Simulator.InstructionOracle;

namespace Harness.Kernels.Tests.Simulator;

/// <summary>Instructions in which lanes see each other, 16-bit formats, vector accesses, local and generic addresses, atomics of many blocks.</summary>
public sealed class WarpInstructionTests
{
    private const string Begin = """
        .reg .b16 %h<9>; .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .f32 %f<9>; .reg .pred %p<9>;
        ld.param.u64 %rd1, [x];
        mov.u32 %r1, %tid.x;
        mul.wide.u32 %rd2, %r1, 4;
        add.u64 %rd2, %rd1, %rd2;
        mov.u32 %r2, 0;

        """;

    private static uint[] Run(string body, int threads = 32)
    {
        using var kernel = new OneKernel(".param .u64 x", Begin + body + "\nst.global.u32 [%rd2], %r2;");
        ulong x = kernel.Buffer("x", threads * 4);
        kernel.Launch(new Dim3(1), new Dim3(threads), x);
        return kernel.Read<uint>(x, threads);
    }

    private static void Computes(Func<int, uint> expected, string body) => Assert.Equal(Enumerable.Range(0, 32).Select(expected), Run(body));

    [Theory]
    [InlineData("up", 3, 0x0000)]
    [InlineData("up", 9, 0x1000)]
    [InlineData("down", 5, 0x001F)]
    [InlineData("down", 3, 0x181F)]
    [InlineData("bfly", 16, 0x001F)]
    [InlineData("bfly", 5, 0x181F)]
    [InlineData("idx", 7, 0x001F)]
    [InlineData("idx", 2, 0x1C1F)]
    public void Shuffles(string mode, int offset, int control)
    {
        int segment = (control >> 8) & 31;
        int clamp = control & 31;
        Computes(
            lane =>
            {
                int last = (lane & segment) | (clamp & ~segment);
                int source = mode switch { "up" => lane - offset, "down" => lane + offset, "bfly" => lane ^ offset, _ => (lane & segment) | (offset & ~segment) };
                bool inside = mode == "up" ? source >= last : source <= last;
                return (uint)(((inside ? source : lane) * 10) + (inside ? 1 : 0));
            },
            $"mul.lo.u32 %r3, %r1, 10; shfl.sync.{mode}.b32 %r2|%p1, %r3, {offset}, {control}, 0xffffffff; @%p1 add.u32 %r2, %r2, 1;");
    }

    [Fact]
    public void Votes() => Computes(
        lane => 0x11111111u + 2,
        """
        and.b32 %r3, %r1, 3; setp.eq.u32 %p1, %r3, 0; vote.sync.ballot.b32 %r2, %p1, 0xffffffff;
        vote.sync.any.pred %p2, %p1, 0xffffffff; vote.sync.all.pred %p3, %p1, 0xffffffff; vote.sync.uni.pred %p4, !%p3, 0xffffffff;
        @%p2 add.u32 %r2, %r2, 1; @%p3 add.u32 %r2, %r2, 8; @%p4 add.u32 %r2, %r2, 1;
        """);

    [Fact]
    public void Matches_and_reductions() => Computes(
        lane => Enumerable.Range(0, 32).Where(k => k % 5 == lane % 5).Aggregate(0u, (mask, k) => mask | (1u << k)) ^ 496 ^ 31,
        """
        rem.u32 %r3, %r1, 5; match.any.sync.b32 %r2, %r3, 0xffffffff; redux.sync.add.u32 %r4, %r1, 0xffffffff; redux.sync.max.s32 %r5, %r1, 0xffffffff;
        xor.b32 %r2, %r2, %r4; xor.b32 %r2, %r2, %r5;
        """);

    [Fact]
    public void Lane_masks() => Computes(
        lane => unchecked((1u << lane) - 1) ^ (uint)lane,
        "mov.u32 %r3, %lanemask_lt; mov.u32 %r4, %laneid; xor.b32 %r2, %r3, %r4;");

    [Fact]
    public void Local_memory_belongs_to_a_thread() => Computes(
        lane => (uint)((lane * 7) + 3),
        """
        .local .align 4 .b8 depot[64]; mov.u64 %rd3, depot; cvta.local.u64 %rd4, %rd3; and.b32 %r3, %r1, 7; mul.wide.u32 %rd5, %r3, 4; add.u64 %rd6, %rd4, %rd5;
        mad.lo.u32 %r4, %r1, 7, 3; st.u32 [%rd6], %r4; add.u64 %rd7, %rd3, %rd5; ld.local.u32 %r2, [%rd7];
        """);

    [Fact]
    public void Generic_addresses_of_different_spaces_in_one_load() => Computes(
        lane => lane % 2 == 0 ? 5u : (uint)lane,
        """
        .shared .align 4 .b32 s; mov.u32 %r3, s; st.shared.u32 [%r3], 5; st.global.u32 [%rd2], %r1; mov.u64 %rd3, s; cvta.shared.u64 %rd3, %rd3;
        and.b32 %r4, %r1, 1; setp.eq.u32 %p1, %r4, 0; selp.b64 %rd4, %rd3, %rd2, %p1; ld.u32 %r2, [%rd4];
        """);

    [Fact]
    public void Narrow_loads_extend_by_their_type()
    {
        using var kernel = new OneKernel(".param .u64 x, .param .u64 y", Begin + """
            ld.param.u64 %rd9, [y]; cvt.u64.u32 %rd3, %r1; add.u64 %rd4, %rd9, %rd3; add.u64 %rd5, %rd4, %rd3;
            ld.global.s8 %r3, [%rd4]; ld.global.u8 %r4, [%rd4]; ld.global.s16 %r5, [%rd5]; ld.global.u16 %rd6, [%rd5]; cvt.u32.u64 %r6, %rd6;
            add.u32 %r2, %r3, %r4; add.u32 %r2, %r2, %r5; add.u32 %r2, %r2, %r6; st.global.u32 [%rd2], %r2;
            """);
        byte[] bytes = [.. Enumerable.Range(0, 64).Select(k => unchecked((byte)(k * 37)))];
        ulong x = kernel.Buffer("x", 128);
        kernel.Launch(new Dim3(1), new Dim3(32), x, kernel.In("y", bytes));
        Assert.Equal(
            Enumerable.Range(0, 32).Select(k => unchecked((uint)((sbyte)bytes[k] + bytes[k] + BitConverter.ToInt16(bytes, 2 * k) + BitConverter.ToUInt16(bytes, 2 * k)))),
            kernel.Read<uint>(x, 32));
    }

    [Theory]
    [InlineData(32)]
    [InlineData(27)]
    [InlineData(1)]
    public void Vector_accesses_of_four(int threads)
    {
        using var kernel = new OneKernel(".param .u64 x, .param .u64 y", Begin + """
            ld.param.u64 %rd9, [y]; mul.wide.u32 %rd3, %r1, 16; add.u64 %rd4, %rd9, %rd3; add.u64 %rd5, %rd1, %rd3;
            ld.global.v4.u32 {%r3, %r4, %r5, %r6}, [%rd4]; st.global.v4.u32 [%rd5], {%r6, %r3, %r5, %r4};
            """);
        uint[] y = [.. Enumerable.Range(0, threads * 4).Select(k => (uint)(k * k))];
        ulong x = kernel.Buffer("x", threads * 16);
        DeviceCounters cost = kernel.Launch(new Dim3(1), new Dim3(threads), x, kernel.In("y", y));
        Assert.Equal(Enumerable.Range(0, threads * 4).Select(k => y[(k / 4 * 4) + new[] { 3, 0, 2, 1 }[k % 4]]), kernel.Read<uint>(x, threads * 4));
        Assert.Equal((threads * 16L, threads * 16L), (cost.BytesRead, cost.BytesWritten));
    }

    [Theory]
    [InlineData("add.u32", 2000u * 3)]
    [InlineData("max.u32", 1999u)]
    [InlineData("inc.u32", 2000u % 8)]
    [InlineData("or.b32", 2047u)]
    public void Atomics_of_many_blocks(string operation, uint expected)
    {
        using var kernel = new OneKernel(".param .u64 x", Begin + $"""
            mov.u32 %r3, %ctaid.x; mad.lo.u32 %r4, %r3, 100, %r1;
            {(operation[0] == 'a' ? "mov.u32 %r4, 3;" : operation[0] == 'i' ? "mov.u32 %r4, 7;" : "")}
            red.global.{operation} [%rd1], %r4;
            """, workers: 2);
        ulong x = kernel.In("x", 0u);
        kernel.Launch(new Dim3(20), new Dim3(100), x);
        Assert.Equal(expected, kernel.Read<uint>(x, 1)[0]);
    }

    [Fact]
    public void An_atomic_float_sum_of_integers_is_exact()
    {
        using var kernel = new OneKernel(".param .u64 x", Begin + "cvt.rn.f32.u32 %f1, %r1; atom.global.add.f32 %f2, [%rd1], %f1;", workers: 2);
        ulong x = kernel.In("x", 0f);
        kernel.Launch(new Dim3(64), new Dim3(128), x);
        Assert.Equal(64f * (127 * 64), kernel.Read<float>(x, 1)[0]);
    }

    [Theory]
    [InlineData("add.f16")]
    [InlineData("mul.f16")]
    [InlineData("fma.rn.f16")]
    [InlineData("max.f16")]
    public void Sixteen_bit_floats_round_once(string operation)
    {
        uint[] values = [0, 0x8000, 0x3C00, 0xBC00, 1, 0x8001, 0x3FF, 0x400, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7FFF, 0x3555, 0x3C01, 0x1400, 0x6BFF];
        string operands = operation[0] == 'f' ? "z, x, y, w" : "z, x, y";
        Check(
            $"{{ .reg .b16 x, y, z, w; cvt.u16.u32 x, A; cvt.u16.u32 y, B; cvt.u16.u32 w, C; {operation} {operands}; cvt.u32.u16 D, z; }}",
            ["b32", "b32", "b32", "b32"], values, values, operation[0] == 'f' ? values : [0],
            (a, b, c) =>
            {
                (Half x, Half y, Half z) = (Half16(a), Half16(b), Half16(c));
                Half result = operation[0] switch
                {
                    'a' => x + y,
                    'm' when operation[1] == 'u' => x * y,
                    'f' => Half.FusedMultiplyAdd(x, y, z),
                    _ => Half.MaxNumber(x, y),
                };
                return Half.IsNaN(result) ? 0x7FFFu : BitConverter.HalfToUInt16Bits(result);
            });

        static Half Half16(uint bits) => BitConverter.UInt16BitsToHalf((ushort)bits);
    }

    [Fact]
    public void Conversions_to_and_from_sixteen_bits()
    {
        Check(
            "{ .reg .b16 x; cvt.rn.f16.f32 x, A; cvt.u32.u16 D, x; }", ["b32", "b32", "b32", "b32"], Floats, [0], [0],
            (a, _, _) => float.IsNaN(a) ? 0x7FFFu : BitConverter.HalfToUInt16Bits((Half)a));
        Check(
            "{ .reg .b16 x; cvt.rn.bf16.f32 x, A; cvt.u32.u16 D, x; }", ["b32", "b32", "b32", "b32"], Floats, [0], [0],
            (a, _, _) => float.IsNaN(a) ? 0x7FFFu : unchecked((ushort)((BitConverter.SingleToUInt32Bits(a) + 0x7FFF + ((BitConverter.SingleToUInt32Bits(a) >> 16) & 1)) >> 16)));
        Check(
            "cvt.rn.f16x2.f32 D, A, B", ["b32", "b32", "b32", "b32"], Floats, [1.5f, -0f], [0],
            (a, b, _) => ((float.IsNaN(a) ? 0x7FFFu : BitConverter.HalfToUInt16Bits((Half)a)) << 16) | BitConverter.HalfToUInt16Bits((Half)b));
    }

    [Fact]
    public void Conversions_of_64_bits()
    {
        Check("cvt.rzi.s64.f64 D, A", ["b64", "b64", "b64", "b64"], Doubles, [0], [0], (a, _, _) => double.IsNaN(a) ? 0 : unchecked((ulong)(a >= 9.3e18 ? long.MaxValue : a <= -9.2e18 ? long.MinValue : (long)a)));
        Check("cvt.rzi.u64.f64 D, A", ["b64", "b64", "b64", "b64"], Doubles, [0], [0], (a, _, _) => double.IsNaN(a) || a < 0 ? 0 : a >= 1.8446744073709552e19 ? ulong.MaxValue : (ulong)a);
        Check("cvt.rn.f64.s64 D, A", ["b64", "b64", "b64", "b64"], Longs, [0], [0], (a, _, _) => Bits((double)unchecked((long)a)));
        Check("cvt.rn.f64.u64 D, A", ["b64", "b64", "b64", "b64"], Longs, [0], [0], (a, _, _) => Bits((double)a));
        Check("cvt.rn.f32.u64 D, A", ["b32", "b64", "b64", "b64"], Longs, [0], [0], (a, _, _) => Bits((float)a));
        Check("cvt.rn.f32.f64 D, A", ["b32", "b64", "b64", "b64"], Doubles, [0], [0], (a, _, _) => Bits((float)a));
        Check("cvt.u32.u64 D, A", ["b32", "b64", "b64", "b64"], Longs, [0], [0], (a, _, _) => a & 0xFFFFFFFF);
        Check("cvt.s64.s32 D, A", ["b64", "b32", "b64", "b64"], Integers, [0], [0], (a, _, _) => unchecked((ulong)(int)a));
        Check("mul.wide.s32 D, A, A", ["b64", "b32", "b64", "b64"], Integers, [0], [0], (a, _, _) => unchecked((ulong)((long)(int)a * (int)a)));
        Check("popc.b64 D, A", ["b32", "b64", "b64", "b64"], Longs, [0], [0], (a, _, _) => (uint)BitOperations.PopCount(a));
    }
}
