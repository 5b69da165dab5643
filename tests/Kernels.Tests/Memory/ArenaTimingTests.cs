using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Xunit;

namespace Harness.Kernels.Tests.Memory;

public class ArenaTimingTests
{
    [Theory]
    [InlineData(Placement.Bump)]
    [InlineData(Placement.Online)]
    [InlineData(Placement.Planned)]
    public void A_pair_takes_some_time_and_every_tensor_makes_one(Placement placement)
    {
        StepProgram program = TestPrograms.Of(
            3, new Block(0, 2, 64), new Block(1, 3, 64), new Block(0, 3, 64, TensorCategory.Input), new Block(2, 3, 64, TensorCategory.Output));
        ArenaTiming timing = ArenaTiming.Measure(program, placement, seconds: 0.01);
        Assert.Equal((placement, 4), (timing.Placement, timing.PairsPerPass));
        Assert.InRange(timing.NanosecondsPerPair, 0.1, 1e6);
    }
}
