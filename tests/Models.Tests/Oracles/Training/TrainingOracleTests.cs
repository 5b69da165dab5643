using Xunit;

namespace Harness.Models.Tests.Oracles.Training;

/// <summary>Whole training steps: names, micro-batches, twenty steps with each optimizer, and what is refused.</summary>
public sealed class TrainingOracleTests
{
    private const double Dropped = 0.4;

    private static readonly Optimizer[] s_optimizers = [new Sgd(0.05), new Momentum(0.02), new Adam(0.01), new Adam(0.01, WeightDecay: 0.01)];

    public static TheoryData<string> Names => [.. TrainingCases.Names];

    private static TrainingOracle Oracle(string name, Optimizer optimizer, double dropout = 0, int? microBatch = null)
    {
        ITrainedModel model = TrainingCases.Model(name);
        return new TrainingOracle(model, TrainingCases.Weights(model, seed: 1), optimizer, dropout, microBatch);
    }

    private static void Near(IReadOnlyDictionary<string, double[]> expected, IReadOnlyDictionary<string, double[]> actual, double tolerance)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, double[] values) in expected)
        {
            Assert.Equal(values.Length, actual[name].Length);
            Assert.All(values, (value, i) => Assert.Equal(value, actual[name][i], tolerance));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Micro_batches_make_the_update_of_the_whole_batch(string name)
    {
        int batch = TrainingCases.Model(name).Batch;
        foreach (Optimizer optimizer in s_optimizers)
        {
            TrainingOracle whole = Oracle(name, optimizer);
            TrainingStep[] expected = whole.Run([TrainingCases.Batch(name, 1), TrainingCases.Batch(name, 2)]);
            for (int samples = 1; samples < batch; samples *= 2)
            {
                TrainingOracle parts = Oracle(name, optimizer, microBatch: samples);
                TrainingStep[] actual = parts.Run([TrainingCases.Batch(name, 1), TrainingCases.Batch(name, 2)]);
                for (int step = 0; step < 2; step++)
                {
                    Assert.Equal(batch / samples, actual[step].LossParts.Count);
                    Assert.Equal(expected[step].Loss, actual[step].Loss, 1e-10);
                    Near(expected[step].Gradients, actual[step].Gradients, 1e-8);
                }

                // Adam makes of a gradient that is 0 but for rounding (1e-17) an update of up to 1e-17/1e-8 lr.
                Near(whole.Parameters, parts.Parameters, 1e-9);
                Near(whole.States, parts.States, 1e-9);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Twenty_steps_on_one_batch_learn_it(string name)
    {
        foreach (Optimizer optimizer in s_optimizers)
        {
            TrainingStep[] steps = Oracle(name, optimizer).Run(Enumerable.Repeat(TrainingCases.Batch(name, 1), 20));
            Assert.True(steps[^1].Loss < 0.9 * steps[0].Loss, $"{optimizer}: loss {steps[0].Loss:G4}, after 20 steps {steps[^1].Loss:G4}");
            TrainingStep[] again = Oracle(name, optimizer).Run(Enumerable.Repeat(TrainingCases.Batch(name, 1), 20));
            Assert.Equal(steps.Select(step => step.Loss), again.Select(step => step.Loss));
        }
    }

    [Fact]
    public void A_step_of_two_layers_is_worked_out_by_hand()
    {
        // One sample x = 2 of a stack 1-2-2, label 1: h = relu(2, -2) = (2, 0); logits = (log 3, 0), softmax (3/4, 1/4), loss log 4. The
        // error is (3/4, -3/4); the second weights' gradient is its outer product with h, the first's is 3/4 log(3)/2 - 3/4 * 0, times x,
        // for the unit that is on.
        double w = Math.Log(3) / 2;
        var weights = new Dictionary<string, double[]> { ["layer1.weight"] = [1, -1], ["layer2.weight"] = [w, 5, 0, 7] };
        var oracle = new TrainingOracle(new MlpTraining(MlpConfig.Stack(1, [1, 2, 2], bias: false)), weights, new Sgd(0.5));
        TrainingStep step = oracle.Step(TrainingBatch.Of(new Dictionary<string, double[]> { ["inputs"] = [2] }, [1]));
        Assert.Equal(Math.Log(4), step.Loss, 1e-14);
        Near(
            new Dictionary<string, double[]> { ["layer1.weight.grad"] = [0.75 * w * 2, 0], ["layer2.weight.grad"] = [1.5, 0, -1.5, 0] },
            step.Gradients, 1e-14);
        Near(
            new Dictionary<string, double[]> { ["layer1.weight"] = [1 - 0.75 * w, -1], ["layer2.weight"] = [w - 0.75, 5, 0.75, 7] },
            oracle.Parameters, 1e-14);
        Assert.Equal([1, -1], weights["layer1.weight"]); // the caller's own are left alone
    }

    [Fact]
    public void Gradients_and_states_bear_the_names_of_their_parameters()
    {
        string[][] suffixes = [[], ["momentum_buffer"], ["exp_avg", "exp_avg_sq"], ["exp_avg", "exp_avg_sq"]];
        for (int i = 0; i < s_optimizers.Length; i++)
        {
            TrainingOracle oracle = Oracle("mlp", s_optimizers[i]);
            TrainingStep step = oracle.Step(TrainingCases.Batch("mlp", 1));
            Assert.Equal(1, oracle.Updates);
            Assert.Equal(
                ["layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias", "layer3.weight", "layer3.bias"], oracle.Parameters.Keys);
            Assert.Equal(oracle.Parameters.Keys.Select(name => $"{name}.grad"), step.Gradients.Keys);
            Assert.Equal(oracle.Parameters.Keys.SelectMany(name => suffixes[i].Select(suffix => $"{name}.{suffix}")), oracle.States.Keys);
        }
    }

    [Fact]
    public void Training_goes_on_from_weights_states_and_updates()
    {
        foreach (Optimizer optimizer in s_optimizers)
        {
            TrainingOracle through = Oracle("bert", optimizer), begun = Oracle("bert", optimizer);
            through.Run([TrainingCases.Batch("bert", 1), TrainingCases.Batch("bert", 2), TrainingCases.Batch("bert", 3)]);
            begun.Run([TrainingCases.Batch("bert", 1), TrainingCases.Batch("bert", 2)]);
            var resumed = new TrainingOracle(
                TrainingCases.Model("bert"), begun.Parameters, optimizer, states: begun.States, updates: begun.Updates);
            resumed.Step(TrainingCases.Batch("bert", 3));
            Near(through.Parameters, resumed.Parameters, 0);
            Near(through.States, resumed.States, 0);
        }
    }

    [Fact]
    public void Every_micro_batch_drops_by_its_own_seed()
    {
        foreach (string name in TrainingCases.Dropping)
        {
            ITrainedModel model = TrainingCases.Model(name);
            TrainingStep Step(params long[] seeds) =>
                Oracle(name, new Sgd(0.1), Dropped, microBatch: model.Batch / 2).Step(TrainingCases.Batch(name, 1, seeds));

            TrainingStep one = Step(7, 8), same = Step(7, 8), other = Step(7, 9);
            Assert.Equal(one.Logits, same.Logits);
            Near(one.Gradients, same.Gradients, 0);
            Assert.Equal(one.LossParts[0], other.LossParts[0]);
            Assert.NotEqual(one.LossParts[1], other.LossParts[1]);

            // The second half as a batch of its own, whose rows are half as many.
            Evaluation alone = Evaluation.Of(
                model, TrainingCases.Weights(model, 1), TrainingCases.Batch(name, 1).Part(1, 2), model.Batch / 2, Dropout.Seeded(Dropped, 9),
                differentiate: false);
            Assert.Equal(other.LossParts[1], alone.Loss);
            Assert.Equal(other.Logits[(other.Logits.Length / 2)..], alone.Logits);
        }
    }

    [Fact]
    public void What_does_not_fit_the_model_is_refused()
    {
        ITrainedModel model = TrainingCases.Model("mlp");
        Dictionary<string, double[]> Weights() => TrainingCases.Weights(model, 1);
        void Refused(string because, Func<object> action) => Assert.Contains(because, Assert.Throws<ArgumentException>(action).Message);

        Dictionary<string, double[]> missing = Weights(), more = Weights(), shorter = Weights();
        missing.Remove("layer2.bias");
        more.Add("layer4.bias", [1]);
        shorter["layer1.bias"] = [1, 2];
        Refused("missing: layer2.bias", () => new TrainingOracle(model, missing, new Sgd(1)));
        Refused("too many: layer4.bias", () => new TrainingOracle(model, more, new Sgd(1)));
        Refused("layer1.bias has 2 elements, must have 11", () => new TrainingOracle(model, shorter, new Sgd(1)));
        Refused("3 samples do not divide a batch of 4", () => new TrainingOracle(model, Weights(), new Sgd(1), microBatch: 3));
        Refused("1 dropout seeds for 2 micro-batches", () =>
            new TrainingOracle(model, Weights(), new Sgd(1), Dropped, microBatch: 2).Step(TrainingCases.Batch("mlp", 1, 5)));
        Refused("1 dropout seeds for 1 micro-batches with p = 0", () =>
            new TrainingOracle(model, Weights(), new Sgd(1)).Step(TrainingCases.Batch("mlp", 1, 5)));
    }
}
