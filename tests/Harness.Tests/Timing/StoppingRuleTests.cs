using Harness.Timing;

namespace Harness.Tests.Timing;

public sealed class StoppingRuleTests
{
    private static readonly StoppingRule s_rule = new(MinimumSamples: 4, MaximumSamples: 8, SpreadBound: 0.1, BudgetSeconds: 2);

    [Theory]
    [InlineData(new double[] { 10, 10, 10 }, 0, 0.0, null)] // too few, however close
    [InlineData(new double[] { 10, 10, 10 }, 0, 99.0, null)] // and however late
    [InlineData(new double[] { 10, 10, 10, 10 }, 0, 0.0, "Settled")]
    [InlineData(new double[] { 10, 20, 10, 20 }, 0, 1.9, null)]
    [InlineData(new double[] { 10, 20, 10, 20 }, 0, 2.0, "TimeSpent")]
    [InlineData(new double[] { 10, 20, 10, 20 }, 4, 0.0, "SamplesSpent")]
    [InlineData(new double[] { }, 8, 0.0, "SamplesSpent")]
    [InlineData(new double[] { 0, 0, 0, 0 }, 0, 0.0, null)] // a spread that is unknown is not below a bound
    public void Decides(double[] kept, int discarded, double elapsedSeconds, string? expected) =>
        Assert.Equal(expected, s_rule.Decide(kept, discarded, elapsedSeconds)?.ToString());
}
