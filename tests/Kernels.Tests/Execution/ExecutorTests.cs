using Harness.Tests.Shared;
using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Kernels.Tests.Memory;
using Xunit;

namespace Harness.Kernels.Tests.Execution;

public sealed class ExecutorTests : IDisposable
{
    private readonly FakeDevice _device = new();
    private readonly StepProgram _program = Chain();
    private readonly ParameterRegion _parameters;

    public ExecutorTests()
    {
        _parameters = new ParameterRegion(_program.Of(TensorCategory.Parameter), _device);
        _parameters.Write("w", Bytes(0, 1, 2, 0));
    }

    public void Dispose()
    {
        _parameters.Dispose();
        _device.Dispose();
    }

    /// <summary>x [1,2] times w^T [2,2], four times over: h0, h1, h2, y.</summary>
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

    private Executor Make(Placement placement) => new(_program, MemoryPlanner.Plan(_program, placement), _parameters, _device);

    private TensorSpec Tensor(string name) => _program.Find(name)!;

    private PassRecord Pass(Executor executor, Span<byte> y)
    {
        executor.BeginPass();
        executor.Write(Tensor("x"), Bytes(3, 5));
        executor.RunSteps();
        executor.Read(Tensor("y"), y);
        return executor.EndPass();
    }

    [Theory]
    [InlineData(Placement.Bump)]
    [InlineData(Placement.Online)]
    [InlineData(Placement.Planned)]
    public void A_pass_computes_and_its_ledger_is_the_plan(Placement placement)
    {
        MemoryPlan plan = MemoryPlanner.Plan(_program, placement);
        using Executor executor = Make(placement);
        for (int pass = 0; pass < 2; pass++)
        {
            byte[] y = new byte[8];
            PassRecord record = Pass(executor, y);

            // w^T takes (a, b) to (b, 2a); four times: (4a, 4b).
            Assert.Equal([12f, 20f], MemoryMarshal.Cast<byte, float>(y).ToArray());
            Assert.Equal(
                plan.Placed.Select(placed => new LedgerRow(
                    placed.Lifetime.Tensor.Name, placed.Lifetime.Tensor.Category, 8, 256, placed.OffsetBytes, placed.Lifetime.FirstStep, placed.Lifetime.LastStep)),
                record.Ledger.Rows);
            Assert.Equal([8 + 8, 8 + 16, 8 + 16, 8 + 16], record.Ledger.Moments.Select(moment => moment.LiveBytes));
            Assert.All(record.Ledger.Moments, moment => Assert.Equal(plan.CapacityBytes, moment.TotalBytes));
            Assert.All(record.Touches, touch => Assert.NotNull(touch));
            Assert.All(record.StepCosts, cost => Assert.Equal(1, cost!.Value.Launches));
        }
    }

    [Fact]
    public void Every_buffer_is_ended_and_the_region_freed()
    {
        using (Executor executor = Make(Placement.Planned))
        {
            Pass(executor, new byte[8]);
            Assert.Equal(["w"], _device.LiveBuffers);
            Assert.Equal(2, _device.LiveRegions);
        }

        Assert.Equal(1, _device.LiveRegions);
        _parameters.Dispose();
        Assert.Empty(_device.LiveBuffers);
        Assert.Equal(0, _device.LiveRegions);
    }

    [Fact]
    public void A_pass_that_throws_shows_its_error_and_gives_everything_back()
    {
        _device.FailAt = (2, new MachineException("the fake device broke"));
        Executor executor = Make(Placement.Online);
        Assert.Equal("the fake device broke", Assert.Throws<MachineException>(() => Pass(executor, new byte[8])).Message);
        Assert.Throws<InvalidOperationException>(executor.BeginPass);
        executor.Dispose();
        executor.Dispose();
        Assert.Equal(["w"], _device.LiveBuffers);
        Assert.Equal(1, _device.LiveRegions);
    }

    [Fact]
    public void An_error_that_sticks_to_the_device_does_not_hide_the_first()
    {
        _device.FailAt = (2, new MachineException("first"));
        var e = Assert.Throws<MachineException>(() =>
        {
            using Executor executor = Make(Placement.Online);
            _device.FailFree = new MachineException("second");
            Pass(executor, new byte[8]);
        });
        Assert.Equal("first", e.Message);
    }

    /// <summary>Freeing a step early is refused before anything runs.</summary>
    [Fact]
    public void A_life_cut_short_is_refused_and_names_the_tensor()
    {
        MemoryPlan plan = MemoryPlanner.Plan(_program, Placement.Planned);
        int h1 = plan.Placed.IndexOf(plan.Placed.Single(placed => placed.Lifetime.Tensor.Name == "h1"));
        PlacedTensor cut = plan.Placed[h1] with { Lifetime = plan.Placed[h1].Lifetime with { EndStep = plan.Placed[h1].Lifetime.LastStep } };
        MemoryPlan broken = plan with { Placed = plan.Placed.SetItem(h1, cut) };
        Assert.Contains("'h1'", Assert.Throws<CheckFailedException>(() => new Executor(_program, broken, _parameters, _device)).Message);
        Assert.Equal(1, _device.LiveRegions);
    }

