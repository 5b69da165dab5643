using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>
/// Each architecture through the checking device with bands between its buffers: our kernels leave nothing to find, and the bytes are those
/// of a pass without checks.
/// </summary>
public sealed class CheckedPassTests
{
    public static TheoryData<string, Placement> Cases
    {
        get
        {
            var data = new TheoryData<string, Placement>();
            foreach (Placement placement in Enum.GetValues<Placement>())
            {
                foreach (string architecture in SmallModel.Architectures)
                {
                    data.Add(architecture, placement);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_checked_pass_finds_nothing_and_changes_nothing(string name, Placement placement)
    {
        using var plain = new SimulatedDevice(KernelLibrary.Embedded);
        using var device = new CheckedDevice(new SimulatedDevice(KernelLibrary.Embedded), CheckedDevice.DefaultGuardBytes);
        SmallModel model = SmallModel.Of(name, device);
        Dictionary<string, byte[]> expected = Run(model, placement, plain, guardBytes: 0, passes: 1);
        Dictionary<string, byte[]> actual = Run(model, placement, device, CheckedDevice.DefaultGuardBytes, passes: 3);
        Assert.Empty(device.Findings);
        Assert.All(expected, output => Assert.Equal(output.Value, actual[output.Key]));
    }

    /// <summary>A plan whose arena has no bands would be a checking device that blames the wrong kernel.</summary>
    [Fact]
    public void Bands_that_the_plan_forgot_are_refused()
    {
        using var device = new CheckedDevice(new SimulatedDevice(KernelLibrary.Embedded), CheckedDevice.DefaultGuardBytes);
        Assert.Contains("overlaps", Assert.Throws<Kernels.CheckFailedException>(
            () => Run(SmallModel.Of(SmallModel.Bert), Placement.Planned, device, guardBytes: 0, passes: 1)).Message);
    }

    private static Dictionary<string, byte[]> Run(SmallModel model, Placement placement, IDevice device, long guardBytes, int passes)
    {
        StepProgram program = model.Program;
        MemoryPlan plan = MemoryPlanner.Plan(program, placement, guardBytes: guardBytes);
        using var parameters = new ParameterRegion(program.Of(TensorCategory.Parameter), device, guardBytes: guardBytes);
        foreach ((string name, byte[] bytes) in model.Parameters)
        {
            parameters.Write(name, bytes);
        }

        using var executor = new Executor(program, plan, parameters, device);
        var check = device as CheckedDevice;
        executor.StepCompleted = step => check?.EndStep(step + 1 < program.Steps.Length ? program.Steps[step + 1].Name : null);
        var outputs = new Dictionary<string, byte[]>();
        for (int pass = 0; pass < passes; pass++)
        {
            check?.BeginPass(program.Steps[0].Name);
            executor.BeginPass();
            foreach (TensorSpec input in program.Of(TensorCategory.Input))
            {
                executor.Write(input, model.Inputs[input.Name]);
            }

            executor.RunSteps();
            foreach (TensorSpec output in program.Of(TensorCategory.Output))
            {
                outputs[output.Name] = new byte[output.Bytes];
                executor.Read(output, outputs[output.Name]);
            }

            executor.EndPass();
            check?.EndPass();
        }

        return outputs;
    }
}
