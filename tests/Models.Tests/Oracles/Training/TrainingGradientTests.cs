using Xunit;

namespace Harness.Models.Tests.Oracles.Training;

/// <summary>
/// The oracle's gradients against central differences of its own loss, (L(w + h u) - L(w - h u)) / 2h, in double precision: for every
/// parameter of every architecture along a random direction, which has a part in each of its elements, and along single elements.
/// </summary>
public sealed class TrainingGradientTests
{
    /// <summary>Elements of a parameter that are varied alone; all, where it has no more.</summary>
    private const int Elements = 8;

    public static TheoryData<string, double> Cases
    {
        get
        {
            var cases = new TheoryData<string, double>();
            foreach (string name in TrainingCases.Names)
            {
                cases.Add(name, 0);
            }

            foreach (string name in TrainingCases.Dropping)
            {
                cases.Add(name, 0.3);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_the_slopes_of_the_loss(string name, double probability)
    {
        ITrainedModel model = TrainingCases.Model(name);
        Dictionary<string, double[]> weights = TrainingCases.Weights(model, seed: 1);
        TrainingBatch batch = TrainingCases.Batch(name, seed: 1);
        Dropout? dropout = probability > 0 ? Dropout.Seeded(probability, seed: 77) : null;
        Evaluation Evaluate(bool differentiate) => Evaluation.Of(model, weights, batch, model.Batch, dropout, differentiate);

        Evaluation exact = Evaluate(differentiate: true);
        var random = new Random(2);
        foreach ((string parameter, double[] gradient) in exact.Gradients)
        {
            double largest = gradient.Max(Math.Abs);
            if (parameter.EndsWith("self.key.bias", StringComparison.Ordinal))
            {
                // It shifts the scores of a row alike, and softmax does not see that.
                Assert.True(largest < 1e-15, $"{parameter} has no effect, but a gradient of {largest:G3}");
            }
            else
            {
                Assert.True(largest > 1e-6, $"the case shows nothing about {parameter}: no gradient is larger than {largest:G3}");
            }

            foreach (double[] direction in Directions(random, gradient.Length))
            {
                double slope = gradient.Zip(direction, (g, u) => g * u).Sum();
                double difference = Difference(weights[parameter], direction, exact.Branches, () => Evaluate(differentiate: false));
                Assert.True(Math.Abs(slope - difference) <= 1e-8 + 1e-6 * largest,
                    $"{parameter}: slope {slope:R}, difference {difference:R}, largest gradient {largest:G3}");
            }
        }
    }

    /// <summary>One of all elements, of length 1, and single elements.</summary>
    private static IEnumerable<double[]> Directions(Random random, int elements)
    {
        double[] all = TrainingCases.Reals(random, elements, 0, 1);
        double length = Math.Sqrt(all.Sum(u => u * u));
        yield return Array.ConvertAll(all, u => u / length);
        foreach (int element in Enumerable.Range(0, elements).OrderBy(_ => random.Next()).Take(Elements))
        {
            var single = new double[elements];
            single[element] = 1;
            yield return single;
        }
    }

    /// <summary>
    /// With a step that is shortened until both points lie on the same branch of ReLU and maximum as the point between them.
    /// </summary>
    private static double Difference(double[] weights, double[] direction, ulong branches, Func<Evaluation> evaluate)
    {
        double[] centre = [.. weights];
        for (double step = 1e-5; step > 1e-9; step /= 4)
        {
            Evaluation above = At(step), below = At(-step);
            centre.CopyTo(weights, 0);
            if (above.Branches == branches && below.Branches == branches)
            {
                return (above.Loss - below.Loss) / (2 * step);
            }
        }

        throw new InvalidOperationException("an edge of the loss is too near for a difference");

        Evaluation At(double offset)
        {
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] = centre[i] + offset * direction[i];
            }

            return evaluate();
        }
    }
}
