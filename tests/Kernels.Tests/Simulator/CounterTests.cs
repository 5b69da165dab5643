using Harness.Kernels.Devices;
using Xunit;

namespace Harness.Kernels.Tests.Simulator;

/// <summary>What a launch counts: instructions a lane, bytes of device memory a lane, each byte of a buffer once in its touch.</summary>
public sealed class CounterTests
{
    [Fact]
    public void Lanes_that_a_guard_or_a_branch_leaves_out_do_not_count()
    {
        using var kernel = new OneKernel(
            ".param .u64 x, .param .u64 y",
            """
            .reg .b32 %r<5>; .reg .b64 %rd<5>; .reg .f32 %f<4>; .reg .pred %p<3>;
            ld.param.u64 %rd1, [x];
            ld.param.u64 %rd2, [y];
            mov.u32 %r1, %tid.x;
            mul.wide.u32 %rd3, %r1, 4;
            add.u64 %rd1, %rd1, %rd3;
            add.u64 %rd2, %rd2, %rd3;
            setp.ge.u32 %p1, %r1, 10;
            @%p1 bra END;
            ld.global.f32 %f1, [%rd1];
            setp.lt.u32 %p2, %r1, 4;
            @%p2 add.f32 %f1, %f1, %f1;
            st.global.f32 [%rd2], %f1;
            END:
            """);
        ulong x = kernel.In("x", new float[32]);
        ulong y = kernel.Buffer("y", 128);
        DeviceCounters cost = kernel.Launch(new Dim3(3), new Dim3(32), x, y);

        // Eight instructions up to the branch and the return for all, the load, the comparison and the store for ten, the sum for four.
        Assert.Equal(new DeviceCounters(1, 3 * ((9 * 32) + (3 * 10) + 4), 3 * 40, 3 * 40), cost);
    }
}
