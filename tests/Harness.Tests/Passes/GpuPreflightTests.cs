using Harness.Passes;

namespace Harness.Tests.Passes;

public sealed class GpuPreflightTests
{
    [Fact]
    public void The_largest_batch_is_found_wherever_the_limit_lies()
    {
        for (long limit = 0; limit < 70; limit++)
        {
            for (long tooLarge = limit + 1; tooLarge < 80; tooLarge++)
            {
                int asked = 0;
                Assert.Equal(limit, GpuPreflight.LargestBatch(tooLarge, batch => { asked++; return batch <= limit; }));
                Assert.InRange(asked, 0, 7); // 2^7 > 80
            }
        }
    }

    [Fact]
    public void A_batch_as_large_as_can_be_is_bisected_too() =>
        Assert.Equal(12_345, GpuPreflight.LargestBatch(long.MaxValue, batch => batch <= 12_345));
}
