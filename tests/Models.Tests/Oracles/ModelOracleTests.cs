using Xunit;

namespace Harness.Models.Tests.Oracles;

/// <summary>Properties of the published models that hold whatever the weights are, and T5's table of buckets.</summary>
public class ModelOracleTests
{
    private static readonly T5Config T5Tiny = new(
        Batch: 2, Sequence: 5, DecoderSequence: 4, Hidden: 6, Heads: 2, HeadSize: 4, FeedForward: 10, Layers: 2, Vocabulary: 11, Buckets: 8,
        MaxDistance: 20);

    private static readonly BertConfig BertTiny = new(
        Batch: 2, Sequence: 4, Hidden: 8, Heads: 2, Layers: 2, Intermediate: 12, Vocabulary: 13, MaxPositions: 9, TokenTypes: 2);

    private static double[] Seeded(Random random, long count, double centre = 0) =>
        [.. Enumerable.Range(0, (int)count).Select(_ => centre + random.NextDouble() - 0.5)];

    private static Dictionary<string, double[]> T5Parameters(T5Config c, int seed)
    {
        var random = new Random(seed);
        var p = new Dictionary<string, double[]> { ["shared.weight"] = Seeded(random, c.Vocabulary * c.Hidden) };
        foreach (string stack in new[] { "encoder", "decoder" })
        {
            p[$"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = Seeded(random, c.Buckets * c.Heads);
            p[$"{stack}.final_layer_norm.weight"] = Seeded(random, c.Hidden, 1);
            for (int i = 0; i < c.Layers; i++)
            {
                string[] sublayers = stack == "encoder"
                    ? ["SelfAttention", "DenseReluDense"] : ["SelfAttention", "EncDecAttention", "DenseReluDense"];
                for (int n = 0; n < sublayers.Length; n++)
                {
                    string layer = $"{stack}.block.{i}.layer.{n}";
                    p[$"{layer}.layer_norm.weight"] = Seeded(random, c.Hidden, 1);
                    foreach (string matrix in sublayers[n] == "DenseReluDense" ? new[] { "wi", "wo" } : ["q", "k", "v", "o"])
                    {
                        long width = sublayers[n] == "DenseReluDense" ? c.FeedForward : c.InnerSize;
                        p[$"{layer}.{sublayers[n]}.{matrix}.weight"] = Seeded(random, width * c.Hidden);
                    }
                }
            }
        }

        return p;
    }

    private static Dictionary<string, long[]> T5Inputs(long[] decoderIds) => new()
    {
        ["input_ids"] = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3],
        ["attention_mask"] = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
        ["decoder_input_ids"] = decoderIds,
    };

    private static Dictionary<string, double[]> BertParameters(BertConfig c, int seed)
    {
        var random = new Random(seed);
        var p = new Dictionary<string, double[]>
        {
            ["embeddings.word_embeddings.weight"] = Seeded(random, c.Vocabulary * c.Hidden),
            ["embeddings.position_embeddings.weight"] = Seeded(random, c.MaxPositions * c.Hidden),
            ["embeddings.token_type_embeddings.weight"] = Seeded(random, c.TokenTypes * c.Hidden),
        };
        void Norm(string name)
        {
            p[$"{name}.weight"] = Seeded(random, c.Hidden, 1);
            p[$"{name}.bias"] = Seeded(random, c.Hidden);
        }

        void Dense(string name, long outputs, long inputs)
        {
            p[$"{name}.weight"] = Seeded(random, outputs * inputs);
            p[$"{name}.bias"] = Seeded(random, outputs);
        }

        Norm("embeddings.LayerNorm");
        Dense("pooler.dense", c.Hidden, c.Hidden);
        for (int i = 0; i < c.Layers; i++)
        {
            string layer = $"encoder.layer.{i}";
            foreach (string name in new[] { "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense" })
            {
                Dense($"{layer}.{name}", c.Hidden, c.Hidden);
            }

            Dense($"{layer}.intermediate.dense", c.Intermediate, c.Hidden);
            Dense($"{layer}.output.dense", c.Hidden, c.Intermediate);
            Norm($"{layer}.attention.output.LayerNorm");
            Norm($"{layer}.output.LayerNorm");
        }

        return p;
    }

