using Harness.Kernels.Devices;
using Xunit;

namespace Harness.Kernels.Tests.Simulator;

/// <summary>Every rule that the software GPU watches, broken once: the message names line, thread, address and buffer. And the nearest lawful kernel passes.</summary>
public sealed class ViolationTests
{
    private const string Index = """
        .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .f32 %f<9>; .reg .pred %p<9>; .shared .align 16 .b8 tile[256];
        ld.param.u64 %rd1, [x];
        mov.u32 %r1, %tid.x;
        mul.wide.u32 %rd2, %r1, 4;
        add.u64 %rd3, %rd1, %rd2;
        mov.u32 %r2, tile;
        shl.b32 %r3, %r1, 2;
        add.u32 %r4, %r2, %r3;

        """;

    /// <summary>The line of the n-th line after <see cref="Index"/>, from 1.</summary>
    private static int Line(int n) => OneKernel.LinesBefore + Index.Split('\n').Length - 1 + n;

    private static CheckFailedException Fails(string body, int threads = 32, int floats = 32, int blocks = 1, bool written = true, int offset = 0)
    {
        using var kernel = new OneKernel(".param .u64 x", Index + body, workers: 2);
        ulong x = written ? kernel.In("activations.x", new float[floats]) : kernel.Buffer("activations.x", floats * 4);
        return Assert.ThrowsAny<CheckFailedException>(() => kernel.Launch(new Dim3(blocks), new Dim3(threads), x + (ulong)offset));
    }

    private static void Passes(string body, int threads = 32, int floats = 32)
    {
        using var kernel = new OneKernel(".param .u64 x", Index + body);
        kernel.Launch(new Dim3(1), new Dim3(threads), kernel.In("activations.x", new float[floats]));
    }

