using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>On the software GPU with one worker all of a pass runs on the calling thread, so that what it allocates can be counted exactly.</summary>
public sealed class SteadyPassTests
{
    [Theory]
    [InlineData("bert")]
    [InlineData("t5")]
    [InlineData("vgg16")]
    public void A_second_pass_allocates_no_managed_memory(string architecture)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        SmallModel model = architecture switch
        {
            "bert" => SmallModel.Of(SmallModel.Bert),
            "t5" => SmallModel.Of(SmallModel.T5),
            _ => SmallModel.Of(SmallModel.Vgg16, device),
        };
        using var parameters = new ParameterRegion(model.Program.Of(TensorCategory.Parameter), device);
        foreach ((string name, byte[] bytes) in model.Parameters)
        {
            parameters.Write(name, bytes);
        }

        using var executor = new Executor(model.Program, MemoryPlanner.Plan(model.Program, Placement.Planned), parameters, device);
        for (int pass = 0; pass < 3; pass++)
        {
            executor.BeginPass();
            foreach ((string name, byte[] bytes) in model.Inputs)
            {
                executor.Write(model.Program.Find(name)!, bytes);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            executor.RunSteps();
            long allocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
            executor.EndPass();
            Assert.True(pass == 0 || allocatedBytes == 0, $"pass {pass} allocated {allocatedBytes} bytes");
        }
    }
}
