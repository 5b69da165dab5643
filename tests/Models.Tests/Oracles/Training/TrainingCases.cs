namespace Harness.Models.Tests.Oracles.Training;

/// <summary>Configurations small enough to differentiate by differences, with weights and batches drawn for them.</summary>
internal static class TrainingCases
{
    /// <summary>Three stages, so that the last plane of 3 x 3 is shared out among 7 x 7 windows.</summary>
    private static readonly Vgg16Config s_vgg16 = new(Batch: 2, ImageSize: 26, Classes: 5, HiddenUnits: 7, [[2, 3], [3, 4], [4, 3, 3]]);

    public static string[] Names { get; } = ["mlp", "mlp:nobias", "mlp:image", "mnist-cnn", "vgg16", "bert", "t5"];

    /// <summary>Those with dropout.</summary>
    public static string[] Dropping { get; } = ["vgg16", "bert", "t5"];

    public static ITrainedModel Model(string name) => name switch
    {
        "mlp" => new MlpTraining(MlpConfig.Stack(batch: 4, [7, 11, 5, 3])),
        "mlp:nobias" => new MlpTraining(MlpConfig.Stack(batch: 4, [7, 11, 3], bias: false)),
        "mlp:image" => new MlpTraining(new MlpConfig(Batch: 2, [30, 9, 4], Bias: true, [2, 3, 5])),
        "mnist-cnn" => new MnistCnnTraining(new MnistCnnConfig(Batch: 4, ImageSize: 7, Filters1: 3, Filters2: 4, HiddenUnits: 6, Classes: 5)),
        "vgg16" => new Vgg16Training(s_vgg16),
        "bert" => new BertTraining(Bert),
        "t5" => new T5Training(T5),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    public static BertConfig Bert { get; } = new(
        Batch: 4, Sequence: 5, Hidden: 6, Heads: 2, Layers: 2, Intermediate: 7, Vocabulary: 9, MaxPositions: 7, TokenTypes: 2);

    public static T5Config T5 { get; } = new(
        Batch: 4, Sequence: 6, DecoderSequence: 5, Hidden: 6, Heads: 2, HeadSize: 4, FeedForward: 7, Layers: 2, Vocabulary: 10,
        Buckets: 8, MaxDistance: 5);

    public static Vgg16Config Vgg16 => s_vgg16;

    /// <summary>
    /// Matrices scaled by their fan-in, so that activations keep their size; norms' scales about 1, biases small, tables of order one.
    /// </summary>
    public static Dictionary<string, double[]> Weights(ITrainedModel model, int seed)
    {
        var random = new Random(seed);
        return model.Parameters.ToDictionary(pair => pair.Key, pair =>
        {
            int[] shape = pair.Value;
            int elements = shape.Aggregate((a, b) => a * b);
            bool table = pair.Key.Contains("embeddings.weight", StringComparison.Ordinal) || pair.Key == "shared.weight"
                || pair.Key.Contains("relative_attention_bias", StringComparison.Ordinal);
            (double centre, double range) = shape.Length > 1
                ? (0, table ? 1 : Math.Sqrt(6.0 * shape[0] / elements))
                : pair.Key.EndsWith(".bias", StringComparison.Ordinal) ? (0, 0.2) : (1, 0.3);
            return Reals(random, elements, centre, range);
        });
    }

    /// <summary>Inputs and labels drawn anew for each seed.</summary>
    public static TrainingBatch Batch(string name, int seed, params long[] dropoutSeeds)
    {
        var random = new Random(1000 + seed);
        return name switch
        {
            "mlp" or "mlp:nobias" => TrainingBatch.Of(Inputs("inputs", 4 * 7), Ids(random, 4, 3), dropoutSeeds),
            "mlp:image" => TrainingBatch.Of(Inputs("pixel_values", 2 * 30), Ids(random, 2, 4), dropoutSeeds),
            "mnist-cnn" => TrainingBatch.Of(Inputs("pixel_values", 4 * 49), Ids(random, 4, 5), dropoutSeeds),
            "vgg16" => TrainingBatch.Of(Inputs("pixel_values", 2 * 3 * 26 * 26), Ids(random, 2, 5), dropoutSeeds),
            "bert" => TrainingBatch.Of(
                new Dictionary<string, long[]>
                {
                    ["input_ids"] = Ids(random, 4 * 5, 9),
                    ["attention_mask"] = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0],
                    ["token_type_ids"] = Ids(random, 4 * 5, 2),
                },
                Ids(random, 4, 2), dropoutSeeds),
            "t5" => TrainingBatch.Of(
                new Dictionary<string, long[]>
                {
                    ["input_ids"] = Ids(random, 4 * 6, 10),
                    ["attention_mask"] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0],
                    ["decoder_input_ids"] = Ids(random, 4 * 5, 10),
                },
                Ids(random, 4 * 5, 10), dropoutSeeds),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
        };

        Dictionary<string, double[]> Inputs(string input, int elements) => new() { [input] = Reals(random, elements, 0, 1.7) };
    }

    public static double[] Reals(Random random, int count, double centre, double range) =>
        [.. Enumerable.Range(0, count).Select(_ => centre + range * (2 * random.NextDouble() - 1))];

    private static long[] Ids(Random random, int count, int limit) => [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(limit))];
}
