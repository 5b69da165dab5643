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

    /// <summary>The gradient of a bias that every row is added is the sum over rows.</summary>
    [Fact]
    public void Bias_is_a_sum_over_rows()
    {
        double[] x = Values(12), bias = Values(4), w = Values(12);
        Check(bias, w, values => ElementwiseReference.BiasActivation(x, values, Activation.None), SumReference.Rows(w, 4, null));
    }
}
