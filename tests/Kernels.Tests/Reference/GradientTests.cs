using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using Xunit;

namespace Harness.Kernels.Tests.Reference;

/// <summary>
/// What makes the backward references oracles: of any function f, sum(w f(x)) has the gradient that its backward reference gives for the
/// output gradient w, by central differences of the forward reference.
/// </summary>
public class GradientTests
{
    private const double Step = 1e-5;

    private readonly Random _random = new(7);

    private double[] Values(int count, double magnitude = 1.5) =>
        [.. Enumerable.Range(0, count).Select(_ => (2 * _random.NextDouble() - 1) * magnitude)];

    private static void Check(double[] x, double[] w, Func<double[], double[]> forward, double[] gradient)
    {
        Assert.Equal(x.Length, gradient.Length);
        Assert.Contains(gradient, g => Math.Abs(g) > 1e-3);
        for (int i = 0; i < x.Length; i++)
        {
            double difference = (Loss(x, i, Step) - Loss(x, i, -Step)) / (2 * Step);
            Assert.True(
                Math.Abs(difference - gradient[i]) <= 1e-7 * (1 + Math.Abs(difference)),
                $"element {i}: {gradient[i]}, by differences {difference}");
        }

        double Loss(double[] at, int element, double by)
        {
            double[] moved = [.. at];
            moved[element] += by;
            return forward(moved).Zip(w, (y, weight) => y * weight).Sum();
        }
    }

