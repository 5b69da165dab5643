using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>On the software GPU with one worker all of a pass runs on the calling thread, so that what it allocates can be counted exactly.</summary>
public sealed class SteadyPassTests
{
    public static TheoryData<string> Architectures => [.. SmallModel.Architectures];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void A_second_pass_allocates_no_managed_memory(string architecture)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        SmallModel model = SmallModel.Of(architecture, device);
        using var parameters = new ParameterRegion(model.Program.Of(TensorCategory.Parameter), device);
        foreach ((string name, byte[] bytes) in model.Parameters)
        {
            parameters.Write(name, bytes);
        }

        using var executor = new Executor(model.Program, MemoryPlanner.Plan(model.Program, Placement.Planned), parameters, device);
        var allocation = new ManagedAllocation();
        for (int pass = 0; pass <= ManagedAllocation.Tries; pass++)
        {
            executor.BeginPass();
            foreach ((string name, byte[] bytes) in model.Inputs)
            {
                executor.Write(model.Program.Find(name)!, bytes);
            }

            // The first pass makes what the others use.
            allocation = pass == 1 ? new ManagedAllocation() : allocation;
            allocation.Begin();
            executor.RunSteps();
            allocation.End();
            executor.EndPass();
        }

        Assert.Equal(0, allocation.LeastBytes);
    }
}
