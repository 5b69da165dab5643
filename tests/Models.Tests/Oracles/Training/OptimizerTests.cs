using Xunit;

namespace Harness.Models.Tests.Oracles.Training;

/// <summary>Updates against values worked out by hand and, for constant gradients, in closed form.</summary>
public sealed class OptimizerTests
{
    private static double[][] Run(Optimizer optimizer, double[] weights, params double[][] gradients)
    {
        double[][] states = [.. optimizer.StateSuffixes.Select(_ => new double[weights.Length])];
        for (int t = 1; t <= gradients.Length; t++)
        {
            optimizer.Update(t, weights, gradients[t - 1], states);
        }

        return states;
    }

    private static void Near(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-14 * Math.Max(1, Math.Abs(expected[i])));
        }
    }

    [Fact]
    public void Sgd_steps_against_the_gradient()
    {
        double[] w = [1, -2];
        Assert.Empty(Run(new Sgd(0.1), w, [3, 4], [-1, 0]));
        Near([0.8, -2.4], w);
    }

    [Fact]
    public void Momentum_remembers()
    {
        // m = 3, then 0.5 * 3 - 1 = 0.5; -2 and -1. w falls by a tenth of each.
        double[] w = [1, 0];
        double[][] states = Run(new Momentum(0.1, Mu: 0.5), w, [3, -2], [-1, 0]);
        Near([0.5, -1], states[0]);
        Near([0.65, 0.3], w);
    }

    [Fact]
    public void Two_updates_of_Adam_by_hand()
    {
        // b1 = 1/2, b2 = 3/4, eps = 1, lr = 1. g = 2: m = 1, v = 1; c1 = 1/2, c2 = 1/4: 2 / (2 + 1).
        // g = -2: m = 1/2 - 1 = -1/2, v = 3/4 + 1 = 7/4; c1 = 3/4, c2 = 7/16: (-2/3) / (sqrt(4) + 1) = -2/9.
        double[] w = [0];
        double[][] states = Run(new Adam(1, Beta1: 0.5, Beta2: 0.75, Epsilon: 1), w, [2], [-2]);
        Near([-0.5], states[0]);
        Near([1.75], states[1]);
        Near([-2.0 / 3 + 2.0 / 9], w);
    }

    [Fact]
    public void Weight_decay_acts_on_the_weight_before_and_beside_the_moments()
    {
        // w = 8: less 1/4 * 1/2 of it is 7, less 1/4 * 2 / (2 + 1) of the update above.
        double[] w = [8];
        double[][] states = Run(new Adam(0.25, WeightDecay: 0.5, Beta1: 0.5, Beta2: 0.75, Epsilon: 1), w, [2]);
        Near([7 - 1.0 / 6], w);
        Near([1], states[0]);
        Near([1], states[1]);
    }

    [Fact]
    public void A_constant_gradient_has_closed_forms()
    {
        const int steps = 20;
        double[] g = [0.3, -5, 1e-3];
        double[][] constant = [.. Enumerable.Repeat(g, steps)];

        // Both moments are unbiased by c1 and c2: every update of Adam is lr g / (|g| + eps).
        double[] w = [1, 2, 3];
        Run(new Adam(0.01), w, constant);
        Near([.. g.Select((value, i) => i + 1 - steps * 0.01 * value / (Math.Abs(value) + 1e-8))], w);

        // m is g times the geometric sum (1 - mu^t) / (1 - mu).
        w = [1, 2, 3];
        double[][] states = Run(new Momentum(0.01), w, constant);
        Near([.. g.Select(value => value * (1 - Math.Pow(0.9, steps)) / (1 - 0.9))], states[0]);
        double sum = Enumerable.Range(1, steps).Sum(t => (1 - Math.Pow(0.9, t)) / (1 - 0.9));
        Near([.. g.Select((value, i) => i + 1 - 0.01 * value * sum)], w);
    }

    [Fact]
    public void Default_values_are_those_of_the_papers()
    {
        Assert.Equal(new Adam(1, WeightDecay: 0, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8), new Adam(1));
        Assert.Equal(new Momentum(1, Mu: 0.9), new Momentum(1));
    }
}
