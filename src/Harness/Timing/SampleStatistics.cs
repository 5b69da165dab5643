using MathNet.Numerics.Statistics;

namespace Harness.Timing;

/// <summary>
/// What a set of timings comes to. Order statistics, because timings have a long upper tail that a mean follows and a median does not.
/// Quartiles are those of Hyndman and Fan (1996), type 8, as MathNet computes them.
/// </summary>
/// <param name="RelativeSpread">(upper - lower quartile) / median; null where the median is 0</param>
/// <param name="MedianAbsoluteDeviation">median of |x - median|, not scaled to a standard deviation</param>
internal sealed record SampleStatistics(
    int Count, double Minimum, double LowerQuartile, double Median, double UpperQuartile, double Maximum, double Mean,
    double MedianAbsoluteDeviation)
{
    public double? RelativeSpread => Median > 0 ? (UpperQuartile - LowerQuartile) / Median : null;

    /// <summary>Null where there is no value.</summary>
    public static SampleStatistics? Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
        {
            return null;
        }

        double median = SortedArrayStatistics.Median(sorted);
        double[] deviations = [.. sorted.Select(value => Math.Abs(value - median)).Order()];
        return new SampleStatistics(
            sorted.Length, sorted[0], SortedArrayStatistics.LowerQuartile(sorted), median, SortedArrayStatistics.UpperQuartile(sorted), sorted[^1],
            ArrayStatistics.Mean(sorted), SortedArrayStatistics.Median(deviations));
    }
}
