using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Ptx;

public sealed class PtxDispatchTests
{
    [Fact]
    public void The_interpreter_knows_every_instruction_that_the_verifier_admits()
    {
        using var device = new SimulatedDevice(new KernelLibrary([InstructionSamples.Source]), workers: 1);
        var unknown = new List<string>();
        foreach ((string entry, string text) in InstructionSamples.All)
        {
            try
            {
                device.Kernel(entry);
            }
            catch (PtxUnsupportedException)
            {
                unknown.Add(text);
            }
        }

        Assert.True(unknown.Count == 0, string.Join('\n', unknown));
    }
}
