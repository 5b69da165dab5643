using Harness.Kernels.Reference;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Tests.Oracles;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>
/// FLOPs of the backward steps, counted: each definition is computed on numbers that count, on a few rows; its results are the slopes of the
/// forward definition (central differences), and the count is the formula's.
/// </summary>
public sealed class CountedBackwardTests
{
    private const int Rows = 3, Width = 7;
    private const double Epsilon = 1e-3;

    private readonly Random _random = new(21);
    private readonly Tally _tally = new();

    private Counted Number(double value) => new(value, _tally);

    private Counted[] Numbers(double[] values) => [.. values.Select(Number)];

    private static double[] Values(IEnumerable<Counted> numbers) => [.. numbers.Select(number => number.Value)];

    private double[] Any(int count = Width) => [.. Enumerable.Range(0, count).Select(_ => 2 * _random.NextDouble() - 1)];

    private void Counts(Work work) => Assert.Equal((work.Macs.Value, work.OtherFlops.Value), (_tally.Macs, _tally.Operations));

    // d (sum of dy * forward(x)) / dx.
    private static void AreSlopes(Func<double[], double[]> forward, double[] x, double[] dy, double[] dx)
    {
        double Along(int i, double by) => forward([.. x.Select((element, j) => j == i ? element + by : element)]).Zip(dy, (y, d) => y * d).Sum();
        for (int i = 0; i < x.Length; i++)
        {
            Assert.Equal((Along(i, 1e-4) - Along(i, -1e-4)) / 2e-4, dx[i], 1e-7);
        }
    }

    private static double[] Softmax(double[] x, double scale)
    {
        double[] e = [.. x.Select(element => Math.Exp(scale * element))];
        return [.. e.Select(element => element / e.Sum())];
    }

    private static double[] Normed(double[] v, bool centre)
    {
        double mean = centre ? v.Average() : 0, power = v.Average(element => (element - mean) * (element - mean));
        return [.. v.Select(element => (element - mean) / Math.Sqrt(power + Epsilon))];
    }

    private void OfEachRow(Action<double[], double[]> row)
    {
        for (int i = 0; i < Rows; i++)
        {
            row(Any(), Any());
        }
    }

    [Fact]
    public void Sums_and_what_is_added_to()
    {
        Counted[] sums = Numbers(Any()), earlier = Numbers(Any());
        OfEachRow((x, _) => sums = [.. sums.Zip(Numbers(x), (sum, element) => sum + element)]);
        Counts(TrainingWork.Sum(Rows * Width));
        _ = earlier.Zip(sums, CountedBackward.AddTo).ToArray();
        Assert.Equal(Rows * Width + Width, _tally.Operations);
    }

