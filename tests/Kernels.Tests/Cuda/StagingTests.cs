using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Tests.Shared.NativeDouble;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

/// <summary>Copies through two page-locked chunks of 4 MiB. The double sees a chunk that is filled again before its copy has run.</summary>
public sealed class StagingTests
{
    private const int ChunkBytes = 4 << 20;

    [Theory]
    [InlineData(1)]
    [InlineData(ChunkBytes - 1)]
    [InlineData(ChunkBytes)]
    [InlineData(ChunkBytes + 1)]
    [InlineData((3 * ChunkBytes) + 5)]
    [InlineData(4 * ChunkBytes)]
    public void Any_number_of_bytes_goes_there_and_back(int bytes)
    {
        using var rig = new CudaRig();
        byte[] there = Pattern(bytes, 1), back = new byte[bytes];
        DevicePointer region = rig.Room("bytes", (bytes / 4) + 2);
        rig.Device.CopyToDevice(region + 3, there);
        rig.Device.CopyToHost(back, region + 3);
        Assert.True(there.AsSpan().SequenceEqual(back));
    }

    /// <summary>The third chunk waits for the first one's copy, and no longer; the copy to the device returns before its last chunks have gone.</summary>
    [Fact]
    public void A_chunk_is_used_again_when_its_copy_has_passed()
    {
        using var rig = new CudaRig();
        DevicePointer region = rig.Room("bytes", 3 * ChunkBytes / 4);
        rig.Calls();
        rig.Device.CopyToDevice(region, Pattern((2 * ChunkBytes) + 8, 2));
        Assert.Equal(
            [
                "cuEventSynchronize(event1)", "cuMemcpyHtoDAsync(D2, H1+0, 4194304, stream1)", "cuEventRecord(event1, stream1)",
                "cuEventSynchronize(event2)", "cuMemcpyHtoDAsync(D2+4194304, H2+0, 4194304, stream1)", "cuEventRecord(event2, stream1)",
                "cuEventSynchronize(event1)", "cuMemcpyHtoDAsync(D2+8388608, H1+0, 8, stream1)", "cuEventRecord(event1, stream1)",
            ],
            rig.Calls());
        rig.Device.CopyToHost(new byte[ChunkBytes + 8], region);
        Assert.Equal(
            [
                "cuMemcpyDtoHAsync(H1+0, D2, 4194304, stream1)", "cuEventRecord(event1, stream1)",
                "cuMemcpyDtoHAsync(H2+0, D2+4194304, 8, stream1)", "cuEventRecord(event2, stream1)",
                "cuEventSynchronize(event1)", "cuEventSynchronize(event2)",
            ],
            rig.Calls());
    }

    [Fact]
    public void Copies_of_nothing_call_nothing()
    {
        using var rig = new CudaRig();
        DevicePointer region = rig.Put("one", 1);
        rig.Calls();
        rig.Device.CopyToDevice(region, []);
        rig.Device.CopyToHost([], region);
        Assert.Empty(rig.Calls());
    }

    [Fact]
    public void Copies_follow_each_other_in_the_stream()
    {
        using var rig = new CudaRig();
        DevicePointer a = rig.Put("a", 1, 2, 3), b = rig.Put("b", 4, 5, 6), c = rig.Room("c", 3);
        rig.Device.CopyOnDevice(c, a, 12);
        rig.Device.CopyOnDevice(a, b, 8);
        rig.Device.CopyToDevice(b, MemoryMarshal.AsBytes<float>([7]));
        Assert.Equal([4, 5, 3], rig.Get(a, 3));
        Assert.Equal([7, 5, 6], rig.Get(b, 3));
        Assert.Equal([1, 2, 3], rig.Get(c, 3));
    }

    /// <summary>Memory that a copy on its way still needs is freed after the copy.</summary>
    [Fact]
    public void Memory_is_freed_when_nothing_uses_it_any_more()
    {
        using var rig = new CudaRig();
        DevicePointer region = rig.Device.Allocate("bytes", 64);
        rig.Device.CopyToDevice(region, new byte[64]);
        rig.Calls();
        rig.Device.Free(region);
        Assert.Equal(["cuStreamSynchronize(stream1)", "cuMemFree(D2)"], rig.Calls());
    }

    [Fact]
    public void Memory_that_does_not_fit_is_named_with_what_is_free()
    {
        var gpu = new FakeGpu();
        gpu.Script.MemoryBytes = 1L << 30;
        using var rig = new CudaRig(gpu: gpu);
        long free = rig.Device.Memory.FreeBytes;
        OutOfMemoryBytesException failure = Assert.Throws<OutOfMemoryBytesException>(() => rig.Device.Allocate("arena", free + 1));
        Assert.Equal((free + 1, free), (failure.RequestedBytes, failure.FreeBytes));
        Assert.Contains("arena", failure.Message);
    }

    /// <summary>A context is current to one thread; the device may be used, and disposed, on others.</summary>
    [Fact]
    public void It_works_on_any_thread()
    {
        using var gpu = new FakeGpu();
        var rig = new CudaRig(gpu: gpu);
        DevicePointer region = rig.Put("a", 1, 2);
        IGpuTimer timer = rig.Device.CreateTimer();
        IGpuGraph graph = rig.Device.Capture(() => { });
        float[]? seen = null;
        Run(() => seen = rig.Get(region, 2));
        Run(timer.Dispose);
        Run(graph.Dispose);
        Run(() => rig.Device.Free(region));
        Run(rig.Device.Dispose);
        Assert.Equal([1, 2], seen!);
        CudaRig.AssertNothingIsLeft(gpu);

        static void Run(Action action)
        {
            Exception? failure = null;
            var thread = new Thread(() => failure = Record.Exception(action));
            thread.Start();
            thread.Join();
            Assert.Null(failure);
        }
    }

    private static byte[] Pattern(int bytes, int seed)
    {
        byte[] pattern = new byte[bytes];
        new Random(seed).NextBytes(pattern);
        return pattern;
    }
}
