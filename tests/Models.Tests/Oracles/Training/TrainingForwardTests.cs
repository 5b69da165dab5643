using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Harness.Models.Tests.WholeModels;
using Xunit;

namespace Harness.Models.Tests.Oracles.Training;

/// <summary>
/// The forward part against the forward oracles: as it is, and with dropout, by masks that the forward oracles can follow because they come
/// to a scaling of weights.
/// </summary>
public sealed class TrainingForwardTests
{
    public static TheoryData<string> Architectures => [.. SmallModel.Architectures];

    private static Evaluation Evaluate(
        ITrainedModel model, Dictionary<string, double[]> weights, TrainingBatch batch, Dropout? dropout = null) =>
        Evaluation.Of(model, weights, batch, model.Batch, dropout, differentiate: false);

    private static void Near(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.Contains(expected, value => Math.Abs(value) > 0.01);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-11);
        }
    }

    /// <summary>The mean over the rows of log(sum of exp) less the labelled logit.</summary>
    private static double Loss(double[] logits, long[] labels) =>
        logits.Chunk(logits.Length / labels.Length).Zip(labels, (row, label) => Math.Log(row.Sum(Math.Exp)) - row[label]).Average();

    private static double[] BertLogits(BertConfig config, Dictionary<string, double[]> weights, TrainingBatch batch) => OracleMath.Linear(
        BertOracle.Run(config, weights, batch.Ids)["pooler_output"], weights["classifier.weight"], weights["classifier.bias"],
        (int)config.Hidden);

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Parameters_and_logits_are_those_of_inference(string architecture)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        SmallModel small = SmallModel.Of(architecture, device);
        ITrainedModel model = architecture switch
        {
            "bert" => new BertTraining(SmallModel.Bert),
            "t5" => new T5Training(SmallModel.T5),
            "vgg16" => new Vgg16Training(SmallModel.Vgg16),
            "mlp" => new MlpTraining(SmallModel.Mlp),
            _ => new MnistCnnTraining(SmallModel.MnistCnn),
        };

        // Training adds the head of two classes to BERT, and nothing else.
        Dictionary<string, int[]> shapes = model.Parameters.ToDictionary(pair => pair.Key, pair => pair.Value);
        Assert.Equal(architecture == "bert", shapes.Remove("classifier.weight") && shapes.Remove("classifier.bias"));
        Assert.Equal(
            small.Program.Of(TensorCategory.Parameter).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape),
            shapes.ToDictionary(pair => pair.Key, pair => new Shape([.. pair.Value.Select(size => (long)size)])));

        Dictionary<string, double[]> weights = TrainingCases.Weights(model, seed: 3);
        foreach ((string name, byte[] bytes) in small.Parameters)
        {
            weights[name] = SmallModel.Reals(bytes);
        }

        bool real = architecture is not ("bert" or "t5");
        Dictionary<string, double[]> reals = real ? small.Inputs.ToDictionary(pair => pair.Key, pair => SmallModel.Reals(pair.Value)) : [];
        Dictionary<string, long[]> ids = real ? [] : small.Inputs.ToDictionary(pair => pair.Key, pair => SmallModel.Ids(pair.Value));
        long[] labels = [.. Enumerable.Range(0, architecture == "t5" ? 15 : model.Batch).Select(row => (long)(row % 2))];
        var batch = new TrainingBatch(reals, ids, labels, []);
        double[] expected = architecture switch
        {
            "bert" => BertLogits(SmallModel.Bert, weights, batch),
            "t5" => T5Oracle.Run(SmallModel.T5, weights, ids)["logits"],
            "vgg16" => Vgg16Oracle.Run(SmallModel.Vgg16, weights, reals)["logits"],
            "mlp" => MlpOracle.Run(SmallModel.Mlp, weights, reals)["logits"],
            _ => MnistCnnOracle.Run(SmallModel.MnistCnn, weights, reals)["logits"],
        };
        Evaluation evaluation = Evaluate(model, weights, batch);
        Near(expected, evaluation.Logits);
        Assert.Equal(Loss(expected, labels), evaluation.Loss, 1e-12);
    }

    private const double Probability = 0.4;

    /// <summary>Masks that drop the same unit, or head, of a tensor in all of its rows, and what each unit is multiplied by then.</summary>
    private sealed class UnitMasks
    {
        private readonly Dictionary<string, double[]> _factors = [];
        private readonly Func<string, (int Units, int Stride)> _units;

        /// <param name="units">of a tensor: how many, and how far apart in memory</param>
        public UnitMasks(Func<string, (int Units, int Stride)> units)
        {
            _units = units;
            Dropout = new Dropout(Probability, Mask);
        }

        public Dropout Dropout { get; }

        /// <summary>Each tensor dropped from, in order, with its elements.</summary>
        public List<(string Tensor, int Elements)> Steps { get; } = [];

        /// <summary>
        /// For each unit, one being dropped: 0 or 1/(1 - p). The three tensors of T5 that meet the tied table have theirs in common.
        /// </summary>
        public double[] Factors(string tensor)
        {
            string key = tensor is "encoder.embed_tokens" or "decoder.embed_tokens" or "decoder.output" ? "tied" : tensor;
            if (!_factors.TryGetValue(key, out double[]? factors))
            {
                int units = _units(tensor).Units, dropped = _factors.Count % units;
                factors = [.. Enumerable.Range(0, units).Select(unit => unit == dropped ? 0 : 1 / (1 - Probability))];
                _factors.Add(key, factors);
            }

            return factors;
        }

        private bool[] Mask(string tensor, int step, int elements)
        {
            Assert.Equal(Steps.Count, step);
            Steps.Add((tensor, elements));
            double[] factors = Factors(tensor);
            return [.. Enumerable.Range(0, elements).Select(i => factors[i / _units(tensor).Stride % factors.Length] > 0)];
        }
    }

    /// <summary>Each row of a matrix, or element of a vector, times its factor.</summary>
    private static void ScaleRows(double[] weight, double[] factors)
    {
        for (int i = 0; i < weight.Length; i++)
        {
            weight[i] *= factors[i / (weight.Length / factors.Length)];
        }
    }

    /// <summary>Each column of a matrix times its factor; a factor may stand for several neighbours.</summary>
    private static void ScaleColumns(double[] weight, double[] factors, int width)
    {
        for (int i = 0; i < weight.Length; i++)
        {
            weight[i] *= factors[i % width / (width / factors.Length)];
        }
    }

    [Fact]
    public void Vgg16_drops_between_its_classifiers()
    {
        Vgg16Config config = TrainingCases.Vgg16;
        ITrainedModel model = TrainingCases.Model("vgg16");
        Dictionary<string, double[]> weights = TrainingCases.Weights(model, seed: 4);
        TrainingBatch batch = TrainingCases.Batch("vgg16", seed: 4);
        int units = (int)config.HiddenUnits;
        var masks = new UnitMasks(_ => (units, 1));
        Evaluation dropped = Evaluate(model, weights, batch, masks.Dropout);

        Assert.Equal([("classifier.1.output", 2 * units), ("classifier.4.output", 2 * units)], masks.Steps);
        ScaleColumns(weights["classifier.3.weight"], masks.Factors("classifier.1.output"), units);
        ScaleColumns(weights["classifier.6.weight"], masks.Factors("classifier.4.output"), units);
        Near(Vgg16Oracle.Run(config, weights, batch.Reals)["logits"], dropped.Logits);
    }

    [Fact]
    public void Bert_drops_where_the_published_model_does()
    {
        BertConfig config = TrainingCases.Bert;
        ITrainedModel model = TrainingCases.Model("bert");
        Dictionary<string, double[]> weights = TrainingCases.Weights(model, seed: 5);
        TrainingBatch batch = TrainingCases.Batch("bert", seed: 5);
        int b = (int)config.Batch, s = (int)config.Sequence, h = (int)config.Hidden, a = (int)config.Heads;
        var masks = new UnitMasks(tensor => tensor.EndsWith(".probs", StringComparison.Ordinal) ? (a, s * s) : (h, 1));
        Evaluation dropped = Evaluate(model, weights, batch, masks.Dropout);

        Assert.Equal(
            [
                ("embeddings.output", b * s * h),
                ("encoder.layer.0.attention.probs", b * a * s * s),
                ("encoder.layer.0.attention.dense", b * s * h),
                ("encoder.layer.0.output.dense", b * s * h),
                ("encoder.layer.1.attention.probs", b * a * s * s),
                ("encoder.layer.1.attention.dense", b * s * h),
                ("encoder.layer.1.output.dense", b * s * h),
                ("pooler_output", b * h),
            ],
            masks.Steps);
        ScaleRows(weights["embeddings.LayerNorm.weight"], masks.Factors("embeddings.output"));
        ScaleRows(weights["embeddings.LayerNorm.bias"], masks.Factors("embeddings.output"));
        for (int i = 0; i < config.Layers; i++)
        {
            string layer = $"encoder.layer.{i}";
            ScaleColumns(weights[$"{layer}.attention.output.dense.weight"], masks.Factors($"{layer}.attention.probs"), h);
            ScaleRows(weights[$"{layer}.attention.output.dense.weight"], masks.Factors($"{layer}.attention.dense"));
            ScaleRows(weights[$"{layer}.attention.output.dense.bias"], masks.Factors($"{layer}.attention.dense"));
            ScaleRows(weights[$"{layer}.output.dense.weight"], masks.Factors($"{layer}.output.dense"));
            ScaleRows(weights[$"{layer}.output.dense.bias"], masks.Factors($"{layer}.output.dense"));
        }

        ScaleColumns(weights["classifier.weight"], masks.Factors("pooler_output"), h);
        Near(BertLogits(config, weights, batch), dropped.Logits);
    }

    [Fact]
    public void T5_drops_where_the_published_model_does()
    {
        T5Config config = TrainingCases.T5;
        ITrainedModel model = TrainingCases.Model("t5");
        Dictionary<string, double[]> weights = TrainingCases.Weights(model, seed: 6);
        TrainingBatch batch = TrainingCases.Batch("t5", seed: 6);
        int b = (int)config.Batch, s = (int)config.Sequence, d = (int)config.DecoderSequence, h = (int)config.Hidden, a = (int)config.Heads;
        int f = (int)config.FeedForward;
        var masks = new UnitMasks(tensor => tensor switch
        {
            _ when tensor.EndsWith(".wi", StringComparison.Ordinal) => (f, 1),
            _ when tensor.EndsWith(".probs", StringComparison.Ordinal) =>
                (a, tensor[0] == 'e' ? s * s : tensor.Contains(".layer.0.", StringComparison.Ordinal) ? d * d : d * s),
            _ => (h, 1),
        });
        Evaluation dropped = Evaluate(model, weights, batch, masks.Dropout);

        List<(string, int)> expected = [("encoder.embed_tokens", b * s * h)];
        for (int i = 0; i < config.Layers; i++)
        {
            string block = $"encoder.block.{i}.layer";
            expected.AddRange([($"{block}.0.probs", b * a * s * s), ($"{block}.0.o", b * s * h)]);
            expected.AddRange([($"{block}.1.wi", b * s * f), ($"{block}.1.wo", b * s * h)]);
        }

        expected.AddRange([("encoder_last_hidden_state", b * s * h), ("decoder.embed_tokens", b * d * h)]);
        for (int i = 0; i < config.Layers; i++)
        {
            string block = $"decoder.block.{i}.layer";
            expected.AddRange([($"{block}.0.probs", b * a * d * d), ($"{block}.0.o", b * d * h)]);
            expected.AddRange([($"{block}.1.probs", b * a * d * s), ($"{block}.1.o", b * d * h)]);
            expected.AddRange([($"{block}.2.wi", b * d * f), ($"{block}.2.wo", b * d * h)]);
        }

        expected.Add(("decoder.output", b * d * h));
        Assert.Equal(expected, masks.Steps);

        // The table serves both embeddings and the logits; all three drop the same units here, so that scaling its columns once is all of
        // it.
        ScaleColumns(weights["shared.weight"], masks.Factors("decoder.output"), h);
        ScaleRows(weights["encoder.final_layer_norm.weight"], masks.Factors("encoder_last_hidden_state"));
        foreach (string stack in new[] { "encoder", "decoder" })
        {
            string[] attentions = stack == "encoder" ? ["SelfAttention"] : ["SelfAttention", "EncDecAttention"];
            for (int i = 0; i < config.Layers; i++)
            {
                string block = $"{stack}.block.{i}.layer";
                for (int n = 0; n < attentions.Length; n++)
                {
                    double[] o = weights[$"{block}.{n}.{attentions[n]}.o.weight"];
                    ScaleColumns(o, masks.Factors($"{block}.{n}.probs"), (int)config.InnerSize);
                    ScaleRows(o, masks.Factors($"{block}.{n}.o"));
                }

                double[] wo = weights[$"{block}.{attentions.Length}.DenseReluDense.wo.weight"];
                ScaleColumns(wo, masks.Factors($"{block}.{attentions.Length}.wi"), f);
                ScaleRows(wo, masks.Factors($"{block}.{attentions.Length}.wo"));
            }
        }

        Near(T5Oracle.Run(config, weights, batch.Ids)["logits"], dropped.Logits);
    }

    [Fact]
    public void Stacks_and_the_small_network_drop_nothing()
    {
        foreach (string name in TrainingCases.Names.Except(TrainingCases.Dropping))
        {
            ITrainedModel model = TrainingCases.Model(name);
            var masks = new UnitMasks(_ => (1, 1));
            Evaluate(model, TrainingCases.Weights(model, 1), TrainingCases.Batch(name, 1), masks.Dropout);
            Assert.Empty(masks.Steps);
        }
    }
}