    private static Dictionary<string, long[]> BertInputs(long fourthId = 7) => new()
    {
        ["input_ids"] = [1, 2, 3, fourthId, 5, 6, 7, 8],
        ["attention_mask"] = [1, 1, 1, 0, 1, 1, 1, 1],
        ["token_type_ids"] = [0, 0, 1, 1, 0, 1, 0, 1],
    };

    [Fact]
    public void A_decoder_position_does_not_see_what_follows()
    {
        Dictionary<string, double[]> p = T5Parameters(T5Tiny, 1);
        Dictionary<string, double[]> four = T5Oracle.Run(T5Tiny, p, T5Inputs([0, 8, 2, 9, 0, 4, 4, 1]));
        Dictionary<string, double[]> other = T5Oracle.Run(T5Tiny, p, T5Inputs([0, 8, 10, 3, 0, 4, 4, 1]));
        Dictionary<string, double[]> two = T5Oracle.Run(T5Tiny with { DecoderSequence = 2 }, p, T5Inputs([0, 8, 0, 4]));
        int vocabulary = (int)T5Tiny.Vocabulary;
        for (int i = 0; i < 2 * vocabulary; i++)
        {
            Assert.Equal(four["logits"][i], other["logits"][i], 1e-12);
            Assert.Equal(four["logits"][i], two["logits"][i], 1e-12);
            Assert.Equal(four["logits"][4 * vocabulary + i], two["logits"][2 * vocabulary + i], 1e-12);
        }

        Assert.NotEqual(four["logits"][2 * vocabulary], other["logits"][2 * vocabulary], 1e-6);
    }

    [Fact]
    public void A_masked_source_token_changes_no_logit()
    {
        Dictionary<string, double[]> p = T5Parameters(T5Tiny, 2);
        Dictionary<string, long[]> inputs = T5Inputs([0, 8, 2, 9, 0, 4, 4, 1]);
        double[] before = T5Oracle.Run(T5Tiny, p, inputs)["logits"];
        inputs["input_ids"][8] = 10;
        double[] after = T5Oracle.Run(T5Tiny, p, inputs)["logits"];
        inputs["input_ids"][7] = 10;
        double[] seen = T5Oracle.Run(T5Tiny, p, inputs)["logits"];
        Assert.Equal(before, after);
        Assert.NotEqual(before[^1], seen[^1], 1e-6);
    }

    [Fact]
    public void T5_names_its_outputs_as_the_contract_does()
    {
        Dictionary<string, double[]> outputs = T5Oracle.Run(T5Tiny, T5Parameters(T5Tiny, 3), T5Inputs([0, 8, 2, 9, 0, 4, 4, 1]));
        Assert.Equal(2 + 4 * 2, outputs.Count);
        Assert.Equal(2 * 4 * 11, outputs["logits"].Length);
        Assert.Equal(2 * 5 * 6, outputs["encoder_last_hidden_state"].Length);
        Assert.Equal(2 * 2 * 4 * 4, outputs["past_key_values.1.decoder.value"].Length);
        Assert.Equal(2 * 2 * 5 * 4, outputs["past_key_values.1.encoder.key"].Length);
    }

