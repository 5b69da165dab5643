using Harness.Kernels.Devices;
using Xunit;

namespace Harness.Kernels.Tests.Simulator;

/// <summary>Threads of a warp that go different ways compute what each would alone, and come together again.</summary>
public sealed class DivergenceTests
{
    private const string Begin = """
        .reg .b32 %r<20>; .reg .b64 %rd<9>; .reg .pred %p<9>;
        ld.param.u64 %rd1, [x];
        mov.u32 %r1, %tid.x;
        mul.wide.u32 %rd2, %r1, 4;
        add.u64 %rd1, %rd1, %rd2;
        mov.u32 %r2, 0;

        """;

    private static uint[] Run(string body, int threads, string module = "")
    {
        using var kernel = new OneKernel(".param .u64 x", Begin + body + "\nst.global.u32 [%rd1], %r2;", module);
        ulong x = kernel.Buffer("x", threads * 4);
        kernel.Launch(new Dim3(1), new Dim3(threads), x);
        return kernel.Read<uint>(x, threads);
    }

    private static void Computes(Func<uint, uint> expected, string body, string module = "")
    {
        foreach (int threads in new[] { 1, 31, 32, 48, 96 })
        {
            Assert.Equal(Enumerable.Range(0, threads).Select(t => expected((uint)t)), Run(body, threads, module));
        }
    }

    [Fact]
    public void Nested_conditions() => Computes(
        t => ((t & 1) != 0 ? (t & 2) != 0 ? 1u : 2u : (t & 4) != 0 ? 3u : 4u) + 100,
        """
        and.b32 %r3, %r1, 1; setp.eq.u32 %p1, %r3, 0; @%p1 bra EVEN;
        and.b32 %r3, %r1, 2; setp.eq.u32 %p2, %r3, 0; @%p2 bra A;
        mov.u32 %r2, 1; bra JOIN;
        A: mov.u32 %r2, 2; bra JOIN;
        EVEN: and.b32 %r3, %r1, 4; setp.eq.u32 %p3, %r3, 0; @!%p3 bra B;
        mov.u32 %r2, 4; bra JOIN;
        B: mov.u32 %r2, 3;
        JOIN: add.u32 %r2, %r2, 100;
        """);

    [Fact]
    public void Loops_of_different_lengths() => Computes(
        t => t * (t + 1) / 2,
        """
        mov.u32 %r3, 0;
        LOOP: add.u32 %r2, %r2, %r3; add.u32 %r3, %r3, 1; setp.le.u32 %p1, %r3, %r1; @%p1 bra LOOP;
        """);

    [Fact]
    public void Break_and_continue() => Computes(
        t =>
        {
            uint sum = 0;
            for (uint i = 0; i < 50; i++)
            {
                if (i % 3 == t % 3)
                {
                    continue;
                }

                if (i * t > 200)
                {
                    break;
                }

                sum += i;
            }

            return sum;
        },
        """
        mov.u32 %r3, 0; rem.u32 %r6, %r1, 3;
        HEAD: setp.ge.u32 %p1, %r3, 50; @%p1 bra DONE;
        rem.u32 %r4, %r3, 3; setp.eq.u32 %p2, %r4, %r6; @%p2 bra NEXT;
        mul.lo.u32 %r5, %r3, %r1; setp.gt.u32 %p3, %r5, 200; @%p3 bra DONE;
        add.u32 %r2, %r2, %r3;
        NEXT: add.u32 %r3, %r3, 1; bra HEAD;
        DONE:
        """);

