using Xunit;
using static Harness.Models.Tests.Oracles.OracleMath;

namespace Harness.Models.Tests.Oracles;

/// <summary>The oracles' own mathematics against values worked out by hand or taken from tables.</summary>
public class OracleMathTests
{
    private static void Near(double[] expected, double[] actual, double tolerance = 1e-14)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"[{i}]: expected {expected[i]:R}, got {actual[i]:R}");
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.5, 0.5204998778130465)]
    [InlineData(1, 0.8427007929497149)]
    [InlineData(2, 0.9953222650189527)]
    [InlineData(3, 0.9999779095030014)]
    [InlineData(5, 0.9999999999984626)]
    [InlineData(5.99, 1)]
    [InlineData(40, 1)]
    public void Erf_matches_the_tables_and_is_odd(double x, double expected)
    {
        Near([expected, -expected], [Erf(x), Erf(-x)], 2e-15);
    }

    [Fact]
    public void Gelu_is_x_times_the_normal_distribution()
    {
        // Phi(1) = 0.841344746068542948..., Phi(-2) = 0.022750131948179207...
        Near([0.8413447460685429, 2 * -0.0227501319481792, 0], [Gelu(1), Gelu(-2), Gelu(0)], 1e-15);
    }

    [Fact]
    public void A_linear_layer_multiplies_by_the_transposed_weight()
    {
        // x = (1, 2), weight = ((3, 4), (5, 6), (7, 8)): 3+8, 5+12, 7+16, plus the bias.
        Near([11.5, 17, 22], Linear([1, 2], [3, 4, 5, 6, 7, 8], [0.5, 0, -1], 2));
        Near([11, 17, 23], Linear([1, 2], [3, 4, 5, 6, 7, 8], null, 2));
    }

    [Fact]
    public void Layer_norm_of_one_to_four()
    {
        // mean 2.5, variance 1.25
        double unit = 1 / Math.Sqrt(1.25);
        Near([-1.5 * unit * 2 + 1, -0.5 * unit * 2 + 1, 0.5 * unit * 2 + 1, 1.5 * unit * 2 + 1],
            LayerNorm([1, 2, 3, 4], [2, 2, 2, 2], [1, 1, 1, 1], 0));
        // A constant row has no variance: epsilon keeps it finite and only the bias is left.
        Near([7, 8], LayerNorm([3, 3], [2, 2], [7, 8], 1e-12));
    }

    [Fact]
    public void Rms_norm_of_three_and_four()
    {
        // mean square 12.5; plus an epsilon of 3.5 it is 16.
        Near([0.75, 10], RmsNorm([3, 4], [1, 10], 3.5));
    }

    [Fact]
    public void Attention_with_one_key_returns_its_value()
    {
        Near([5, 6, 7, 8, 5, 6, 7, 8],
            Attention([1, 2, 3, 4, -1, -2, -3, -4], [9, 9, 9, 9], [5, 6, 7, 8], batch: 1, heads: 2, headSize: 2, 0.5, (_, _, _, _) => 0));
    }

    [Fact]
    public void Attention_without_a_preference_averages()
    {
        Near([2, 20], Attention([0, 0], [1, 2, 3, 4, 5, 6], [1, 10, 2, 20, 3, 30], 1, 1, 2, 1, (_, _, _, _) => 0));
        // Finite lowest on every key: the scores are lost beside it, and the row is uniform again.
        Near([2, 20], Attention([3, 1], [1, 2, 3, 4, 5, 6], [1, 10, 2, 20, 3, 30], 1, 1, 2, 1, (_, _, _, _) => float.MinValue));
    }

    [Fact]
    public void Attention_weighs_by_the_softmax_of_the_scores()
    {
        // Scores ln 3 and 0 give weights 3/4 and 1/4; with the second key hidden, 1 and 0. The heads do not see each other.
        double[] q = [1, 2];
        double[] k = [Math.Log(3), 0, 0, Math.Log(3) / 2];
        double[] v = [4, 8, 8, 4];
        Near([5, 5], Attention(q, k, v, 1, heads: 2, headSize: 1, 1, (_, _, _, _) => 0));
        Near([4, 8], Attention(q, k, v, 1, heads: 2, headSize: 1, 1, (_, _, _, key) => key == 1 ? double.NegativeInfinity : 0));
        // Scaled by one half, ln 9 is a score of ln 3.
        Near([5], Attention([1], [Math.Log(9), 0], [4, 8], 1, 1, 1, 0.5, (_, _, _, _) => 0));
    }

    [Fact]
    public void Splitting_heads_moves_them_before_the_positions()
    {
        // [1 batch, 2 positions, 2 heads x 2]
        Near([1, 2, 5, 6, 3, 4, 7, 8], SplitHeads([1, 2, 3, 4, 5, 6, 7, 8], 1, 2, 2));
    }

    [Fact]
    public void Convolution_of_ones_counts_the_neighbours()
    {
        double[] ones = [.. Enumerable.Repeat(1.0, 9)];
        Near([4, 6, 4, 6, 9, 6, 4, 6, 4], Vgg16Oracle.Convolve(ones, ones, [0], 1, 1, 3));
        // A kernel with its one in the last corner brings each pixel's lower right neighbour: correlation, not convolution.
        Near([14, 10, 10, 10], Vgg16Oracle.Convolve([1, 2, 3, 4], [0, 0, 0, 0, 0, 0, 0, 0, 1], [10], 1, 1, 2));
    }

    [Fact]
    public void Pools_by_hand()
    {
        Near([5], Vgg16Oracle.MaxPool([1, 2, 9, 4, 5, 9, 9, 9, 9], 1, 3));
        Near([2, 3, 5, 6], Vgg16Oracle.AdaptiveAveragePool([2, 3, 5, 6], 1, 2, 2));
        Near([4, 4, 4, 4], Vgg16Oracle.AdaptiveAveragePool([4], 1, 1, 2));
        // 3 to 2: windows [0,2) and [1,3) in both directions.
        Near([3, 4, 6, 7], Vgg16Oracle.AdaptiveAveragePool([1, 2, 3, 4, 5, 6, 7, 8, 9], 1, 3, 2));
    }
}
