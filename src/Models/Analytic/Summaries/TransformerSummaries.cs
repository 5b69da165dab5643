using System.Collections.Immutable;

namespace Harness.Models.Analytic;

/// <summary>The transformers layer by layer, with Hugging Face's names. Rows of kind <c>Mask</c> and <c>Attention</c> are functions there, not modules.</summary>
public static class TransformerSummaries
{
    private const string NotForTorchsummary =
        "it makes a random f32 input, which an embedding refuses, and takes the size of every module's output, which Hugging Face's modules return in dictionaries";

    /// <summary><c>BertModel</c>.</summary>
    public static ModelSummary Of(BertConfig config)
    {
        var summary = new SummaryBuilder(BertFormulas.Of(config));
        (long b, long s, long h) = (config.Batch, config.Sequence, config.Hidden);
        ImmutableArray<long> hidden = [b, s, h], wide = [b, s, config.Intermediate];

        // Three rows of three tables are added up in one step, with two additions an element.
        summary.Layer("embeddings.word_embeddings", "Embedding", hidden, ["embeddings.sum"]);
        summary.Fused("embeddings.position_embeddings", "Embedding", [1, s, h], b * s * h);
        summary.Fused("embeddings.token_type_embeddings", "Embedding", hidden, b * s * h);
        summary.Layer("embeddings.LayerNorm", "LayerNorm", hidden, ["embeddings.output"]);
        summary.Layer("extended_attention_mask", "Mask", [b, 1, 1, s], ["extended_attention_mask"], needsGradient: false);
        for (long i = 0; i < config.Layers; i++)
        {
            string layer = $"encoder.layer.{i}", attention = $"{layer}.attention", self = $"{attention}.self";
            foreach (string name in new[] { "query", "key", "value" })
            {
                summary.Layer($"{self}.{name}", "Linear", hidden, [$"{attention}.{name}", $"{attention}.{name}_heads"]);
            }

            summary.Layer(self, "Attention", hidden,
                [$"{attention}.scores", $"{attention}.probs", $"{attention}.context_heads", $"{attention}.context"]);
            summary.Layer($"{attention}.output.dense", "Linear", hidden, [$"{attention}.dense"]);
            summary.Layer($"{attention}.output.LayerNorm", "LayerNorm", hidden, [$"{attention}.output"]);
            summary.Layer($"{layer}.intermediate.dense", "Linear", wide, [$"{layer}.intermediate.dense"]);
            summary.Layer($"{layer}.intermediate.intermediate_act_fn", "GELU", wide, [$"{layer}.intermediate.output"]);
            summary.Layer($"{layer}.output.dense", "Linear", hidden, [$"{layer}.output.dense"]);
            summary.Layer($"{layer}.output.LayerNorm", "LayerNorm", hidden, [i < config.Layers - 1 ? $"{layer}.output" : "last_hidden_state"]);
        }

        summary.Layer("pooler.dense", "Linear", [b, h], ["pooler_output", "pooler_output:bias_tanh"]);
        summary.Fused("pooler.activation", "Tanh", [b, h], b * h);
        return summary.Build(NotForTorchsummary);
    }

