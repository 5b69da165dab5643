using Harness.Timing;

namespace Harness.Tests.Timing;

public sealed class StatisticsTests
{
    [Fact]
    public void Hand_computed()
    {
        // Type 8: position (n + 1/3) p + 1/3. For n = 9: 2.6667 and 7.3333, so 3 - 1/3 of the step from 2 to 4 is 3.3333, and 9 + 1/3 of the step to 20.
        SampleStatistics statistics = SampleStatistics.Of([20, 1, 4, 5, 2, 9, 6, 7, 26])!;
        Assert.Equal(9, statistics.Count);
        Assert.Equal((1, 26), (statistics.Minimum, statistics.Maximum));
        Assert.Equal(6, statistics.Median);
        Assert.Equal(80.0 / 9, statistics.Mean, 12);
        Assert.Equal(2 + (2.0 / 3 * 2), statistics.LowerQuartile, 12);
        Assert.Equal(9 + (1.0 / 3 * 11), statistics.UpperQuartile, 12);
        Assert.Equal((statistics.UpperQuartile - statistics.LowerQuartile) / 6, statistics.RelativeSpread!.Value, 12);

        // Distances from 6: 14 5 2 1 4 3 0 1 20, in order 0 1 1 2 3 4 5 14 20.
        Assert.Equal(3, statistics.MedianAbsoluteDeviation);
    }

    [Fact]
    public void An_even_number_of_values_has_the_middle_of_the_middle_two() =>
        Assert.Equal(2.5, SampleStatistics.Of([4, 1, 2, 3])!.Median);

    [Fact]
    public void One_value_is_all_of_its_quantiles_and_no_value_is_none()
    {
        SampleStatistics one = SampleStatistics.Of([7])!;
        Assert.Equal((7, 7, 7, 0, 0), (one.LowerQuartile, one.Median, one.UpperQuartile, one.MedianAbsoluteDeviation, one.RelativeSpread));
        Assert.Null(SampleStatistics.Of([]));
    }

    [Fact]
    public void The_spread_of_a_clock_that_stands_still_is_unknown() => Assert.Null(SampleStatistics.Of([0, 0, 0])!.RelativeSpread);
}
