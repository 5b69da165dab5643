using Harness.Models.Tests.Oracles.Training;
using Harness.Models.Training;
using Xunit;
using OracleOptimizer = Harness.Models.Tests.Oracles.Training.Optimizer;
using ProductOptimizer = Harness.Models.Training.Optimizer;
using OracleStep = Harness.Models.Tests.Oracles.Training.TrainingStep;

namespace Harness.Models.Tests.WholeModels.Training;

/// <summary>
/// Judges every step of a training by the double-precision oracle, started from the weights and states that what is judged had before the
/// step, so that nothing drifts. Loss and gradients are the oracle's; the update is judged on its own gradients, since Adam divides by a
/// gradient's size and would make an update out of the rounding of one that is 0.
/// </summary>
internal static class StepJudge
{
    /// <summary>
    /// The least that a gradient's largest element may be beside the largest of all: far above the tolerance, which a gradient of zeros would
    /// pass otherwise. The smallest seen is 0.007.
    /// </summary>
    private const double LeastOfModel = 1e-3;

    /// <summary>The one gradient that is 0 in theory: keys moved alike shift all scores of a row alike.</summary>
    private const string KeyBias = "attention.self.key.bias";

    public static OracleOptimizer OptimizerOf(ProductOptimizer optimizer) => optimizer switch
    {
        ProductOptimizer.Sgd => new Sgd(Hyperparameters.LearningRate),
        ProductOptimizer.Momentum => new Momentum(Hyperparameters.LearningRate, Hyperparameters.Momentum),
        ProductOptimizer.Adam => new Adam(
            Hyperparameters.LearningRate, 0, Hyperparameters.Beta1, Hyperparameters.Beta2, Hyperparameters.Epsilon),
        _ => new Adam(
            Hyperparameters.LearningRate, Hyperparameters.WeightDecay, Hyperparameters.Beta1, Hyperparameters.Beta2, Hyperparameters.Epsilon),
    };

    /// <param name="tolerances">those of single precision if null</param>
    /// <returns>the losses that were judged</returns>
    public static double[] Run(ITrained model, TrainedCase asked, int steps, Tolerances? tolerances = null)
    {
        TrainedPrograms programs = model.Programs;
        tolerances ??= Tolerances.SinglePrecision;
        OracleOptimizer optimizer = OptimizerOf(asked.Optimizer);
        var losses = new double[steps];
        for (int step = 0; step < steps; step++)
        {
            Dictionary<string, double[]> weights = programs.Parameters.ToDictionary(name => name, model.Values);
            Dictionary<string, double[]> states = programs.States.ToDictionary(name => name, model.Values);
            var oracle = new TrainingOracle(
                programs.Oracle, weights, optimizer, asked.Dropout, (int)programs.MicroBatch, states, updates: step);
            OracleStep expected = oracle.Step(programs.Batch(step));

            losses[step] = model.Step(step);
            Near($"loss of step {step}", expected.Loss, losses[step], tolerances.OfLoss * Math.Max(1, Math.Abs(expected.Loss)));
            Gradients(model, expected, step, tolerances);
            Updates(model, optimizer, weights, states, step, tolerances);
        }

        return losses;
    }

    private static void Gradients(ITrained model, OracleStep expected, int step, Tolerances tolerances)
    {
        double largest = expected.Gradients.Values.Max(gradient => gradient.Max(Math.Abs));
        Assert.True(largest > 1e-3, $"the gradients of step {step} are trivial");
        foreach (string name in model.Programs.Parameters)
        {
            double[] wanted = expected.Gradients[$"{name}.grad"], found = model.Values($"{name}.grad");
            double tolerance = tolerances.OfTensor * wanted.Max(Math.Abs) + tolerances.OfModel * largest;
            Assert.Equal(wanted.Length, found.Length);
            if (!name.EndsWith(KeyBias, StringComparison.Ordinal))
            {
                Assert.True(wanted.Max(Math.Abs) > LeastOfModel * largest, $"{name}.grad of step {step} is trivial");
                Assert.True(found.Distinct().Count() > 1, $"{name}.grad of step {step} has one value everywhere");
            }

            for (int i = 0; i < wanted.Length; i++)
            {
                Near($"{name}.grad[{i}] of step {step}", wanted[i], found[i], tolerance);
            }
        }
    }

    private static void Updates(
        ITrained model, OracleOptimizer optimizer, Dictionary<string, double[]> weights, Dictionary<string, double[]> states, int step,
        Tolerances tolerances)
    {
        foreach (string name in model.Programs.Parameters)
        {
            double[] before = [.. weights[name]], gradient = model.Values($"{name}.grad");
            double[][] own = [.. optimizer.StateSuffixes.Select(suffix => states[$"{name}.{suffix}"])];
            optimizer.Update(step + 1, weights[name], gradient, own);

            double[] after = model.Values(name);
            for (int i = 0; i < after.Length; i++)
            {
                double change = Math.Abs(weights[name][i] - before[i]);
                Near(
                    $"{name}[{i}] after step {step}", weights[name][i], after[i],
                    tolerances.OfWeight * Math.Abs(before[i]) + tolerances.OfChange * change + 1e-12);
            }

            for (int k = 0; k < own.Length; k++)
            {
                double[] state = model.Values($"{name}.{optimizer.StateSuffixes[k]}");
                double largest = own[k].Max(Math.Abs);
                for (int i = 0; i < state.Length; i++)
                {
                    Near($"{name}.{optimizer.StateSuffixes[k]}[{i}] after step {step}", own[k][i], state[i], tolerances.OfState * largest + 1e-30);
                }
            }
        }
    }

    private static void Near(string what, double wanted, double found, double tolerance)
    {
        double error = Math.Abs(found - wanted);
        if (!(error <= tolerance))
        {
            Assert.Fail($"{what} is {found:R}, must be {wanted:R}: error {error:G3}, tolerance {tolerance:G3}");
        }
    }
}