    [Fact]
    public void A_loop_with_two_entrances() => Computes(
        t =>
        {
            // Even threads enter at B, odd ones at A.
            uint sum = 0;
            bool atB = t % 2 == 0;
            for (uint n = 0; ;)
            {
                if (!atB)
                {
                    sum += 1;
                }

                atB = false;
                sum += 1000;
                if (++n > t % 7)
                {
                    return sum;
                }
            }
        },
        """
        mov.u32 %r3, 0; rem.u32 %r6, %r1, 7; and.b32 %r4, %r1, 1; setp.eq.u32 %p1, %r4, 0; @%p1 bra B;
        A: add.u32 %r2, %r2, 1;
        B: add.u32 %r2, %r2, 1000; add.u32 %r3, %r3, 1; setp.le.u32 %p2, %r3, %r6; @%p2 bra A;
        """);

    [Fact]
    public void Threads_that_return_early_leave_the_others_running() => Computes(
        t => t % 3 == 0 ? 7u : 9u,
        """
        mov.u32 %r2, 7; rem.u32 %r3, %r1, 3; setp.ne.u32 %p1, %r3, 0; @%p1 bra ON;
        st.global.u32 [%rd1], %r2; ret;
        ON: mov.u32 %r2, 9;
        """);

    [Fact]
    public void Sides_come_together_before_the_next_instruction() => Computes(
        t => 0xFFFFFFFF,
        """
        setp.lt.u32 %p1, %r1, 5; @%p1 bra A; mov.u32 %r3, 1; bra J; A: mov.u32 %r3, 2;
        J: activemask.b32 %r2; popc.b32 %r4, %r2; mov.u32 %r5, %ntid.x; shr.u32 %r6, %r1, 5; shl.b32 %r6, %r6, 5; sub.u32 %r5, %r5, %r6;
        min.u32 %r5, %r5, 32; setp.eq.u32 %p2, %r4, %r5; selp.b32 %r2, 0xffffffff, 0, %p2;
        """);

    [Fact]
    public void An_indexed_branch() => Computes(
        t => (t % 4) switch { 0 => 10u, 1 => 20u, 2 => 30u, _ => 20u },
        """
        and.b32 %r3, %r1, 3;
        TABLE: .branchtargets L0, L1, L2, L1;
        brx.idx %r3, TABLE;
        L0: mov.u32 %r2, 10; bra J; L1: mov.u32 %r2, 20; bra J; L2: mov.u32 %r2, 30;
        J:
        """);

    [Fact]
    public void A_guarded_call_with_an_early_return() => Computes(
        t => (t & 1) == 0 ? 5u : t > 10 ? 2 * t : t + 1,
        """
        and.b32 %r3, %r1, 1; setp.ne.u32 %p1, %r3, 0; mov.u32 %r2, 5;
        { .param .b32 a; .param .b32 b; st.param.b32 [a], %r1; @!%p1 bra SKIP; call (b), f, (a); ld.param.b32 %r2, [b]; SKIP: }
        """,
        """
        .func (.param .b32 r) f(.param .b32 v) { .reg .b32 %q<4>; .reg .pred %p<2>; ld.param.b32 %q1, [v]; setp.gt.u32 %p1, %q1, 10; @%p1 bra BIG;
        add.u32 %q2, %q1, 1; st.param.b32 [r], %q2; ret; BIG: shl.b32 %q2, %q1, 1; st.param.b32 [r], %q2; ret; }
        """);

    [Fact]
    public void A_warp_may_wait_for_what_a_later_warp_writes()
    {
        uint[] result = Run(
            """
            .shared .align 4 .b32 flag; mov.u32 %r5, flag; setp.ne.u32 %p1, %r1, 0; @%p1 bra ON; st.volatile.shared.u32 [%r5], 0;
            ON: bar.sync 0; setp.lt.u32 %p2, %r1, 32; @%p2 bra WAIT; setp.eq.u32 %p3, %r1, 32; @%p3 st.volatile.shared.u32 [%r5], 1; bra END;
            WAIT: ld.volatile.shared.u32 %r6, [%r5]; setp.eq.u32 %p4, %r6, 0; @%p4 bra WAIT;
            END: mov.u32 %r2, 3;
            """, 64);
        Assert.All(result, value => Assert.Equal(3u, value));
    }
}
