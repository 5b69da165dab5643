using Xunit;

namespace Harness.Models.Tests.Oracles.Training;

/// <summary>Operations and layers on the tape: by hand at ties, and against the forward oracles.</summary>
public sealed class TapeTests
{
    private static double[] Seeded(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextDouble() - 1)];

    private static void Near(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-13);
        }
    }

    /// <summary>The gradient of x for the loss sum of weights * y(x).</summary>
    private static double[] Gradient(double[] x, double[] weights, Func<Tape, Node, Node> function)
    {
        var tape = new Tape();
        Node variable = Node.Variable(x);
        Node weighted = tape.Multiply(function(tape, variable), Node.Constant(weights));
        tape.Differentiate(tape.SumRows(weighted, weighted.Length));
        return variable.Gradient!;
    }

    [Fact]
    public void Relu_is_level_at_zero()
    {
        Assert.Equal([0.0, 0, 0, 40], Gradient([-1, 0, -0.0, 2], [10, 20, 30, 40], (tape, x) => tape.Relu(x)));
    }

    [Fact]
    public void The_first_maximum_of_a_window_in_row_order_takes_the_gradient()
    {
        // Four windows of a 5 x 5 plane, whose last row and column are left out: all equal; a tie in one column; a tie across the diagonal;
        // none.
        double[] plane =
        [
            1, 1, 3, 7, 9,
            1, 1, 3, 7, 9,
            0, 5, 1, 2, 9,
            5, 0, 4, 3, 9,
            9, 9, 9, 9, 9,
        ];
        double[] expected =
        [
            10, 0, 0, 20, 0,
            0, 0, 0, 0, 0,
            0, 30, 0, 0, 0,
            0, 0, 40, 0, 0,
            0, 0, 0, 0, 0,
        ];
        Assert.Equal(expected, Gradient(plane, [10, 20, 30, 40], (tape, x) => tape.MaxPool(x, planes: 1, size: 5)));
    }

    [Fact]
    public void Elements_taken_twice_get_two_gradients_and_those_left_out_none()
    {
        Assert.Equal([0.0, 50, 20], Gradient([7, 8, 9], [10, 20, 40], (tape, x) => tape.Gather(x, [1, 2, 1])));
        Assert.Equal([0.0, 10, 0], Gradient([7, 8, 9], [10, 20], (tape, x) => tape.Gather(x, [1, -1])));
    }

    [Fact]
    public void A_product_by_itself_is_differentiated_twice()
    {
        // x = ((1, 2), (3, 4)); y = x x^T = ((5, 11), (11, 25)). With weights W the gradient is (W + W^T) x.
        double[] gradient = Gradient([1, 2, 3, 4], [1, 10, 100, 1000], (tape, x) => tape.Product(x, x, inner: 2));
        Assert.Equal([2.0 * 1 + 110 * 3, 2 * 2 + 110 * 4, 110 * 1 + 2000 * 3, 110 * 2 + 2000 * 4], gradient);
    }

    [Fact]
    public void A_hidden_key_takes_and_gives_nothing()
    {
        double[] gradient = Gradient([1, 5, 2], [1, 10, 100], (tape, x) =>
            tape.Softmax(tape.Add(x, Node.Constant([0, double.NegativeInfinity, 0])), 3));
        double p = 1 / (1 + Math.E); // of the first
        Near([p * (1 - p) * -99, 0, p * (1 - p) * 99], gradient);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(12)]
    [InlineData(21)]
    public void Adaptive_pools_are_those_of_the_forward_oracle(int size)
    {
        double[] x = Seeded(new Random(size), 3 * size * size);
        Near(Vgg16Oracle.AdaptiveAveragePool(x, 3, size, 7), new Tape().AdaptiveAveragePool(Node.Constant(x), size, 7).Value);
    }

    [Fact]
    public void Adaptive_pool_shares_a_pixel_between_windows()
    {
        // 3 to 2: windows of two by two that overlap in the middle row and column.
        double[] expected = [1, 3, 2, 5, 15, 10, 4, 12, 8];
        Near([.. expected.Select(value => value * 10)], Gradient(
            new double[9], [40, 80, 160, 320], (tape, x) => tape.AdaptiveAveragePool(x, size: 3, pooled: 2)));
    }

    [Fact]
    public void Layers_are_those_of_the_forward_oracles()
    {
        var random = new Random(1);
        var tape = new Tape();
        Node N(double[] value) => Node.Variable(value);
        double[] x = Seeded(random, 24), gain = Seeded(random, 6), bias = Seeded(random, 6);
        double[] weight = Seeded(random, 30), five = Seeded(random, 5);
        Near(OracleMath.LayerNorm(x, gain, bias, 1e-12), tape.LayerNorm(N(x), N(gain), N(bias), 1e-12).Value);
        Near(OracleMath.RmsNorm(x, gain, 1e-6), tape.RmsNorm(N(x), N(gain), 1e-6).Value);
        Near(OracleMath.Linear(x, weight, five, 6), tape.Linear(N(x), N(weight), N(five), 6).Value);
        Near(OracleMath.Linear(x, weight, null, 6), tape.Linear(N(x), N(weight), null, 6).Value);
        Near(Array.ConvertAll(x, OracleMath.Gelu), tape.Gelu(N(x)).Value);
        Near(OracleMath.Gather(x, [3, 0, 3], 6), tape.Embed(N(x), [3, 0, 3], 6).Value);
        Near(OracleMath.SplitHeads(x, 2, 3, 2), tape.SplitHeads(N(x), 2, 3, 2).Value);
        Near(x, tape.MergeHeads(tape.SplitHeads(N(x), 2, 3, 2), 2, 3, 2).Value);
        double[] k = Seeded(random, 2 * 5 * 6), v = Seeded(random, 2 * 5 * 6), added = Seeded(random, 2 * 3 * 2 * 5);
        Near(
            OracleMath.Attention(x, k, v, 2, 3, 2, 0.7, (b, a, i, j) => added[((b * 3 + a) * 2 + i) * 5 + j]),
            tape.Attention(N(x), N(k), N(v), 2, 3, 2, 0.7, N(added), probabilities => probabilities).Value);
        double[] images = Seeded(random, 2 * 2 * 25), filters = Seeded(random, 3 * 2 * 9), three = Seeded(random, 3);
        Near(Vgg16Oracle.Convolve(images, filters, three, 2, 2, 5), tape.Convolve(N(images), N(filters), N(three), 2, 2, 5).Value);
        Near(Vgg16Oracle.MaxPool(images, 4, 5), tape.MaxPool(N(images), 4, 5).Value);
    }

    [Fact]
    public void Cross_entropy_by_hand()
    {
        // Two classes even: log 2; odds of 3 to 1 against the label: log 4; logits that no exponential holds. The gradient is the softmax
        // less one at the label.
        double[] logits = [5, 5, Math.Log(3), 0, 800, -800];
        Near([Math.Log(2), Math.Log(4), 1600], new Tape().CrossEntropy(Node.Constant(logits), [0, 1, 1]).Value);
        Near([-5, 5, 7.5, -7.5, 10, -10], Gradient(logits, [10, 10, 10], (tape, x) => tape.CrossEntropy(x, [0, 1, 1])));
    }

    [Fact]
    public void Branches_tell_points_apart_where_the_loss_has_an_edge()
    {
        ulong Branches(double a, double b)
        {
            var tape = new Tape();
            tape.Relu(Node.Constant([a, b]));
            tape.MaxPool(Node.Constant([a, b, -9, -9]), 1, 2);
            return tape.Branches;
        }

        Assert.Equal(Branches(2, 1), Branches(4, 3));
        Assert.NotEqual(Branches(2, 1), Branches(2, 3));
        Assert.NotEqual(Branches(2, 1), Branches(2, -1));
    }
}