    [Fact]
    public void Activations()
    {
        OfEachRow((y, dy) => Assert.Equal(
            y.Zip(dy, (a, b) => a > 0 ? b : 0), Values(Numbers(y).Zip(Numbers(dy), (a, b) => CountedBackward.Relu(Number(0), a, b)))));
        Counts(TrainingWork.ReluBackward(Rows * Width));

        _tally.Operations = 0;
        OfEachRow((x, dy) => AreSlopes(
            v => [.. v.Select(Math.Tanh)], x, dy, Values(Numbers(x).Zip(Numbers(dy), (a, b) => CountedBackward.Tanh(Number, Number(Math.Tanh(a.Value)), b)))));
        Counts(TrainingWork.TanhBackward(Rows * Width));

        _tally.Operations = 0;
        double[] bias = Any();
        OfEachRow((x, dy) => AreSlopes(
            v => [.. v.Select((element, i) => (element + bias[i]) / 2 * (1 + OracleMath.Erf((element + bias[i]) / Math.Sqrt(2))))], x, dy,
            [.. x.Select((element, i) => CountedBackward.BiasGelu(Number, Number(element), Number(bias[i]), Number(dy[i])).Value)]));
        Counts(TrainingWork.BiasGeluBackward(Rows * Width));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.125)]
    public void Softmaxes(double scale)
    {
        OfEachRow((x, dy) => AreSlopes(
            v => Softmax(v, scale), x, dy, Values(CountedBackward.Softmax(Number, Numbers(Softmax(x, scale)), Numbers(dy), scale))));
        Counts(TrainingWork.SoftmaxBackward(Rows * Width, scaled: scale != 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Norms(bool layerNorm)
    {
        double[] gamma = Any();
        double[] Forward(double[] v) => [.. Normed(v, centre: layerNorm).Zip(gamma, (a, b) => a * b)];
        OfEachRow((v, dy) => AreSlopes(Forward, v, dy, Values(layerNorm
            ? CountedBackward.LayerNormOperands(Number, Numbers(v), Numbers(gamma), Numbers(dy), Epsilon)
            : CountedBackward.RmsNormOperands(Number, Numbers(v), Numbers(gamma), Numbers(dy), Epsilon))));
        Counts(layerNorm ? TrainingWork.LayerNormOperands(Rows, Width) : TrainingWork.RmsNormOperands(Rows, Width));

        _tally.Operations = 0;
        Counted[] gammaGradient = Numbers(new double[Width]), betaGradient = Numbers(new double[Width]);
        double[] expected = new double[Width], sum = new double[Width];
        OfEachRow((v, dy) =>
        {
            if (layerNorm)
            {
                CountedBackward.LayerNormParameters(Number, Numbers(v), Numbers(dy), gammaGradient, betaGradient, Epsilon);
            }
            else
            {
                CountedBackward.RmsNormParameters(Number, Numbers(v), Numbers(dy), gammaGradient, Epsilon);
            }

            expected = [.. expected.Zip(Normed(v, centre: layerNorm).Zip(dy, (a, b) => a * b), (a, b) => a + b)];
            sum = [.. sum.Zip(dy, (a, b) => a + b)];
        });
        Assert.All(expected.Zip(Values(gammaGradient)), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        Assert.All(sum.Zip(Values(betaGradient)), pair => Assert.Equal(layerNorm ? pair.First : 0, pair.Second, 1e-12));
        Counts(layerNorm ? TrainingWork.LayerNormParameters(Rows, Width) : TrainingWork.RmsNormParameters(Rows, Width));

        // A residual and a bias are an addition each, before everything else.
        Assert.Equal(2 * Rows * Width, TrainingWork.LayerNormOperands(Rows, Width, addends: 2).OtherFlops.Value - TrainingWork.LayerNormOperands(Rows, Width).OtherFlops.Value);
        Assert.Equal(Rows * Width, TrainingWork.RmsNormParameters(Rows, Width, addends: 1).OtherFlops.Value - TrainingWork.RmsNormParameters(Rows, Width).OtherFlops.Value);
    }

    [Fact]
    public void Max_pools()
    {
        Assert.Equal(1, CountedBackward.FirstMaximum(Numbers([1, 5, 5, 2])));
        Assert.Equal(3, CountedBackward.FirstMaximum(Numbers([1, 2, 3, 4])));
        Counts(TrainingWork.MaxPool2Backward(2));
    }

    [Fact]
    public void The_loss()
    {
        double[] LossOf(double[] logits, int label) => [Math.Log(logits.Sum(Math.Exp)) - logits[label]];
        double[][] logits = [Any(), Any(), Any()];
        double[] rows = [.. logits.Select((row, label) => CountedBackward.CrossEntropy(Number, Numbers(row), label).Value)];
        Assert.All(rows.Select((loss, i) => (loss, LossOf(logits[i], i)[0])), pair => Assert.Equal(pair.Item2, pair.loss, 1e-12));
        Counts(TrainingWork.CrossEntropy(Rows, Width));

        _tally.Operations = 0;
        _ = CountedBackward.Sum(Number(0), Numbers(rows)) / Number(Rows);
        Counts(TrainingWork.Mean(Rows));

        _tally.Operations = 0;
        for (int i = 0; i < Rows; i++)
        {
            AreSlopes(v => LossOf(v, i), logits[i], [0.5], Values(CountedBackward.CrossEntropyBackward(Number, Numbers(logits[i]), i, scale: 0.5)));
        }

        Counts(TrainingWork.CrossEntropyBackward(Rows * Width));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Dropout(bool bias)
    {
        Assert.Equal(bias ? 8 : 6, CountedBackward.Dropout(Number, Number(3), bias ? Number(1) : null, Number(1), 0.5).Value);
        Counts(TrainingWork.Dropout(1, bias));
    }

    [Fact]
    public void Updates()
    {
        (double w, double g, double m, double v) = (0.5, -0.25, 0.125, 0.75);
        Assert.Equal(OptimizerReference.Sgd([w], [g], 0.1)[0], CountedBackward.Sgd(Number, Number(w), Number(g), 0.1).Value, 1e-15);
        Counts(TrainingWork.Sgd(1));

        _tally.Operations = 0;
        Assert.Equal(OptimizerReference.Momentum([w], [g], [m], 0.1, 0.9).Weight[0],
            CountedBackward.Momentum(Number, Number(w), Number(g), Number(m), 0.1, 0.9).W.Value, 1e-15);
        Counts(TrainingWork.Momentum(1));

        foreach (double decay in new[] { 0, 0.01 })
        {
            _tally.Operations = 0;
            double expected = OptimizerReference.Adam([w], [g], [m], [v], 0.1, 0.001, 0.1, 0.9, 0.999, 1e-8, decay).Weight[0];
            (Counted weight, _, _) = CountedBackward.Adam(
                Number, Number(w), Number(g), Number(m), Number(v), (0.1, 0.001), 0.1, 0.9, 0.999, 1e-8, decay);
            Assert.Equal(expected, weight.Value, 1e-15);
            Counts(TrainingWork.Adam(1, weightDecay: decay > 0));
        }
    }
}