    /// <summary>
    /// A copy of a record keeps the lists of the original: the second step computes with h0 and says that it reads x, so nobody knows that
    /// h0 should still live.
    /// </summary>
    [Fact]
    public void A_step_that_uses_what_it_does_not_name_gets_no_address()
    {
        GemmStep second = ((GemmStep)_program.Steps[0] with { A = Tensor("h0"), C = Tensor("y") }) with { Name = "liar" };
        var program = new StepProgram("lies", _program.Tensors, [_program.Steps[0], _program.Steps[1], _program.Steps[2], _program.Steps[3], second]);
        using var executor = new Executor(program, MemoryPlanner.Plan(program, Placement.Bump), _parameters, _device);
        executor.BeginPass();
        executor.Write(Tensor("x"), Bytes(3, 5));
        Assert.Contains("at 0x0 are in no region", Assert.Throws<InvalidOperationException>(executor.RunSteps).Message);
    }

    [Fact]
    public void Outside_its_life_a_tensor_can_be_neither_written_nor_read()
    {
        using Executor executor = Make(Placement.Planned);
        executor.BeginPass();
        Assert.Contains("'h0' is no input", Assert.Throws<CallerException>(() => executor.Write(Tensor("h0"), new byte[8])).Message);
        executor.Write(Tensor("x"), new byte[8]);
        executor.RunSteps();
        Assert.Equal(
            "'the caller' needs 'h0', which lived from step 0 to 1",
            Assert.Throws<CheckFailedException>(() => executor.Read(Tensor("h0"), new byte[8])).Message);
        executor.EndPass();
    }

    [Fact]
    public void Sizes_and_tensors_of_another_program_are_refused()
    {
        using Executor executor = Make(Placement.Planned);
        executor.BeginPass();
        Assert.Contains("'x' has 8 bytes, not 4", Assert.Throws<CallerException>(() => executor.Write(Tensor("x"), new byte[4])).Message);
        Assert.Contains("no tensor of", Assert.Throws<CallerException>(() => executor.Write(Chain().Find("x")!, new byte[8])).Message);
        executor.Write(Tensor("x"), new byte[8]);
        executor.RunSteps();
        Assert.Contains("'y' has 8 bytes, not 9", Assert.Throws<CallerException>(() => executor.Read(Tensor("y"), new byte[9])).Message);
    }

    [Fact]
    public void The_calls_of_a_pass_have_an_order()
    {
        using Executor executor = Make(Placement.Planned);
        Assert.Throws<InvalidOperationException>(executor.RunSteps);
        executor.BeginPass();
        Assert.Throws<InvalidOperationException>(executor.BeginPass);
        Assert.Throws<InvalidOperationException>(() => executor.Read(Tensor("y"), new byte[8]));
        Assert.Throws<InvalidOperationException>(executor.EndPass);
        executor.RunSteps();
        Assert.Throws<InvalidOperationException>(() => executor.Write(Tensor("x"), new byte[8]));
    }

    [Fact]
    public void Progress_is_told_after_each_step()
    {
        using Executor executor = Make(Placement.Planned);
        var steps = new List<int>();
        executor.StepCompleted = steps.Add;
        Pass(executor, new byte[8]);
        Assert.Equal([0, 1, 2, 3], steps);
    }

    [Fact]
    public void A_missing_parameter_is_named_and_takes_no_memory()
    {
        using var none = new ParameterRegion([], _device);
        MemoryPlan plan = MemoryPlanner.Plan(_program, Placement.Planned);
        Assert.Equal("there is no parameter 'w'", Assert.Throws<CallerException>(() => new Executor(_program, plan, none, _device)).Message);
        Assert.Equal(1, _device.LiveRegions);
    }

    [Fact]
    public void A_program_without_steps_runs()
    {
        StepProgram nothing = TestPrograms.Of(0);
        using var executor = new Executor(nothing, MemoryPlanner.Plan(nothing, Placement.Planned), _parameters, _device);
        executor.BeginPass();
        executor.RunSteps();
        LedgerSnapshot ledger = executor.EndPass().Ledger;
        Assert.Empty(ledger.Rows);
        Assert.Equal((0, 0, 0), (ledger.CapacityBytes, ledger.HighWaterBytes, ledger.PeakLiveBytes));
    }

    [Theory]
    [InlineData(Placement.Bump)]
    [InlineData(Placement.Online)]
    [InlineData(Placement.Planned)]
    public void A_second_pass_allocates_no_managed_memory(Placement placement)
    {
        using Executor executor = Make(placement);
        AssertSecondPassAllocatesNothing(executor);

        using var nothing = new NullDevice();
        using var parameters = new ParameterRegion(_program.Of(TensorCategory.Parameter), nothing);
        using var planning = new Executor(_program, MemoryPlanner.Plan(_program, placement), parameters, nothing);
        AssertSecondPassAllocatesNothing(planning);
    }

    private void AssertSecondPassAllocatesNothing(Executor executor)
    {
        TensorSpec x = Tensor("x");
        byte[] bytes = Bytes(3, 5);
        var allocation = new ManagedAllocation();
        for (int pass = 0; pass <= ManagedAllocation.Tries; pass++)
        {
            // The first pass makes what the others use.
            allocation = pass == 1 ? new ManagedAllocation() : allocation;
            allocation.Begin();
            executor.BeginPass();
            executor.Write(x, bytes);
            executor.RunSteps();
            allocation.End();
            executor.EndPass();
        }

        Assert.Equal(0, allocation.LeastBytes);
    }
}
