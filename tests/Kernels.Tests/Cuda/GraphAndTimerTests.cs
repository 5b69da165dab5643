using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Tests.Shared.NativeDouble;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

public sealed class GraphAndTimerTests
{
    /// <summary>a = a + b three times over, eager and from a graph of one such step.</summary>
    [Fact]
    public void A_graph_does_what_the_eager_calls_do()
    {
        float[] first = new SeededValues(1).Floats(2051, 3), second = new SeededValues(2).Floats(2051, 3);
        using var rig = new CudaRig();
        DevicePointer a = rig.Put("a", first), b = rig.Put("b", second);
        var table = new LaunchTable(rig.Device);
        DevicePointer[] addresses = [a, b];
        for (int k = 0; k < 3; k++)
        {
            table.Launch(AddInPlace(), addresses);
        }

        float[] eager = rig.Get(a, first.Length);
        DevicePointer again = rig.Put("again", first);
        addresses[0] = again;
        rig.Calls();
        using IGpuGraph graph = rig.Device.Capture(() => table.Launch(AddInPlace(), addresses));
        Assert.Equal(
            [
                "cuStreamBeginCapture(stream1, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)",
                "cuLaunchKernel(tensor_add, grid 2 1 1, block 128 1 1, 0, stream1, [D4, D3, D4, 2051])",
                "cuStreamEndCapture(stream1)",
                "cuGraphInstantiateWithFlags(graph1, 0)",
                "cuGraphDestroy(graph1)",
            ],
            rig.Calls());
        Assert.Equal(first, rig.Get(again, first.Length));
        Assert.Equal(3, rig.Device.Launches);

        // Arguments were copied: what the array holds afterwards is nothing to the graph.
        addresses[0] = DevicePointer.Null;
        for (int k = 0; k < 3; k++)
        {
            graph.Launch();
        }

        Assert.Equal(eager, rig.Get(again, first.Length));
        Assert.Equal(6, rig.Device.Launches);
    }

    [Fact]
    public void What_a_capture_does_not_allow_is_refused_before_the_driver_spoils_the_capture()
    {
        using var rig = new CudaRig();
        DevicePointer a = rig.Put("a", 1, 2), b = rig.Put("b", 3, 4);
        Action[] illegal =
        [
            rig.Device.Synchronize, () => rig.Device.Allocate("more", 4), () => rig.Device.Free(a), () => rig.Device.CopyToHost(new byte[4], a),
            () => rig.Device.CopyToDevice(a, new byte[4]), () => rig.Device.Capture(() => { }).Dispose(), rig.Device.FlushL2,
        ];
        foreach (Action action in illegal)
        {
            Assert.Throws<InvalidOperationException>(() => rig.Device.Capture(action));
        }

        Assert.Equal([1, 2], rig.Get(a, 2));
        rig.Device.FlushL2();
        using IGpuGraph graph = rig.Device.Capture(() =>
        {
            rig.Device.FlushL2();
            new LaunchTable(rig.Device).Launch(AddInPlace(2), [a, b]);
        });
        graph.Launch();
        Assert.Equal([4, 6], rig.Get(a, 2));
    }

    /// <summary>The clock of the double: a launch takes a quarter of a second, a fill half a second.</summary>
    [Fact]
    public void A_timer_measures_what_lies_between_its_events()
    {
        using var rig = new CudaRig();
        rig.Gpu.Script.SecondsOf = call => call switch { "cuLaunchKernel" => 0.25, "cuMemsetD32Async" => 0.5, "cuEventRecord" => 0, _ => 8 };
        DevicePointer a = rig.Put("a", 1), b = rig.Put("b", 1);
        var table = new LaunchTable(rig.Device);
        using IGpuTimer timer = rig.Device.CreateTimer();
        rig.Calls();
        timer.Start();
        table.Launch(AddInPlace(1), [a, b]);
        table.Launch(AddInPlace(1), [a, b]);
        timer.Stop();
        rig.Device.FlushL2();
        Assert.Equal(0.5, timer.Seconds());
        timer.Start();
        rig.Device.FlushL2();
        table.Launch(AddInPlace(1), [a, b]);
        timer.Stop();
        Assert.Equal(0.75, timer.Seconds());
        Assert.Equal([new DeviceAllocation("cuBLAS workspace", 4 << 20), new DeviceAllocation("L2 scratch", 16 << 20)], rig.Device.OwnAllocations);
    }

    /// <summary>A flush writes at least twice the cache.</summary>
    [Fact]
    public void A_flush_writes_twice_the_cache()
    {
        var gpu = new FakeGpu();
        gpu.Script.L2Bytes = 48 << 20;
        using var rig = new CudaRig(gpu: gpu);
        rig.Calls();
        rig.Device.FlushL2();
        rig.Device.FlushL2();
        Assert.Equal(
            ["cuMemAlloc(100663296)", "cuMemsetD32Async(D2, 0, 25165824, stream1)", "cuMemsetD32Async(D2, 0, 25165824, stream1)"], rig.Calls());
    }

    private static AddStep AddInPlace(long count = 2051)
    {
        var a = new TensorSpec(0, "a", new Shape(count), DType.F32, TensorCategory.Activation);
        return new AddStep("add", a, new TensorSpec(1, "b", new Shape(count), DType.F32, TensorCategory.Activation), a);
    }
}
