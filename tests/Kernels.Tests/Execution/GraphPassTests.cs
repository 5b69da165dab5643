using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Kernels.Tests.Execution;

public sealed class GraphPassTests : IDisposable
{
    private readonly FakeDevice _memory = new();
    private readonly FakeGraphDevice _device;
    private readonly StepProgram _program = Chain();
    private readonly ParameterRegion _parameters;

    public GraphPassTests()
    {
        _device = new FakeGraphDevice(_memory);
        _parameters = new ParameterRegion(_program.Of(TensorCategory.Parameter), _device);
        _parameters.Write("w", Bytes(0, 1, 2, 0));
    }

    public void Dispose()
    {
        _parameters.Dispose();
        _device.Dispose();
    }

    /// <summary>x [1,2] times w^T [2,2], four times over.</summary>
    private static StepProgram Chain()
    {
        var b = new ProgramBuilder("chain");
        TensorSpec x = b.Input("x", DType.F32, 1, 2);
        TensorSpec w = b.Parameter("w", 2, 2);
        TensorSpec h = b.Linear("h2", b.Linear("h1", b.Linear("h0", x, w), w), w);
        b.Linear("y", h, w, category: TensorCategory.Output);
        return b.Build();
    }

    private static byte[] Bytes(params ReadOnlySpan<float> values) => MemoryMarshal.AsBytes(values).ToArray();

    private Executor Make(Placement placement) =>
        new(_program, MemoryPlanner.Plan(_program, placement), _parameters, _device, graph: true);

    private (PassRecord Record, float[] Y) Pass(Executor executor, float a, float b)
    {
        byte[] y = new byte[8];
        executor.BeginPass();
        executor.Write(_program.Find("x")!, Bytes(a, b));
        executor.RunSteps();
        executor.Read(_program.Find("y")!, y);
        return (executor.EndPass(), MemoryMarshal.Cast<byte, float>(y).ToArray());
    }

    [Theory]
    [InlineData(Placement.Bump)]
    [InlineData(Placement.Online)]
    [InlineData(Placement.Planned)]
    public void The_second_pass_is_recorded_and_later_ones_are_one_launch(Placement placement)
    {
        using Executor executor = Make(placement);
        PassRecord first = Pass(executor, 3, 5).Record;
        Assert.Equal(["gemm", "gemm", "gemm", "gemm", "wait"], _device.Calls);

        string[][] expected = [["capture", "graph", "wait"], ["graph", "wait"], ["graph", "wait"]];
        for (int pass = 0; pass < expected.Length; pass++)
        {
            _device.Calls.Clear();

            // w^T takes (a, b) to (b, 2a); four times: (4a, 4b). Each pass has inputs of its own, so no pass can show the result of another.
            (PassRecord record, float[] y) = Pass(executor, pass + 7, -pass);
            Assert.Equal([4f * (pass + 7), -4f * pass], y);
            Assert.Equal(expected[pass], _device.Calls);
            Assert.Equal(first.Ledger.Rows, record.Ledger.Rows);
            Assert.Equal(first.Ledger.Moments, record.Ledger.Moments);
            Assert.All(record.StepCosts, cost => Assert.Null(cost));
        }
    }

    [Fact]
    public void Progress_is_told_in_every_kind_of_pass()
    {
        using Executor executor = Make(Placement.Planned);
        var steps = new List<int>();
        executor.StepCompleted = steps.Add;
        for (int pass = 0; pass < 3; pass++)
        {
            steps.Clear();
            Pass(executor, 1, 2);
            Assert.Equal([0, 1, 2, 3], steps);
        }
    }

    [Fact]
    public void A_replayed_pass_allocates_no_managed_memory()
    {
        using Executor executor = Make(Placement.Planned);
        TensorSpec x = _program.Find("x")!;
        byte[] bytes = Bytes(3, 5);
        var allocation = new ManagedAllocation();
        for (int pass = 0; pass <= 1 + ManagedAllocation.Tries; pass++)
        {
            _device.Calls.Clear();

            // The first two passes make what the others use.
            allocation = pass == 2 ? new ManagedAllocation() : allocation;
            allocation.Begin();
            executor.BeginPass();
            executor.Write(x, bytes);
            executor.RunSteps();
            allocation.End();
            executor.EndPass();
        }

        Assert.Equal(0, allocation.LeastBytes);
    }

    [Fact]
    public void Steps_can_be_handed_over_without_waiting()
    {
        using Executor executor = Make(Placement.Planned);
        for (int pass = 0; pass < 3; pass++)
        {
            executor.BeginPass();
            executor.Write(_program.Find("x")!, Bytes(3, 5));
            executor.EnqueueSteps();
            byte[] y = new byte[8];
            executor.Read(_program.Find("y")!, y);
            Assert.Equal([12f, 20f], MemoryMarshal.Cast<byte, float>(y).ToArray());
            executor.EndPass();
        }

        Assert.Equal(["gemm", "gemm", "gemm", "gemm", "capture", "graph", "graph"], _device.Calls);
    }

    [Fact]
    public void A_capture_that_fails_breaks_the_pass_and_gives_everything_back()
    {
        Executor executor = Make(Placement.Planned);
        Pass(executor, 3, 5);
        _device.FailCapture = new MachineException("the capture was refused");
        Assert.Equal("the capture was refused", Assert.Throws<MachineException>(() => Pass(executor, 3, 5)).Message);
        Assert.Throws<InvalidOperationException>(executor.BeginPass);
        executor.Dispose();
        Assert.Equal(1, _memory.LiveRegions);
    }

    [Fact]
    public void The_graph_goes_with_the_executor()
    {
        using (Executor executor = Make(Placement.Planned))
        {
            Pass(executor, 3, 5);
            Assert.Equal(0, _device.LiveGraphs);
            Pass(executor, 3, 5);
            Pass(executor, 3, 5);
            Assert.Equal(1, _device.LiveGraphs);
        }

        Assert.Equal(0, _device.LiveGraphs);
        Assert.Equal(1, _memory.LiveRegions);
    }

    [Fact]
    public void A_device_without_graphs_is_refused_before_it_gives_memory()
    {
        MemoryPlan plan = MemoryPlanner.Plan(_program, Placement.Planned);
        Assert.Equal(
            "device 'fake' records no graphs: leave out --graph, or use --device cuda",
            Assert.Throws<CallerException>(() => new Executor(_program, plan, _parameters, _memory, graph: true)).Message);
        Assert.Equal(1, _memory.LiveRegions);
    }
}
