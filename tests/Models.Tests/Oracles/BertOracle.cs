using static Harness.Models.Tests.Oracles.OracleMath;

namespace Harness.Models.Tests.Oracles;

/// <summary>
/// BERT's encoder with pooler (Devlin et al. 2019; the layer of Vaswani et al. 2017 with the norm after each sub-layer), in double
/// precision. Parameters bear Hugging Face's names without the <c>bert.</c> prefix.
/// </summary>
internal static class BertOracle
{
    /// <returns><c>last_hidden_state</c> [B,S,H] and <c>pooler_output</c> [B,H]</returns>
    public static Dictionary<string, double[]> Run(
        BertConfig config, IReadOnlyDictionary<string, double[]> parameters, IReadOnlyDictionary<string, long[]> inputs)
    {
        int batch = (int)config.Batch, sequence = (int)config.Sequence, hidden = (int)config.Hidden, heads = (int)config.Heads;
        double[] P(string name) => parameters[name];
        double[] Dense(double[] x, string name, int width) => Linear(x, P($"{name}.weight"), P($"{name}.bias"), width);
        double[] Norm(double[] x, string name) => LayerNorm(x, P($"{name}.weight"), P($"{name}.bias"), 1e-12);

        long[] positions = [.. Enumerable.Range(0, batch * sequence).Select(token => (long)(token % sequence))];
        double[] x = Add(
            Add(Gather(P("embeddings.word_embeddings.weight"), inputs["input_ids"], hidden),
                Gather(P("embeddings.position_embeddings.weight"), positions, hidden)),
            Gather(P("embeddings.token_type_embeddings.weight"), inputs["token_type_ids"], hidden));
        x = Norm(x, "embeddings.LayerNorm");

        // The published mask is finite: a row whose keys are all masked attends to all of them alike, because a score is lost
        // beside the lowest float.
        double[] mask = Array.ConvertAll(inputs["attention_mask"], seen => (1.0 - seen) * float.MinValue);

        for (int i = 0; i < config.Layers; i++)
        {
            string layer = $"encoder.layer.{i}";
            double[] context = Attention(
                Dense(x, $"{layer}.attention.self.query", hidden),
                Dense(x, $"{layer}.attention.self.key", hidden),
                Dense(x, $"{layer}.attention.self.value", hidden),
                batch, heads, hidden / heads, scale: 1 / Math.Sqrt((double)hidden / heads),
                (b, _, _, key) => mask[b * sequence + key]);
            double[] attended = Norm(Add(Dense(context, $"{layer}.attention.output.dense", hidden), x), $"{layer}.attention.output.LayerNorm");
            double[] intermediate = Array.ConvertAll(Dense(attended, $"{layer}.intermediate.dense", hidden), Gelu);
            x = Norm(Add(Dense(intermediate, $"{layer}.output.dense", (int)config.Intermediate), attended), $"{layer}.output.LayerNorm");
        }

        double[] firstTokens = [.. x.Chunk(sequence * hidden).SelectMany(rows => rows.Take(hidden))];
        return new()
        {
            ["last_hidden_state"] = x,
            ["pooler_output"] = Array.ConvertAll(Dense(firstTokens, "pooler.dense", hidden), Math.Tanh),
        };
    }
}
