using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Kernels.Tests.Simulator;
using Xunit;

namespace Harness.Kernels.Tests.Devices;

/// <summary>Kernels that misuse memory in ways that no status and no bounds check of a GPU reports, on the software GPU.</summary>
public sealed class CheckedDeviceTests
{
    private const int Guard = 512;
    private const int Bytes = 64;
    private const string Parameters = ".param .u64 x, .param .u64 y";

    /// <summary>One thread: 16 words to <c>y</c>, each the word of <c>x</c> and 1; <c>extra</c> comes behind.</summary>
    private static OneKernel Kernel(int words, string extra = "") => new(Parameters, Body(words, extra));

    internal static PtxSource Source(int words, string extra) => OneKernel.Source(Parameters, Body(words, extra));

    private static string Body(int words, string extra) =>
        $$"""
        .reg .u64 %rd<4>;
        .reg .u32 %r<4>;
        .reg .pred %p;
        ld.param.u64 %rd1, [x];
        ld.param.u64 %rd2, [y];
        mov.u32 %r1, 0;
        AGAIN:
        ld.global.u32 %r2, [%rd1];
        add.u32 %r2, %r2, 1;
        st.global.u32 [%rd2], %r2;
        add.u64 %rd1, %rd1, 4;
        add.u64 %rd2, %rd2, 4;
        add.u32 %r1, %r1, 1;
        setp.lt.u32 %p, %r1, {{words}};
        @%p bra AGAIN;
        {{extra}}
        """;

    /// <summary>Two passes of two steps, x to y and y to z; <c>x</c> is the caller's, all but its last <paramref name="withheld"/> bytes.</summary>
    internal static MemoryFinding[] Run(IDevice inner, int withheld = 0, Func<int, byte>? input = null)
    {
        using var device = new CheckedDevice(inner, Guard);
        const int reserved = 1024;
        DevicePointer arena = device.Allocate("arena", 3 * reserved);
        (DevicePointer x, DevicePointer y, DevicePointer z) = (arena, arena + reserved, arena + 2 * reserved);
        for (int pass = 0; pass < 2; pass++)
        {
            device.BeginPass("first");
            int bufferX = device.BeginBuffer("x", x, Bytes);
            byte[] bytes = new byte[Bytes - withheld];
            Array.Fill(bytes, input?.Invoke(pass) ?? 3);
            device.CopyToDevice(x, bytes);
            int bufferY = device.BeginBuffer("y", y, Bytes);
            Launch(device, x, y);
            device.EndStep("second");
            int bufferZ = device.BeginBuffer("z", z, Bytes);
            Launch(device, y, z);
            Assert.Null(device.EndBuffer(bufferY));
            device.EndStep(null);
            device.EndBuffer(bufferZ);
            device.EndBuffer(bufferX);
            device.EndPass();
        }

        device.Free(arena);
        return [.. device.Findings];
    }

    private static void Launch(CheckedDevice device, DevicePointer from, DevicePointer to) => device.Launch(new KernelLaunch
    {
        Kernel = device.Kernel("k"), Grid = new Dim3(1), Block = new Dim3(1), Arguments = [from.Address, to.Address],
    });

    [Fact]
    public void A_kernel_that_keeps_to_its_buffers_leaves_nothing_to_find()
    {
        using OneKernel kernel = Kernel(16);
        Assert.Empty(Run(kernel.Device));
    }

    [Fact]
    public void One_byte_behind_the_end_is_found_with_buffer_offset_and_step()
    {
        using OneKernel kernel = Kernel(16, "st.global.u8 [%rd2], 0;");
        Assert.Equal(
            [new(MemoryFault.Overrun, "y", Bytes, 1, "first"), new(MemoryFault.Overrun, "z", Bytes, 1, "second")], Run(kernel.Device));
    }

    [Fact]
    public void A_byte_in_the_middle_of_the_band_is_found_at_its_offset()
    {
        using OneKernel kernel = Kernel(16, "st.global.u8 [%rd2 + 100], 0;");
        Assert.Equal(
            [new(MemoryFault.Overrun, "y", Bytes + 100, 1, "first"), new(MemoryFault.Overrun, "z", Bytes + 100, 1, "second")], Run(kernel.Device));
    }

    [Fact]
    public void A_parameters_band_is_watched_through_every_step()
    {
        using OneKernel kernel = Kernel(16);
        using var device = new CheckedDevice(kernel.Device, Guard);
        DevicePointer region = device.Allocate("parameters", 1024);
        device.BeginBuffer("weight", region, Bytes);
        device.BeginPass("only");
        device.CopyToDevice(region + Bytes + 8, [1]);
        device.EndStep(null);
        device.EndPass();
        Assert.Equal([new(MemoryFault.Overrun, "weight", Bytes + 8, 1, "only")], device.Findings);
    }

    [Fact]
    public void An_unwritten_tail_is_found_and_so_is_what_was_made_of_it()
    {
        // The last word of y is never written. The one of z neither, though the step could have read y's.
        using OneKernel kernel = Kernel(15);
        Assert.Equal(
            [new(MemoryFault.Unwritten, "y", 60, 4, "first"), new(MemoryFault.Unwritten, "z", 60, 4, "second")], Run(kernel.Device));
    }

    [Fact]
    public void Reading_what_nobody_wrote_is_found_in_everything_that_follows_with_the_cause_first()
    {
        using OneKernel kernel = Kernel(16);
        MemoryFinding[] found = Run(kernel.Device, withheld: 4);
        Assert.Equal(new MemoryFinding(MemoryFault.Unwritten, "x", 60, 4, "first"), found[0]);
        Assert.Equal([(MemoryFault.Unstable, "y"), (MemoryFault.Unstable, "z")], found[1..].Select(finding => (finding.Fault, finding.Buffer)));
        Assert.All(found[1..], finding => Assert.Equal(60, finding.OffsetBytes));
    }

    [Fact]
    public void A_result_that_is_not_the_same_twice_is_found()
    {
        using OneKernel kernel = Kernel(16);
        Assert.Equal(["x", "y", "z"], Run(kernel.Device, input: pass => (byte)(3 + pass)).Select(finding => finding.Buffer));
    }

    [Theory]
    [InlineData(0xFF)]
    [InlineData(0x7A)]
    public void Values_that_look_like_poison_are_not_taken_for_it(byte value)
    {
        using OneKernel kernel = Kernel(16);
        Assert.Empty(Run(kernel.Device, input: _ => value));
    }

    [Fact]
    public void A_buffer_of_another_size_in_the_second_pass_is_a_mistake_of_the_callers_program()
    {
        using OneKernel kernel = Kernel(16);
        using var device = new CheckedDevice(kernel.Device, Guard);
        DevicePointer region = device.Allocate("arena", 2048);
        device.BeginPass("only");
        device.EndBuffer(device.BeginBuffer("x", region, Bytes));
        device.EndPass();
        device.BeginPass("only");
        int buffer = device.BeginBuffer("x", region, 2 * Bytes);
        Assert.Contains("'x'", Assert.Throws<CheckFailedException>(() => device.EndBuffer(buffer)).Message);
        device.EndPass();

        device.ForgetPasses();
        device.BeginPass("only");
        device.EndBuffer(device.BeginBuffer("x", region, 2 * Bytes));
        device.EndPass();
        Assert.Empty(device.Findings);
    }
}