    [Fact]
    public void Two_sided_buckets_are_the_published_ones()
    {
        T5Config small = T5Config.Small(1, 1);
        int[] firsts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];
        for (int distance = 0; distance < 1000; distance++)
        {
            int bucket = Array.FindLastIndex(firsts, first => first <= distance);
            Assert.Equal(bucket, T5Oracle.Bucket(small, -distance, twoSided: true));
            if (distance > 0)
            {
                Assert.Equal(16 + bucket, T5Oracle.Bucket(small, distance, twoSided: true));
            }
        }
    }

    [Fact]
    public void One_sided_buckets_are_the_published_ones()
    {
        T5Config small = T5Config.Small(1, 1);
        int[] firsts = [.. Enumerable.Range(0, 16), 16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113];
        for (int distance = 0; distance < 1000; distance++)
        {
            Assert.Equal(Array.FindLastIndex(firsts, first => first <= distance), T5Oracle.Bucket(small, -distance, twoSided: false));
            Assert.Equal(0, T5Oracle.Bucket(small, distance, twoSided: false));
        }
    }

    [Theory]
    [InlineData(32, 128)]
    [InlineData(8, 20)]
    [InlineData(16, 50)]
    public void Buckets_agree_with_the_published_expression_in_single_precision(long buckets, int maxDistance)
    {
        T5Config config = T5Config.Small(1, 1) with { Buckets = buckets, MaxDistance = maxDistance };
        foreach (bool twoSided in new[] { false, true })
        {
            int count = (int)(twoSided ? buckets / 2 : buckets), exact = count / 2;
            for (int distance = exact; distance < 4 * maxDistance; distance++)
            {
                // Each operation rounded to single precision, as tensors of that type do it.
                float log = (float)Math.Log((float)distance / exact);
                float position = log / (float)Math.Log((double)maxDistance / exact) * (count - exact);
                Assert.Equal(Math.Min(exact + (int)position, count - 1), T5Oracle.Bucket(config, -distance, twoSided));
            }
        }
    }

    [Fact]
    public void A_masked_key_changes_no_other_token()
    {
        Dictionary<string, double[]> p = BertParameters(BertTiny, 4);
        Dictionary<string, double[]> before = BertOracle.Run(BertTiny, p, BertInputs());
        Dictionary<string, double[]> after = BertOracle.Run(BertTiny, p, BertInputs(fourthId: 12));
        double[] x = before["last_hidden_state"], y = after["last_hidden_state"];
        Assert.Equal(x[..24], y[..24]);
        Assert.Equal(x[32..], y[32..]);
        Assert.NotEqual(x[24], y[24], 1e-6);
        Assert.Equal(before["pooler_output"], after["pooler_output"]);
        Assert.Equal(16, before["pooler_output"].Length);
    }

    [Fact]
    public void With_zero_dense_weights_the_last_norm_decides()
    {
        // Every sub-layer then adds nothing, so the stream is the norm of itself: gain 1 and bias 0 keep mean 0 and variance 1.
        Dictionary<string, double[]> p = BertParameters(BertTiny, 5);
        foreach (string name in p.Keys.Where(name => name.Contains("dense", StringComparison.Ordinal)).ToArray())
        {
            Array.Clear(p[name]);
        }

        Array.Fill(p["pooler.dense.bias"], 0.25);
        Array.Fill(p["encoder.layer.1.output.LayerNorm.weight"], 1);
        Array.Clear(p["encoder.layer.1.output.LayerNorm.bias"]);
        Dictionary<string, double[]> outputs = BertOracle.Run(BertTiny, p, BertInputs());
        Assert.All(outputs["last_hidden_state"].Chunk(8), row =>
        {
            Assert.Equal(0, row.Average(), 1e-12);
            Assert.Equal(1, row.Average(value => value * value), 1e-9);
        });
        Assert.All(outputs["pooler_output"], value => Assert.Equal(Math.Tanh(0.25), value, 1e-15));
    }

    [Fact]
    public void Vgg_images_do_not_see_each_other()
    {
        Vgg16Config config = new(Batch: 2, ImageSize: 32, Classes: 5, HiddenUnits: 6, [[2, 3], [3, 2], [2, 2, 3], [4, 4, 4], [3, 3, 2]]);
        var random = new Random(6);
        var p = new Dictionary<string, double[]>();
        long channels = 3;
        int index = 0;
        foreach (IReadOnlyList<long> stage in config.Widths)
        {
            foreach (long width in stage)
            {
                p[$"features.{index}.weight"] = Seeded(random, width * channels * 9);
                p[$"features.{index}.bias"] = Seeded(random, width);
                channels = width;
                index += 2;
            }

            index++;
        }

        foreach ((int n, long outputs, long inputs) in new[] { (0, 6L, channels * 49), (3, 6L, 6L), (6, 5L, 6L) })
        {
            p[$"classifier.{n}.weight"] = Seeded(random, outputs * inputs);
            p[$"classifier.{n}.bias"] = Seeded(random, outputs);
        }

        double[] pixels = Seeded(random, 2 * 3 * 32 * 32);
        double[] both = Vgg16Oracle.Run(config, p, new Dictionary<string, double[]> { ["pixel_values"] = pixels })["logits"];
        double[] second = Vgg16Oracle.Run(
            config with { Batch = 1 }, p, new Dictionary<string, double[]> { ["pixel_values"] = pixels[(3 * 32 * 32)..] })["logits"];
        Assert.Equal(10, both.Length);
        Assert.Equal(both[5..], second);
        Assert.NotEqual(both[0], both[5], 1e-9);
    }
}
