using System.Numerics;
using static Harness.Models.Tests.Oracles.OracleMath;

namespace Harness.Models.Tests.Oracles;

/// <summary>
/// T5 for conditional generation (Raffel et al. 2020, first version) in double precision: norm before each sub-layer, no biases,
/// unscaled scores, relative position buckets. Parameters bear Hugging Face's names.
/// </summary>
internal static class T5Oracle
{
    /// <returns>
    /// <c>logits</c> [B,D,V], <c>encoder_last_hidden_state</c> [B,S,H], <c>past_key_values.I.decoder.key|value</c> [B,A,D,d] and
    /// <c>past_key_values.I.encoder.key|value</c> [B,A,S,d]
    /// </returns>
    public static Dictionary<string, double[]> Run(
        T5Config config, IReadOnlyDictionary<string, double[]> parameters, IReadOnlyDictionary<string, long[]> inputs)
    {
        int batch = (int)config.Batch, sequence = (int)config.Sequence;
        int hidden = (int)config.Hidden, heads = (int)config.Heads, headSize = (int)config.HeadSize, inner = heads * headSize;
        var outputs = new Dictionary<string, double[]>();

        double[] P(string name) => parameters[$"{name}.weight"];
        double[] Norm(double[] x, string name) => RmsNorm(x, P(name), 1e-6);
        double[] Project(double[] x, string name) => Linear(x, P(name), null, hidden);
        double[] Attend(double[] q, double[] k, double[] v, string output, Func<int, int, int, int, double> added) =>
            Linear(Attention(q, k, v, batch, heads, headSize, scale: 1, added), P(output), null, inner);
        double[] FeedForward(double[] x, string name) => Linear(Relu(Project(x, $"{name}.wi")), P($"{name}.wo"), null, (int)config.FeedForward);

        double[] mask = Array.ConvertAll(inputs["attention_mask"], seen => (1.0 - seen) * float.MinValue);
        double[] encoderBias = P("encoder.block.0.layer.0.SelfAttention.relative_attention_bias");
        double[] decoderBias = P("decoder.block.0.layer.0.SelfAttention.relative_attention_bias");

        double[] x = Gather(parameters["shared.weight"], inputs["input_ids"], hidden);
        for (int i = 0; i < config.Layers; i++)
        {
            string self = $"encoder.block.{i}.layer.0.SelfAttention";
            double[] normed = Norm(x, $"encoder.block.{i}.layer.0.layer_norm");
            x = Add(x, Attend(
                Project(normed, $"{self}.q"), Project(normed, $"{self}.k"), Project(normed, $"{self}.v"), $"{self}.o",
                (b, a, query, key) => encoderBias[Bucket(config, key - query, twoSided: true) * heads + a] + mask[b * sequence + key]));
            normed = Norm(x, $"encoder.block.{i}.layer.1.layer_norm");
            x = Add(x, FeedForward(normed, $"encoder.block.{i}.layer.1.DenseReluDense"));
        }

        double[] encoded = Norm(x, "encoder.final_layer_norm");
        outputs["encoder_last_hidden_state"] = encoded;

        double[] y = Gather(parameters["shared.weight"], inputs["decoder_input_ids"], hidden);
        for (int i = 0; i < config.Layers; i++)
        {
            string self = $"decoder.block.{i}.layer.0.SelfAttention";
            double[] normed = Norm(y, $"decoder.block.{i}.layer.0.layer_norm");
            double[] key = Project(normed, $"{self}.k"), value = Project(normed, $"{self}.v");
            y = Add(y, Attend(
                Project(normed, $"{self}.q"), key, value, $"{self}.o",
                (_, a, query, at) => at > query
                    ? double.NegativeInfinity
                    : decoderBias[Bucket(config, at - query, twoSided: false) * heads + a]));
            outputs[$"past_key_values.{i}.decoder.key"] = SplitHeads(key, batch, heads, headSize);
            outputs[$"past_key_values.{i}.decoder.value"] = SplitHeads(value, batch, heads, headSize);

            string cross = $"decoder.block.{i}.layer.1.EncDecAttention";
            normed = Norm(y, $"decoder.block.{i}.layer.1.layer_norm");
            double[] crossKey = Project(encoded, $"{cross}.k"), crossValue = Project(encoded, $"{cross}.v");
            y = Add(y, Attend(
                Project(normed, $"{cross}.q"), crossKey, crossValue, $"{cross}.o", (b, _, _, at) => mask[b * sequence + at]));
            outputs[$"past_key_values.{i}.encoder.key"] = SplitHeads(crossKey, batch, heads, headSize);
            outputs[$"past_key_values.{i}.encoder.value"] = SplitHeads(crossValue, batch, heads, headSize);

            normed = Norm(y, $"decoder.block.{i}.layer.2.layer_norm");
            y = Add(y, FeedForward(normed, $"decoder.block.{i}.layer.2.DenseReluDense"));
        }

        // Tied embeddings: the decoder's output is scaled by d_model^-0.5 before it meets the embedding table again.
        double[] scaled = Array.ConvertAll(Norm(y, "decoder.final_layer_norm"), value => value / Math.Sqrt(hidden));
        outputs["logits"] = Project(scaled, "shared");
        return outputs;
    }

    /// <summary>
    /// The bucket of a relative position (key minus query). Half of the buckets hold one distance each; the other half widen
    /// logarithmically up to <c>MaxDistance</c>, and the last takes everything beyond. Two-sided tables keep their upper half for
    /// keys after the query; one-sided tables know no such keys.
    /// </summary>
    /// <remarks>
    /// Published as exact + floor(log(n/exact) / log(MaxDistance/exact) * wide), with wide = buckets - exact, evaluated in single
    /// precision. Bucket exact + j therefore begins at the least n with (n/exact)^wide &gt;= (MaxDistance/exact)^j, which is decided
    /// here in integers: n^wide &gt;= exact^(wide-j) * MaxDistance^j. With the published 32 buckets and distance 128 the two-sided
    /// thresholds are 8, 12, 16, 23, 32, 46, 64, 91. Single precision could only differ where n hits a threshold exactly: at 16,
    /// 32 and 64 the float logarithms are log(2), 2 log(2) and 3 log(2) over 4 log(2), whose float quotients are exactly 1/4, 1/2 and
    /// 3/4 (also when multiplied by the float reciprocal), so both agree there. The one-sided thresholds, 16 * 8^(j/16), are
    /// integers for j = 0 only.
    /// </remarks>
    public static int Bucket(T5Config config, int relativePosition, bool twoSided)
    {
        int buckets = (int)config.Buckets;
        int first = 0;
        int distance = -relativePosition;
        if (twoSided)
        {
            buckets /= 2;
            first = relativePosition > 0 ? buckets : 0;
            distance = Math.Abs(relativePosition);
        }

        distance = Math.Max(distance, 0);
        int exact = buckets / 2;
        if (distance < exact)
        {
            return first + distance;
        }

        int wide = buckets - exact;
        int j = 0;
        while (j + 1 < wide
            && BigInteger.Pow(distance, wide) >= BigInteger.Pow(exact, wide - (j + 1)) * BigInteger.Pow(config.MaxDistance, j + 1))
        {
            j++;
        }

        return first + exact + j;
    }
}
