using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using Xunit;

namespace Harness.Kernels.Tests.Reference;

/// <summary>The oracles against numbers worked out by hand or taken from published tables.</summary>
public class ReferenceTests
{
    private static void Close(double[] expected, double[] actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= tolerance, $"{pair.First} {pair.Second}"));
    }

    [Fact]
    public void Softmax_of_the_logarithms_of_1_2_and_5_is_eighths() => Close(
        [0.125, 0.25, 0.625], SoftmaxReference.Compute([0, Math.Log(2) / 2, Math.Log(5) / 2], null, null, 1, 1, 1, 3, scale: 2), 1e-7);

    [Fact]
    public void Softmax_of_a_row_masked_everywhere_is_uniform_and_of_minus_infinities_NaN()
    {
        Close([0.25, 0.25, 0.25, 0.25], SoftmaxReference.Compute(
            [1, 2, 3, 4], null, [float.MinValue, float.MinValue, float.MinValue, float.MinValue], 1, 1, 1, 4, 1));
        double none = double.NegativeInfinity;
        Assert.All(SoftmaxReference.Compute([1, 2], null, [none, none], 1, 1, 1, 2, 1), value => Assert.True(double.IsNaN(value)));
    }

    [Fact]
    public void Softmax_takes_the_bias_row_of_its_head_and_query_and_the_mask_row_of_its_batch()
    {
        double[] y = SoftmaxReference.Compute(
            new double[2 * 2 * 1 * 2], [Math.Log(3), 0, 0, Math.Log(7)], [0, 0, 0, float.MinValue], 2, 2, 1, 2, 1);
        Close([0.75, 0.25, 0.125, 0.875, 1, 0, 1, 0], y, 1e-7);
    }

    [Fact]
    public void Layer_norm_of_1_2_3_4() =>
        Close(
            [-3 / Math.Sqrt(5) + 1, -1 / Math.Sqrt(5) + 1, 1 / Math.Sqrt(5) * 2 + 1, 3 / Math.Sqrt(5) + 1],
            NormReference.LayerNorm([0, 1, 1, 3], [1, 1, 1, 1], [0, 0, 1, 0], [1, 1, 2, 1], [1, 1, 1, 1], 0));

    [Fact]
    public void Rms_norm_of_3_and_4() => Close([3 / Math.Sqrt(12.5), 8 / Math.Sqrt(12.5)], NormReference.RmsNorm([1, 4], [2, 0], [1, 2], 0));

    /// <summary>Abramowitz and Stegun, tables 7.1 and 7.3; erfc(5) to 15 digits.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 0.4795001221869535)]
    [InlineData(1, 0.15729920705028513)]
    [InlineData(-1, 1.8427007929497148)]
    [InlineData(2, 0.004677734981047266)]
    [InlineData(2.5, 0.00040695201744495886)]
    [InlineData(5, 1.5374597944280349e-12)]
    public void Complementary_error_function(double x, double expected) =>
        Assert.InRange(ErrorFunction.Complement(x) / expected, 1 - 1e-12, 1 + 1e-12);

    [Fact]
    public void The_two_ways_to_the_error_function_meet()
    {
        double below = ErrorFunction.Complement(Math.BitDecrement(2.5)), above = ErrorFunction.Complement(2.5);
        Assert.InRange(below / above, 1 - 1e-11, 1 + 1e-11);
    }

    [Fact]
    public void Gelu_relu_tanh_and_none_with_a_bias()
    {
        Close([0.8413447460685429, -0.15865525393145707], ElementwiseReference.BiasActivation([0, -2], [1, 1], Activation.Gelu));
        Close([0, 3], ElementwiseReference.BiasActivation([-2, 1], [1, 2], Activation.Relu));
        Close([0.7615941559557649, 0], ElementwiseReference.BiasActivation([0, -1], [1, 1], Activation.Tanh));
        Close([-1, 3], ElementwiseReference.BiasActivation([-2, 1], [1, 2], Activation.None));
        Assert.Equal([0, double.PositiveInfinity],
            ElementwiseReference.BiasActivation([double.NegativeInfinity, double.PositiveInfinity], null, Activation.Gelu));
        Assert.True(double.IsNaN(ElementwiseReference.BiasActivation([double.NaN], null, Activation.Relu)[0]));
    }

    [Fact]
    public void A_product_is_added_to_what_is_there_and_nothing_else_changes() => Close(
        [101, 202, 113, 214, 5, 6],
        GemmReference.Compute(
            [1, 2], new MatrixLayout(1, 0, false), [50, 100], new MatrixLayout(2, 0, false), new MatrixLayout(2, 0, false), 6,
            1, 2, 2, 1, alpha: 1, old: [51, 102, 13, 14, 5, 6]));

    [Fact]
    public void Sums()
    {
        Close([9, 12], SumReference.Rows([1, 2, 3, 4, 5, 6], 2, null));
        Close([109, 212], SumReference.Rows([1, 2, 3, 4, 5, 6], 2, [100, 200]));
        Close([1 + 2 + 5 + 6, 3 + 4 + 7 + 8], SumReference.Channels([1, 2, 3, 4, 5, 6, 7, 8], 2, 2, null));
        Close([5, 7, 19], SumReference.Batch([1, 2, 3, 4, 5, 6], 3, [0, 0, 10]));
    }

    [Fact]
    public void Optimizers()
    {
        Close([0.5, -2.5], OptimizerReference.Sgd([1, -2], [5, 5], 0.1));
        (double[] weight, double[] buffer) = OptimizerReference.Momentum([1], [2], [4], learningRate: 0.1, momentum: 0.5);
        Close([0.6], weight);
        Close([4], buffer);

        // The first update of Adam is lr in the direction of the gradient, whatever its size; the second of the same gradient too.
        (double[] w, double[] m, double[] v) = OptimizerReference.Adam([1, 1], [3, -0.01], [0, 0], [0, 0], 0.1, 0.001, 0.5, 0.9, 0.999, 0, 0);
        Close([0.5, 1.5], w);
        Close([0.3, -0.001], m);
        Close([0.009, 1e-7], v);
        (w, _, _) = OptimizerReference.Adam(w, [3, -0.01], m, v, 0.19, 1 - 0.999 * 0.999, 0.5, 0.9, 0.999, 0, 0);
        Close([0, 2], w);

        // Weight decay pulls by lr wd w, beside the moments; epsilon damps.
        (w, _, _) = OptimizerReference.Adam([2], [1], [0], [0], 0.1, 0.001, 0.5, 0.9, 0.999, epsilon: 1, weightDecay: 0.1);
        Close([2 - 0.1 - 0.25], w);
    }

    [Fact]
    public void Cross_entropy_of_the_logarithms_of_1_2_and_5()
    {
        double[] logits = [0, Math.Log(2), Math.Log(5), 7, 7, 7];
        Close([Math.Log(4), Math.Log(3)], CrossEntropyReference.Forward(logits, [1, 0], 3));
        Close([0.25, -1.5, 1.25, -4 / 3.0, 2 / 3.0, 2 / 3.0], CrossEntropyReference.Backward(logits, [1, 0], 3, scale: 2));
        Assert.Equal([double.PositiveInfinity], CrossEntropyReference.Forward([1, double.NegativeInfinity], [1], 2));
    }

    [Fact]
    public void Backward_of_embeddings_biases_and_pools()
    {
        Close([11, 20, 34], EmbeddingReference.Backward([0, 2, 2], [1, 1, 3], 1, [10, 20, 30]));

        // Two-sided: distance 0, one behind, one after; causal: one behind, 0 (key after query nowhere).
        Close([1 + 4, 3, 0, 2], RelativePositionBiasReference.Backward([1, 2, 3, 4], 4, 1, 2, 2, causal: false, maxDistance: 5, null));
        Close([15, 3], RelativePositionBiasReference.Backward([1, 2, 3, 4], 2, 1, 2, 2, causal: true, maxDistance: 5, [10, 0]));

        // Three columns in windows [0,2) and [1,3); one column in three windows.
        Close([1, 3, 2], PoolingReference.AdaptiveAverageBackward([2, 4], 1, 1, 3, 1, 2));
        Close([6], PoolingReference.AdaptiveAverageBackward([1, 2, 3], 1, 1, 1, 1, 3));
        Close([20], [SumReference.Scaled([1, 3, 6], 2)]);
    }

    /// <summary>The known answers that come with Random123 (its tests/kat_vectors): counter, key, words.</summary>
    [Theory]
    [InlineData("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8")]
    [InlineData("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd")]
    [InlineData("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1")]
    public void Philox_gives_the_published_words(string counter, string key, string words)
    {
        Assert.Equal(Parse(words), Philox.Words(Parse(counter), Parse(key)));

        static uint[] Parse(string text) => [.. text.Split(' ').Select(word => Convert.ToUInt32(word, 16))];
    }

    /// <summary>Words of counter 0 under key 0, above: in 2^32nds 0.3990, 0.8806, 0.7357, 0.6055.</summary>
    [Fact]
    public void Dropout_keeps_what_is_below_the_threshold_and_scales_it()
    {
        Assert.Equal([1, 0, 0, 1], DropoutReference.Mask(4, seed: 0, stream: 0, probability: 0.3));
        Assert.Equal([1, 0, 1], DropoutReference.Mask(3, seed: 0, stream: 0, probability: 0.25));
        Assert.Equal([8, 0, 0], DropoutReference.Forward([3, double.NaN, 5], [1, 2, 3], [1, 0, 0], 0.5));
        Assert.Equal([0, 14], DropoutReference.Backward([0, 1], [double.PositiveInfinity, 7], 0.5));

        // Half of many, give or take four deviations; another half in another stream and under another seed.
        byte[] mask = DropoutReference.Mask(40000, 9, 1, 0.5);
        Assert.InRange(mask.Sum(kept => kept), 19600, 20400);
        Assert.InRange(mask.Zip(DropoutReference.Mask(40000, 9, 2, 0.5)).Count(pair => pair.First == pair.Second), 19600, 20400);
        Assert.InRange(mask.Zip(DropoutReference.Mask(40000, 9L << 32, 1, 0.5)).Count(pair => pair.First == pair.Second), 19600, 20400);
    }

    [Fact]
    public void Add_and_mask()
    {
        Assert.Equal([4, 6], ElementwiseReference.Add([1, 2], [3, 4]));
        Assert.Equal([0, float.MinValue], ElementwiseReference.AttentionMask([1, 0]));
    }

    [Fact]
    public void Embeddings_take_the_row_of_the_id_and_of_the_position()
    {
        Assert.Equal([5, 6, 1, 2], EmbeddingReference.Gather([2, 0], [1, 2, 3, 4, 5, 6], 2));
        Assert.Equal([112, 221, 211, 122], EmbeddingReference.Bert([1, 0, 0, 1], [0, 1, 1, 0], [1, 2], [10, 20], [100, 200], 2, 1));
    }

    [Fact]
    public void Heads_split_and_merge()
    {
        // one sequence of two positions, two heads of two
        Assert.Equal([0, 1, 4, 5, 12, 13, 16, 17], HeadsReference.Split([0, 1, 2, 3, 4, 5, 6, 7], [0, 0, 10, 10], 1, 2, 2, 2));
        Assert.Equal([0, 1, 4, 5, 2, 3, 6, 7], HeadsReference.Merge([0, 1, 2, 3, 4, 5, 6, 7], 1, 2, 2, 2));
    }

    /// <summary>
    /// The published defaults (32 buckets, distance 128): one distance a bucket below 8 (16 where causal), doubling every second
    /// (two-sided: 8, 12, 16, 23, 32, 46, 64, 91) after; keys behind the query in the first half.
    /// </summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(-7, 7)]
    [InlineData(-8, 8)]
    [InlineData(-11, 8)]
    [InlineData(-12, 9)]
    [InlineData(-16, 10)]
    [InlineData(-22, 10)]
    [InlineData(-23, 11)]
    [InlineData(-32, 12)]
    [InlineData(-46, 13)]
    [InlineData(-63, 13)]
    [InlineData(-64, 14)]
    [InlineData(-90, 14)]
    [InlineData(-91, 15)]
    [InlineData(-5000, 15)]
    [InlineData(1, 17)]
    [InlineData(64, 30)]
    [InlineData(128, 31)]
    public void Two_sided_buckets(long relative, long bucket) =>
        Assert.Equal(bucket, RelativePositionBiasReference.Bucket(relative, causal: false, 32, 128));

    [Theory]
    [InlineData(3, 0)]
    [InlineData(0, 0)]
    [InlineData(-15, 15)]
    [InlineData(-16, 16)]
    [InlineData(-18, 16)]
    [InlineData(-19, 17)]
    [InlineData(-32, 21)]
    [InlineData(-113, 31)]
    [InlineData(-128, 31)]
    [InlineData(-1000, 31)]
    public void One_sided_buckets(long relative, long bucket) =>
        Assert.Equal(bucket, RelativePositionBiasReference.Bucket(relative, causal: true, 32, 128));

    [Fact]
    public void Causal_bias_hides_later_keys() => Assert.Equal(
        [1, float.MinValue, 2, 1], RelativePositionBiasReference.Compute([1, 2, 3, 4], 1, 2, 2, causal: true, maxDistance: 8));

    [Fact]
    public void Pooling()
    {
        Assert.Equal([3, 6], PoolingReference.Max([1, 3, 2, 0, 6, 5, 4, 4], 2, 2, 2, 2, 2));
        Assert.Equal([5], PoolingReference.Max([1, 3, 2, 0, 5, 4, 9, 9, 9], 1, 3, 3, 2, 2));
        // three columns to two: windows [0,2) and [1,3)
        Assert.Equal([1.5, 2.5], PoolingReference.AdaptiveAverage([1, 2, 3], 1, 1, 3, 1, 2));
        // one to three: each window is the one cell
        Assert.Equal([4, 4, 4], PoolingReference.AdaptiveAverage([4], 1, 1, 1, 1, 3));
    }

    [Fact]
    public void Convolution_of_ones_counts_the_cells_under_the_window()
    {
        double[] y = ConvolutionReference.Compute(new ConvolutionShape(1, 1, 3, 3, 1, 3, 3, 1, 1), [1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1], [-5], relu: true);
        Assert.Equal([0, 1, 0, 1, 4, 1, 0, 1, 0], y);
    }

    /// <summary>[[1,2],[3,4]]^T [[5,6],[7,8]], doubled.</summary>
    [Fact]
    public void Product_of_a_transposed_matrix() => Assert.Equal(
        [52, 60, 76, 88],
        GemmReference.Compute(
            [1, 2, 3, 4], new MatrixLayout(2, 4, true), [5, 6, 7, 8], new MatrixLayout(2, 4, false), new MatrixLayout(2, 4, false),
            4, 1, 2, 2, 2, 2));
}