    private static void Says(CheckFailedException failure, int line, params string[] parts)
    {
        Assert.StartsWith($"k.ptx:{Line(line)}: ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.All(parts, part => Assert.Contains(part, failure.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_load_past_the_end_names_line_thread_and_buffer() =>
        Says(Fails("ld.global.f32 %f1, [%rd3];", floats: 30), 1, "ld.global.f32", "thread (30,0,0)", "block (0,0,0)", "activations.x", "past the end");

    [Fact]
    public void A_store_past_the_end() =>
        Says(Fails("mov.f32 %f1, 0f3F800000;\nst.global.f32 [%rd3], %f1;", floats: 31), 2, "st.global.f32", "thread (31,0,0)", "activations.x");

    [Fact]
    public void A_vector_load_that_begins_inside_and_ends_outside() =>
        Says(Fails("setp.eq.u32 %p1, %r1, 0;\n@%p1 ld.global.v4.f32 {%f1,%f2,%f3,%f4}, [%rd3+64];", floats: 18), 2, "thread (0,0,0)", "activations.x");

    [Fact]
    public void A_load_before_the_beginning() =>
        Says(Fails("ld.global.f32 %f1, [%rd3+-4];"), 1, "thread (0,0,0)", "activations.x");

    [Fact]
    public void The_null_pointer() => Says(Fails("mov.u64 %rd5, 0;\nld.global.f32 %f1, [%rd5];"), 2, "null");

    [Fact]
    public void A_misaligned_load() => Says(Fails("ld.global.f32 %f1, [%rd1+2];"), 1, "multiple", "activations.x");

    [Fact]
    public void A_vector_load_is_aligned_to_all_of_its_bytes() => Says(Fails("ld.global.v2.f32 {%f1,%f2}, [%rd1+4];"), 1, "multiple", "8 bytes");

    [Fact]
    public void Bytes_never_written() => Says(Fails("ld.global.f32 %f1, [%rd3];", written: false), 1, "never written", "thread (0,0,0)", "activations.x");

    [Fact]
    public void One_byte_not_written_among_many_is_found()
    {
        CheckFailedException failure = Fails(
            "mov.f32 %f1, 0f00000000;\nsetp.ne.u32 %p1, %r1, 17;\n@%p1 st.global.f32 [%rd3], %f1;\nld.global.f32 %f2, [%rd3];", written: false);
        Says(failure, 4, "never written", "thread (17,0,0)");
    }

    [Fact]
    public void Stores_make_bytes_readable() => Passes("mov.f32 %f1, 0f00000000;\nst.global.f32 [%rd3], %f1;\nld.global.f32 %f2, [%rd3];");

    [Fact]
    public void The_lowest_block_is_reported()
    {
        const string body = "mov.u32 %r9, %ctaid.x;\nsetp.ge.u32 %p1, %r9, 37;\n@%p1 ld.global.f32 %f1, [%rd1+4096];";
        for (int k = 0; k < 10; k++)
        {
            Says(Fails(body, blocks: 500), 3, "block (37,0,0)");
        }
    }

    [Fact]
    public void Shared_memory_out_of_bounds() => Says(Fails("ld.shared.f32 %f1, [%r4+256];"), 1, "shared", "256");

    [Fact]
    public void Shared_memory_never_written() => Says(Fails("ld.shared.f32 %f1, [%r4];"), 1, "never written", "tile");

    [Fact]
    public void Shared_memory_misaligned() => Says(Fails("mov.u32 %r9, 1;\nst.shared.u32 [%r2+2], %r9;"), 2, "multiple", "tile");

    [Fact]
    public void Shared_memory_is_new_in_every_block() =>
        Says(
            Fails("mov.u32 %r9, %ctaid.x;\nsetp.eq.u32 %p1, %r9, 0;\n@%p1 st.shared.u32 [%r4], %r9;\nld.shared.u32 %r10, [%r4];", blocks: 2),
            4, "never written", "block (1,0,0)");

    [Fact]
    public void A_read_of_what_another_warp_wrote_without_a_barrier_is_a_race() =>
        Says(Fails("st.shared.u32 [%r4], %r1;\nsetp.ge.u32 %p1, %r1, 32;\n@%p1 ld.shared.u32 %r6, [%r4+-128];", threads: 64), 3, "race", "warp 0", "tile");

    [Fact]
    public void With_a_barrier_it_is_none() =>
        Passes("st.shared.u32 [%r4], %r1;\nbar.sync 0;\nxor.b32 %r5, %r3, 128;\nadd.u32 %r5, %r5, %r2;\nld.shared.u32 %r6, [%r5];", threads: 64);

    [Fact]
    public void A_write_after_another_warps_read_without_a_barrier_is_a_race() => Says(
        Fails(
            "st.shared.u32 [%r4], %r1;\nbar.sync 0;\nld.shared.u32 %r6, [%r2];\nsetp.eq.u32 %p1, %r1, 63;\n@%p1 st.shared.u32 [%r2], %r1;", threads: 64), 5, "race");

    [Fact]
    public void Two_warps_that_write_one_place_are_a_race() => Says(Fails("st.shared.u32 [%r2], 7;", threads: 64), 1, "race");

    [Fact]
    public void Neighbouring_bytes_of_two_warps_are_none() =>
        Passes("and.b32 %r5, %r1, 31;\nshl.b32 %r5, %r5, 1;\nshr.u32 %r6, %r1, 5;\nadd.u32 %r5, %r5, %r6;\nadd.u32 %r5, %r5, %r2;\nst.shared.u8 [%r5], %r1;", threads: 64);

    [Fact]
    public void Two_lanes_that_store_different_values_to_one_place() => Says(Fails("st.shared.u32 [%r2], %r1;"), 1, "different value", "tile");

    [Fact]
    public void Atomics_of_many_warps_on_one_place_are_no_race_but_a_plain_read_beside_them_is()
    {
        const string set = "setp.eq.u32 %p1, %r1, 0;\n@%p1 st.shared.u32 [%r2], 0;\nbar.sync 0;\natom.shared.add.u32 %r5, [%r2], 1;\n";
        Passes(set + "bar.sync 0;\nld.shared.u32 %r6, [%r2];", threads: 96);

        // Warps take turns: the second warp's atomic comes after the first warp's read.
        Says(Fails(set + "ld.shared.u32 %r6, [%r2];", threads: 96), 4, "race", "warp 0");
    }

    [Fact]
    public void A_barrier_that_half_a_warp_reaches() =>
        Says(Fails("setp.lt.u32 %p1, %r1, 16;\n@%p1 bar.sync 0;"), 2, "bar.sync", "16 of");

    [Fact]
    public void A_barrier_that_one_warp_of_two_reaches_while_the_other_waits_elsewhere() =>
        Says(Fails("setp.lt.u32 %p1, %r1, 32;\n@%p1 bar.sync 1;\n@!%p1 bar.sync 2;", threads: 64), 2, "barrier");

    [Fact]
    public void Exited_warps_count_as_arrived() => Passes("setp.ge.u32 %p1, %r1, 32;\n@%p1 exit;\nbar.sync 0;", threads: 64);

    [Fact]
    public void A_shuffle_whose_mask_names_lanes_that_do_not_execute() =>
        Says(Fails("setp.lt.u32 %p1, %r1, 16;\n@%p1 shfl.sync.bfly.b32 %r5, %r1, 1, 31, 0xffffffff;"), 2, "mask");

    [Fact]
    public void The_same_shuffle_with_the_right_mask() => Passes("setp.lt.u32 %p1, %r1, 16;\n@%p1 shfl.sync.bfly.b32 %r5, %r1, 1, 31, 0xffff;");

    [Fact]
    public void Trap() => Says(Fails("setp.eq.u32 %p1, %r1, 5;\n@%p1 trap;"), 2, "thread (5,0,0)", "trap");

    [Fact]
    public void A_dead_buffer_cannot_be_read()
    {
        using var kernel = new OneKernel(".param .u64 x", Index + "ld.global.f32 %f1, [%rd3];");
        DevicePointer region = kernel.Device.Allocate("arena", 256);
        int dead = kernel.Device.BeginBuffer("old", region, 128);
        kernel.Device.CopyToDevice(region, new byte[128]);
        kernel.Launch(new Dim3(1), new Dim3(32), region.Address);
        Assert.Equal(new BufferTouch(128, 128), kernel.Device.EndBuffer(dead));
        Assert.ThrowsAny<CheckFailedException>(() => kernel.Launch(new Dim3(1), new Dim3(32), region.Address));
        kernel.Device.BeginBuffer("new", region, 128);
        CheckFailedException failure = Assert.ThrowsAny<CheckFailedException>(() => kernel.Launch(new Dim3(1), new Dim3(32), region.Address));
        Says(failure, 1, "never written", "new");
    }
}