    [Theory]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Tanh)]
    public void Relu_and_tanh(Activation activation)
    {
        double[] x = Values(40), w = Values(40), y = Forward(x);
        Check(
            x, w, Forward,
            activation is Activation.Relu ? ActivationBackwardReference.Relu(y, w) : ActivationBackwardReference.Tanh(y, w));

        double[] Forward(double[] values) => ElementwiseReference.BiasActivation(values, null, activation);
    }

    [Fact]
    public void Gelu()
    {
        double[] x = Values(60, 4), bias = Values(6), w = Values(60);
        Check(
            x, w, values => ElementwiseReference.BiasActivation(values, bias, Activation.Gelu),
            ActivationBackwardReference.Gelu(x, bias, w));
        Assert.Equal([1, 0], ActivationBackwardReference.Gelu([double.PositiveInfinity, double.NegativeInfinity], [0], [1, 1]));
    }

    /// <summary>
    /// The forward reference rounds a logit to f32 after each addition, so values and steps here are such that nothing is rounded: multiples of 2^-12
    /// below 2, a scale and differences that are powers of two. Two step lengths h cancel the differences' error of order h^2 (Richardson 1911).
    /// </summary>
    [Fact]
    public void Softmax()
    {
        const int batch = 2, heads = 2, queries = 3, keys = 5, count = batch * heads * queries * keys;
        const double scale = 0.5, step = 1.0 / 512;
        double[] x = Exact(count), bias = Exact(heads * queries * keys), w = Values(count), mask = new double[batch * keys];
        mask[3] = float.MinValue;
        double[] gradient = SoftmaxBackwardReference.Compute(Forward(x, bias), w, keys, scale);
        Assert.Contains(gradient, g => Math.Abs(g) > 1e-2);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(Extrapolated(x, i, at => Forward(at, bias)), gradient[i], 1e-9);
        }

        // The position bias is added to the scaled values of every element of the batch.
        double[] ofBias = SumReference.Batch(SoftmaxBackwardReference.Compute(Forward(x, bias), w, keys, 1), bias.Length, null);
        for (int i = 0; i < bias.Length; i++)
        {
            Assert.Equal(Extrapolated(bias, i, at => Forward(x, at)), ofBias[i], 1e-9);
        }

        double[] Exact(int length) => Array.ConvertAll(Values(length), value => Math.Round(value * 4096) / 4096);

        double[] Forward(double[] at, double[] positionBias) =>
            SoftmaxReference.Compute(at, positionBias, mask, batch, heads, queries, keys, scale);

        double Extrapolated(double[] at, int element, Func<double[], double[]> forward) =>
            (4 * Difference(at, element, step / 2, forward) - Difference(at, element, step, forward)) / 3;

        double Difference(double[] at, int element, double by, Func<double[], double[]> forward) =>
            (Loss(at, element, by, forward) - Loss(at, element, -by, forward)) / (2 * by);

        double Loss(double[] at, int element, double by, Func<double[], double[]> forward)
        {
            double[] moved = [.. at];
            moved[element] += by;
            return forward(moved).Zip(w, (y, weight) => y * weight).Sum();
        }
    }

    /// <summary>All operands of y = layer norm of x + bias + residual. The gradient of the bias is a sum over rows.</summary>
    [Fact]
    public void Layer_norm()
    {
        const double epsilon = 1e-3;
        double[] x = Values(21), bias = Values(7), residual = Values(21), gamma = Values(7), beta = Values(7), w = Values(21);
        double[] v = NormReference.Sum(x, bias, residual, 7), dv = LayerNormBackwardReference.Operands(v, gamma, w, epsilon);
        (double[] dGamma, double[] dBeta) = LayerNormBackwardReference.Parameters(v, w, 7, epsilon);
        Check(x, w, at => NormReference.LayerNorm(at, bias, residual, gamma, beta, epsilon), dv);
        Check(residual, w, at => NormReference.LayerNorm(x, bias, at, gamma, beta, epsilon), dv);
        Check(bias, w, at => NormReference.LayerNorm(x, at, residual, gamma, beta, epsilon), SumReference.Rows(dv, 7, null));
        Check(gamma, w, at => NormReference.LayerNorm(x, bias, residual, at, beta, epsilon), dGamma);
        Check(beta, w, at => NormReference.LayerNorm(x, bias, residual, gamma, at, epsilon), dBeta);
    }

    [Fact]
    public void Rms_norm()
    {
        const double epsilon = 1e-3;
        double[] x = Values(21), residual = Values(21), gamma = Values(7), w = Values(21), v = NormReference.Sum(x, null, residual, 7);
        double[] dv = RmsNormBackwardReference.Operands(v, gamma, w, epsilon);
        Check(x, w, at => NormReference.RmsNorm(at, residual, gamma, epsilon), dv);
        Check(residual, w, at => NormReference.RmsNorm(x, at, gamma, epsilon), dv);
        Check(gamma, w, at => NormReference.RmsNorm(x, residual, at, epsilon), RmsNormBackwardReference.Parameters(v, w, 7, epsilon));
    }

    /// <summary>The gradient of a bias that every row is added is the sum over rows.</summary>
    [Fact]
    public void Bias_is_a_sum_over_rows()
    {
        double[] x = Values(12), bias = Values(4), w = Values(12);
        Check(bias, w, values => ElementwiseReference.BiasActivation(x, values, Activation.None), SumReference.Rows(w, 4, null));
    }

    /// <summary>N, C, H, W, K, R, S, padding, stride: borders, strides that leave inputs out, windows wider than the image.</summary>
    [Theory]
    [InlineData(2, 3, 4, 5, 2, 3, 3, 1, 1)]
    [InlineData(1, 2, 6, 7, 3, 2, 3, 0, 2)]
    [InlineData(1, 2, 2, 2, 2, 3, 3, 2, 1)]
    [InlineData(2, 2, 3, 3, 2, 1, 1, 0, 1)]
    public void A_convolution_by_its_input_and_by_its_weights(int n, int c, int h, int w, int k, int r, int s, int padding, int stride)
    {
        var shape = new ConvolutionShape(n, c, h, w, k, r, s, padding, stride);
        double[] x = Values(n * c * h * w), weight = Values(k * c * r * s), bias = Values(k), dy = Values((int)(n * k * shape.P * shape.Q));
        Check(x, dy, values => ConvolutionReference.Compute(shape, values, weight, bias, relu: false), ConvolutionReference.DataBackward(shape, weight, dy));
        Check(
            weight, dy, values => ConvolutionReference.Compute(shape, x, values, bias, relu: false),
            ConvolutionReference.WeightBackward(shape, x, dy, before: null));
        double[] before = Values(weight.Length);
        Assert.Equal(
            ConvolutionReference.WeightBackward(shape, x, dy, null).Zip(before, (sum, old) => sum + old),
            ConvolutionReference.WeightBackward(shape, x, dy, before), (a, b) => Math.Abs(a - b) < 1e-12);

        // The gradient of the bias is a sum over images and pixels.
        Check(bias, dy, values => ConvolutionReference.Compute(shape, x, weight, values, relu: false), SumReference.Channels(dy, k, shape.P * shape.Q, null));
    }

    [Theory]
    [InlineData(4, 6, 2, 2)]
    [InlineData(5, 7, 3, 1)]
    [InlineData(5, 5, 3, 2)]
    [InlineData(7, 8, 2, 3)]
    public void Max_pooling(int height, int width, int window, int stride)
    {
        double[] x = Values(2 * height * width), dy = Values(2 * ((height - window) / stride + 1) * ((width - window) / stride + 1));
        Check(
            x, dy, values => PoolingReference.Max(values, 2, height, width, window, stride),
            PoolingReference.MaxBackward(x, dy, 2, height, width, window, stride));
    }

    /// <summary>What has no derivative is a rule: the first maximum, and a NaN is one.</summary>
    [Fact]
    public void Of_equal_maxima_the_first_in_row_order_has_the_gradient()
    {
        double[] dy = [10];
        Assert.Equal([10, 0, 0, 0], PoolingReference.MaxBackward([0, 0, 0, 0], dy, 1, 2, 2, 2, 2));
        Assert.Equal([0, 10, 0, 0], PoolingReference.MaxBackward([1, 2, 2, 2], dy, 1, 2, 2, 2, 2));
        Assert.Equal([0, 0, 10, 0], PoolingReference.MaxBackward([1, 2, double.NaN, double.NaN], dy, 1, 2, 2, 2, 2));
        Assert.Equal([10, 0, 0, 0], PoolingReference.MaxBackward([double.NaN, 2, 3, double.NaN], dy, 1, 2, 2, 2, 2));

        // Both windows choose the middle of the row, which adds their gradients.
        Assert.Equal([0, 30, 0, 0, 0, 0], PoolingReference.MaxBackward([1, 5, 2, 0, 0, 0], [10, 20], 1, 2, 3, 2, 1));
    }

    [Fact]
    public void Cross_entropy()
    {
        double[] logits = Values(21, 3);
        long[] labels = [4, 0, 6];
        Check(
            logits, [0.25, 0.25, 0.25], values => CrossEntropyReference.Forward(values, labels, 7),
            CrossEntropyReference.Backward(logits, labels, 7, 0.25));
    }

    /// <summary>An id that comes twice, one that comes never; and what was there.</summary>
    [Fact]
    public void Embeddings()
    {
        long[] ids = [3, 0, 3, 1];
        double[] table = Values(10), w = Values(8), old = Values(10);
        Check(table, w, values => EmbeddingReference.Gather(ids, values, 2), EmbeddingReference.Backward(ids, w, 2, new double[10]));
        double[] alone = EmbeddingReference.Backward(ids, w, 2, new double[10]), added = EmbeddingReference.Backward(ids, w, 2, old);
        Assert.All(added, (value, i) => Assert.Equal(old[i] + alone[i], value, 1e-12));
    }

    /// <summary>What a causal bias hides is the lowest f32 whatever the table holds, so its gradient goes nowhere.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Position_biases(bool causal)
    {
        double[] table = Values(16), w = Values(2 * 9 * 11);
        double[] visible = [.. w.Select((value, i) => causal && i % 11 > i / 11 % 9 ? 0 : value)];
        Check(
            table, visible, values => RelativePositionBiasReference.Compute(values, 2, 9, 11, causal, 6),
            RelativePositionBiasReference.Backward(w, 8, 2, 9, 11, causal, 6, null));
    }

    [Theory]
    [InlineData(5, 4, 3, 4)]
    [InlineData(2, 3, 5, 2)]
    public void Adaptive_pools(int height, int width, int pooledHeight, int pooledWidth)
    {
        double[] x = Values(2 * height * width), w = Values(2 * pooledHeight * pooledWidth);
        Check(
            x, w, values => PoolingReference.AdaptiveAverage(values, 2, height, width, pooledHeight, pooledWidth),
            PoolingReference.AdaptiveAverageBackward(w, 2, height, width, pooledHeight, pooledWidth));
    }

    [Fact]
    public void Dropout()
    {
        double[] x = Values(40), bias = Values(8), w = Values(40);
        byte[] mask = DropoutReference.Mask(40, seed: 3, stream: 1, probability: 0.4);
        Check(x, w, values => DropoutReference.Forward(values, bias, mask, 0.4), DropoutReference.Backward(mask, w, 0.4));
    }
}