    /// <summary><c>T5ForConditionalGeneration</c>.</summary>
    public static ModelSummary Of(T5Config config)
    {
        var summary = new SummaryBuilder(T5Formulas.Of(config));
        (long b, long s, long t, long h) = (config.Batch, config.Sequence, config.DecoderSequence, config.Hidden);
        ImmutableArray<long> source = [b, s, h], target = [b, t, h];

        summary.Layer("shared", "Embedding", source, ["encoder.embed_tokens"]);
        summary.Layer("encoder.extended_attention_mask", "Mask", [b, 1, 1, s], ["encoder.extended_attention_mask"], needsGradient: false);
        PositionBias(summary, "encoder", [1, config.Heads, s, s]);
        for (long i = 0; i < config.Layers; i++)
        {
            string block = $"encoder.block.{i}";
            BlockNorm(summary, "encoder", i, feedForward: 1, source);
            Attention(summary, $"{block}.layer.0", "SelfAttention", b, s, s, config,
                keys: $"{block}.layer.0.k_heads", values: $"{block}.layer.0.v_heads");
            FeedForward(summary, $"{block}.layer.1", $"{block}.layer.0.hidden", b, s, config);
        }

        summary.Layer("encoder.final_layer_norm", "T5LayerNorm", source, ["encoder_last_hidden_state"]);
        summary.Layer("decoder.embed_tokens", "Embedding", target, ["decoder.embed_tokens"]);
        PositionBias(summary, "decoder", [1, config.Heads, t, t]);
        for (long i = 0; i < config.Layers; i++)
        {
            string block = $"decoder.block.{i}", past = $"past_key_values.{i}";
            BlockNorm(summary, "decoder", i, feedForward: 2, target);
            Attention(summary, $"{block}.layer.0", "SelfAttention", b, t, t, config, $"{past}.decoder.key", $"{past}.decoder.value");
            summary.Layer($"{block}.layer.1.layer_norm", "T5LayerNorm", target, [$"{block}.layer.0.hidden"], alsoWrites: $"{block}.layer.1.normed");
            Attention(summary, $"{block}.layer.1", "EncDecAttention", b, t, s, config, $"{past}.encoder.key", $"{past}.encoder.value");
            FeedForward(summary, $"{block}.layer.2", $"{block}.layer.1.hidden", b, t, config);
        }

        summary.Layer("decoder.final_layer_norm", "T5LayerNorm", target, ["decoder.output"]);
        summary.Layer("lm_head", "Linear", [b, t, config.Vocabulary], ["logits"]);
        return summary.Build(NotForTorchsummary, "it counts embeddings that modules share several times, differently from version to version");
    }

    private static void PositionBias(SummaryBuilder summary, string stack, ImmutableArray<long> shape) =>
        summary.Layer($"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias", "Embedding", shape, [$"{stack}.position_bias"]);

    /// <summary>From the second block on, the norm's step first adds the feed-forward result of the block before to the stream.</summary>
    private static void BlockNorm(SummaryBuilder summary, string stack, long block, int feedForward, ImmutableArray<long> shape)
    {
        string name = $"{stack}.block.{block}.layer.0.layer_norm", normed = $"{stack}.block.{block}.layer.0.normed";
        if (block == 0)
        {
            summary.Layer(name, "T5LayerNorm", shape, [normed]);
        }
        else
        {
            summary.Layer(name, "T5LayerNorm", shape, [$"{stack}.block.{block - 1}.layer.{feedForward}.hidden"], alsoWrites: normed);
        }
    }

    private static void Attention(
        SummaryBuilder summary, string layer, string module, long batch, long queries, long keyCount, T5Config config, string keys, string values)
    {
        ImmutableArray<long> inner = [batch, queries, config.InnerSize], keyShape = [batch, keyCount, config.InnerSize];
        summary.Layer($"{layer}.{module}.q", "Linear", inner, [$"{layer}.q", $"{layer}.q_heads"]);
        summary.Layer($"{layer}.{module}.k", "Linear", keyShape, [$"{layer}.k", keys]);
        summary.Layer($"{layer}.{module}.v", "Linear", keyShape, [$"{layer}.v", values]);
        summary.Layer($"{layer}.{module}", "Attention", inner, [$"{layer}.scores", $"{layer}.probs", $"{layer}.context_heads", $"{layer}.context"]);
        summary.Layer($"{layer}.{module}.o", "Linear", [batch, queries, config.Hidden], [$"{layer}.o"]);
    }

    private static void FeedForward(SummaryBuilder summary, string layer, string stream, long batch, long tokens, T5Config config)
    {
        ImmutableArray<long> hidden = [batch, tokens, config.Hidden], wide = [batch, tokens, config.FeedForward];
        summary.Layer($"{layer}.layer_norm", "T5LayerNorm", hidden, [stream], alsoWrites: $"{layer}.normed");
        summary.Layer($"{layer}.DenseReluDense.wi", "Linear", wide, [$"{layer}.wi"]);
        summary.Layer($"{layer}.DenseReluDense.act", "ReLU", wide, [$"{layer}.wi:relu"]);
        summary.Layer($"{layer}.DenseReluDense.wo", "Linear", hidden, [$"{layer}.wo"]);
    }
}
