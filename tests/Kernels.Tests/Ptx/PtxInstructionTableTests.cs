using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Ptx;

public sealed class PtxInstructionTableTests
{
    [Fact]
    public void Every_line_of_the_table_accepts_its_own_instructions()
    {
        Assert.True(InstructionSamples.All.Length > 1000, $"{InstructionSamples.All.Length} samples");
        PtxVerifier.Verify(PtxParser.Parse(InstructionSamples.Source));
    }

    [Fact]
    public void Hand_written_kernels_verify()
    {
        Assert.NotEmpty(KernelLibrary.Embedded.Sources);
        Assert.All(KernelLibrary.Embedded.Sources, source => PtxVerifier.Verify(PtxParser.Parse(source)));
    }
}
