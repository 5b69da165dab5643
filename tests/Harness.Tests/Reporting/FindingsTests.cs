using System.Collections.Immutable;
using Harness.Reporting;

namespace Harness.Tests.Reporting;

/// <summary>Slopes and fits against values worked out by hand.</summary>
public sealed class FindingsTests
{
    [Fact]
    public void The_mean_of_successive_slopes_weighs_every_interval_alike()
    {
        // slopes (5-1)/1 = 4, (7-5)/2 = 1, (7-7)/4 = 0
        Assert.Equal(5.0 / 3, Findings.MeanSuccessiveSlope([1, 2, 4, 8], [1, 5, 7, 7]), 1e-15);
    }

    [Fact]
    public void A_line_through_three_points_off_a_line()
    {
        // x 0 1 2, y 0 1 0: slope 0, intercept 1/3; distances -1/3, 2/3, -1/3; mean square 6/27
        (ImmutableArray<double> coefficients, double residual) = Findings.Polynomial([0, 1, 2], [0, 1, 0], 1);
        Assert.Equal(0, coefficients[0], 1e-14);
        Assert.Equal(1.0 / 3, coefficients[1], 1e-14);
        Assert.Equal(Math.Sqrt(6.0 / 27), residual, 1e-14);
    }

    [Fact]
    public void A_parabola_is_found_exactly_with_the_highest_power_first()
    {
        double[] lengths = [16, 32, 64, 128, 256];
        (ImmutableArray<double> coefficients, double residual) = Findings.Polynomial(lengths, [.. lengths.Select(n => 3 * n * n - 2 * n + 0.5)], 2);
        Assert.Equal(3, coefficients[0], 1e-9);
        Assert.Equal(-2, coefficients[1], 1e-7);
        Assert.Equal(0.5, coefficients[2], 1e-6);
        Assert.True(residual <= 1e-7);
    }

    [Fact]
    public void The_published_fit_follows_from_the_published_formula_with_the_length_64_twice()
    {
        // T5 retained in PyTorch's blocks, MiB; six points, 64 twice.
        double[] lengths = [64, 16, 32, 64, 128, 256];
        double[] published = [14.18, 4.42, 7.67, 14.18, 27.18, 53.20];
        (ImmutableArray<double> coefficients, _) = Findings.Polynomial(lengths, published, 2);
        Assert.Equal(Published.QuadraticOverSequence("t5-small")!.Value[1], coefficients[1], 1e-4);
        Assert.Equal(Published.QuadraticOverSequence("t5-small")!.Value[2], coefficients[2], 1e-2);
    }

    [Fact]
    public void The_published_growth_follows_from_the_published_cells()
    {
        double[] batches = [1, 2, 4, 8, 16, 32];
        double[] cells = [.. batches.Select(batch => Published.MiB("vgg16", (long)batch, null)!.Value)];
        Assert.Equal(Published.GrowthMiBPerSample("vgg16")!.Value, Findings.MeanSuccessiveSlope(batches, cells), 0.005);
    }

    [Theory]
    [InlineData(new[] { -0.000018, 0.0278, 0.07 }, "-1.8E-05 n^2 + 0.0278 n + 0.07")]
    [InlineData(new[] { 1.5, -2.0 }, "1.5 n - 2")]
    [InlineData(new[] { 1e-17, 3.0, -1e-15 }, "0 n^2 + 3 n + 0")]
    public void Polynomials_read_as_one_writes_them(double[] coefficients, string text) =>
        Assert.Equal(text, FindingTables.PolynomialText([.. coefficients]));
}
