using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Models.Tests;

/// <summary>The models' programs through planner, executor and ledger, on the device that computes nothing.</summary>
public class MemoryPlanTests
{
    private static readonly NullDevice s_device = new();

    /// <summary>The published sweep, and configurations beside it.</summary>
    public static TheoryData<string, long, long, long> Configurations()
    {
        var data = new TheoryData<string, long, long, long>();
        foreach (long batch in (long[])[1, 2, 3, 4, 8, 16, 32])
        {
            data.Add("vgg16", batch, 0, 0);
        }

        foreach (string model in (string[])["bert-base", "t5-small"])
        {
            foreach (long batch in (long[])[1, 2, 4, 8, 16])
            {
                data.Add(model, batch, 64, 1);
            }

            foreach (long sequence in (long[])[1, 16, 32, 37, 128, 256, 512])
            {
                data.Add(model, 8, sequence, 1);
            }
        }

        foreach (string model in (string[])["mnist-mlp", "cifar-mlp", "mnist-cnn", "mlp:100-50:nobias", "mlp:9-64-3-64-64-1"])
        {
            foreach (long batch in (long[])[1, 3, 64])
            {
                data.Add(model, batch, 0, 0);
            }
        }

        data.Add("t5-small", 3, 37, 5);
        data.Add("t5-small", 2, 64, 64);
        return data;
    }

    /// <summary>Lengths that a model does not take are left out.</summary>
    private static StepProgram Build(string name, long batch, long sequence, long decoderSequence)
    {
        Model model = ModelCatalog.Find(name);
        ModelSize size = model.Size(
            batch, model.Sequence is null ? null : sequence, model.DecoderSequence is null ? null : decoderSequence);
        return model.Program(size, s_device);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Planned_meets_the_lower_bound(string model, long batch, long sequence, long decoderSequence)
    {
        MemoryPlan plan = MemoryPlanner.Plan(Build(model, batch, sequence, decoderSequence), Placement.Planned);
        Assert.True(plan.LowerBoundBytes > 0);
        Assert.Equal(plan.LowerBoundBytes, plan.CapacityBytes);
    }

    [Theory]
    [InlineData("vgg16", Placement.Bump)]
    [InlineData("vgg16", Placement.Online)]
    [InlineData("vgg16", Placement.Planned)]
    [InlineData("bert-base", Placement.Bump)]
    [InlineData("bert-base", Placement.Online)]
    [InlineData("bert-base", Placement.Planned)]
    [InlineData("t5-small", Placement.Bump)]
    [InlineData("t5-small", Placement.Online)]
    [InlineData("t5-small", Placement.Planned)]
    public void The_ledger_of_a_pass_is_its_plan_and_a_second_pass_allocates_no_managed_memory(string model, Placement placement)
    {
        StepProgram program = Build(model, 2, 64, 1);
        MemoryPlan plan = MemoryPlanner.Plan(program, placement);
        using var parameters = new ParameterRegion(program.Of(TensorCategory.Parameter), s_device);
        using var executor = new Executor(program, plan, parameters, s_device);
        var allocation = new ManagedAllocation();
        for (int pass = 0; pass <= ManagedAllocation.Tries; pass++)
        {
            // The first pass makes what the others use.
            allocation = pass == 1 ? new ManagedAllocation() : allocation;
            allocation.Begin();
            executor.BeginPass();
            executor.RunSteps();
            allocation.End();
            LedgerSnapshot ledger = executor.EndPass().Ledger;
            Assert.Equal((plan.CapacityBytes, plan.CapacityBytes), (ledger.CapacityBytes, ledger.HighWaterBytes));
            Assert.All(ledger.Moments, moment => Assert.Equal(plan.CapacityBytes, moment.TotalBytes));
            Assert.Equal(plan.LowerBoundBytes, ledger.Moments.Max(moment => moment.LiveBytes + moment.PaddingBytes));
            Assert.Equal(
                plan.Placed
                    .Select(placed => (placed.Lifetime.Tensor.Name, placed.OffsetBytes, placed.ReservedBytes, placed.Lifetime.FirstStep, placed.Lifetime.LastStep))
                    .Order(),
                ledger.Rows.Select(row => (row.Name, row.OffsetBytes, row.ReservedBytes, row.FirstStep, row.LastStep)).Order());
        }

        Assert.Equal(0, allocation.LeastBytes);
    }
}
