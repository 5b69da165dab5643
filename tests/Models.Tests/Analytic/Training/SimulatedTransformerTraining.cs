using Harness.Models.Training;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>The training passes of BERT and T5: the tables of docs/models.md with the changes of docs/training.md.</summary>
internal static class SimulatedTransformerTraining
{
    public static SimulatedTraining Bert(BertConfig c, TrainingPass training)
    {
        long tokens = c.Batch * c.Sequence, hidden = 4 * tokens * c.Hidden, scores = 4 * c.Batch * c.Heads * c.Sequence * c.Sequence;
        long wide = 4 * tokens * c.Intermediate, statistics = 8 * tokens;
        var pass = new SimulatedTraining(training);
        bool drops = pass.Drops;
        void Dense(string name, long outputs, long inputs)
        {
            pass.Parameter($"{name}.weight", outputs * inputs);
            pass.Parameter($"{name}.bias", outputs);
        }

        void Norm(string name)
        {
            pass.Parameter($"{name}.weight", c.Hidden);
            pass.Parameter($"{name}.bias", c.Hidden);
        }

        pass.Parameter("embeddings.word_embeddings.weight", c.Vocabulary * c.Hidden);
        pass.Parameter("embeddings.position_embeddings.weight", c.MaxPositions * c.Hidden);
        pass.Parameter("embeddings.token_type_embeddings.weight", c.TokenTypes * c.Hidden);
        Norm("embeddings.LayerNorm");
        for (long i = 0; i < c.Layers; i++)
        {
            string p = $"encoder.layer.{i}.";
            foreach (string name in new[] { "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense" })
            {
                Dense(p + name, c.Hidden, c.Hidden);
            }

            Norm($"{p}attention.output.LayerNorm");
            Dense($"{p}intermediate.dense", c.Intermediate, c.Hidden);
            Dense($"{p}output.dense", c.Hidden, c.Intermediate);
            Norm($"{p}output.LayerNorm");
        }

        Dense("pooler.dense", c.Hidden, c.Hidden);
        Dense("classifier", 2, c.Hidden);

        pass.Input("input_ids", 8 * tokens);
        pass.Input("attention_mask", 8 * tokens);
        pass.Input("token_type_ids", 8 * tokens);
        pass.TrainingInputs(c.Batch);
        pass.Embedding("embeddings.sum", hidden, ["input_ids", "token_type_ids"],
            "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight");
        pass.LayerNorm("embeddings.output", "embeddings.LayerNorm", "embeddings.sum", bias: null, residual: null, statistics);
        if (drops)
        {
            pass.DropInPlace("embeddings.output");
        }

        pass.AdditiveMask("extended_attention_mask", 4 * tokens, "attention_mask");
        string x = "embeddings.output";
        for (long i = 0; i < c.Layers; i++)
        {
            string p = $"encoder.layer.{i}.", at = $"{p}attention.";
            pass.Block(p);
            foreach (string name in new[] { "query", "key", "value" })
            {
                pass.Product($"{at}{name}", hidden, x, $"{at}self.{name}.weight");
                pass.Split($"{at}{name}", $"{at}{name}_heads", $"{at}self.{name}.bias");
            }

            pass.ProductOfActivations($"{at}scores", scores, $"{at}query_heads", $"{at}key_heads");
            pass.Softmax($"{at}scores", $"{at}probs", positionBias: null, "extended_attention_mask");
            string probs = $"{at}probs";
            if (drops)
            {
                pass.Drop(probs, $"{at}probs_dropped");
                probs = $"{at}probs_dropped";
            }

            pass.ProductOfActivations($"{at}context_heads", hidden, probs, $"{at}value_heads");
            pass.Merge($"{at}context_heads", $"{at}context");
            pass.Product($"{at}dense", hidden, $"{at}context", $"{at}output.dense.weight");
            NormOfSum($"{at}output", $"{at}output.LayerNorm", $"{at}dense", $"{at}output.dense.bias", x);
            pass.Product($"{p}intermediate.dense", wide, $"{at}output", $"{p}intermediate.dense.weight");
            pass.BiasGelu($"{p}intermediate.dense", $"{p}intermediate.output", $"{p}intermediate.dense.bias");
            pass.Product($"{p}output.dense", hidden, $"{p}intermediate.output", $"{p}output.dense.weight");
            x = i == c.Layers - 1 ? "last_hidden_state" : $"{p}output";
            NormOfSum(x, $"{p}output.LayerNorm", $"{p}output.dense", $"{p}output.dense.bias", $"{at}output");
        }

        void NormOfSum(string y, string norm, string dense, string bias, string residual)
        {
            if (drops)
            {
                pass.DropInPlace(dense, bias);
            }

            pass.LayerNorm(y, norm, dense, drops ? null : bias, residual, statistics);
        }

        pass.Block("");
        pass.ProductOfFirstTokens("pooler_output", 4 * c.Batch * c.Hidden, x, "pooler.dense.weight");
        pass.BiasTanh("pooler_output", "pooler.dense.bias");
        string pooled = "pooler_output";
        if (drops)
        {
            pass.Drop(pooled, "pooler_dropped");
            pooled = "pooler_dropped";
        }

        pass.Product("logits", 4 * c.Batch * 2, pooled, "classifier.weight");
        pass.Bias("logits", "classifier.bias");
        pass.CrossEntropy("logits", c.Batch);
        pass.Finish();
        return pass;
    }

    public static SimulatedTraining T5(T5Config c, TrainingPass training)
    {
        long source = c.Batch * c.Sequence, target = c.Batch * c.DecoderSequence;
        var pass = new SimulatedTraining(training);
        pass.Parameter("shared.weight", c.Vocabulary * c.Hidden);
        foreach ((string stack, int subLayers) in new[] { ("encoder", 2), ("decoder", 3) })
        {
            pass.Parameter($"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", c.Buckets * c.Heads);
            pass.Parameter($"{stack}.final_layer_norm.weight", c.Hidden);
            for (long i = 0; i < c.Layers; i++)
            {
                string[] modules = subLayers == 2 ? ["SelfAttention", "DenseReluDense"] : ["SelfAttention", "EncDecAttention", "DenseReluDense"];
                for (int j = 0; j < modules.Length; j++)
                {
                    string layer = $"{stack}.block.{i}.layer.{j}.";
                    foreach (string matrix in j == modules.Length - 1 ? new[] { "wi", "wo" } : ["q", "k", "v", "o"])
                    {
                        pass.Parameter($"{layer}{modules[j]}.{matrix}.weight", c.Hidden * (j == modules.Length - 1 ? c.FeedForward : c.InnerSize));
                    }

                    pass.Parameter($"{layer}layer_norm.weight", c.Hidden);
                }
            }
        }

        pass.Input("input_ids", 8 * source);
        pass.Input("attention_mask", 8 * source);
        pass.Input("decoder_input_ids", 8 * target);
        pass.TrainingInputs(target);
        var encoder = new Stack(pass, c, "encoder", c.Sequence);
        encoder.Embed("input_ids");
        pass.AdditiveMask("encoder.extended_attention_mask", 4 * source, "attention_mask");
        encoder.Run("encoder_last_hidden_state");
        var decoder = new Stack(pass, c, "decoder", c.DecoderSequence);
        decoder.Embed("decoder_input_ids");
        decoder.Run("decoder.output");
        pass.Product("logits", 4 * target * c.Vocabulary, "decoder.output", "shared.weight");
        pass.CrossEntropy("logits", target);
        pass.Finish();
        return pass;
    }

    /// <summary>The encoder or the decoder.</summary>
    private sealed class Stack(SimulatedTraining pass, T5Config c, string stack, long length)
    {
        private readonly long _hidden = 4 * c.Batch * length * c.Hidden;
        private readonly long _inner = 4 * c.Batch * length * c.InnerSize;
        private readonly long _wide = 4 * c.Batch * length * c.FeedForward;
        private readonly long _statistics = 4 * c.Batch * length;
        private readonly bool _decodes = stack == "decoder";

        // The residual stream, and what the next norm adds to it.
        private string _stream = $"{stack}.embed_tokens";
        private string? _added;

        public void Embed(string ids)
        {
            pass.Embedding(_stream, _hidden, [ids], "shared.weight");
            Drop(_stream);
        }

        public void Run(string result)
        {
            pass.PositionBias($"{stack}.position_bias", 4 * c.Heads * length * length, $"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight");
            for (long i = 0; i < c.Layers; i++)
            {
                string block = $"{stack}.block.{i}.";
                pass.Block(block);
                Norm($"{block}layer.0", _added is null ? null : _added.Replace(".wo", ".hidden", StringComparison.Ordinal), opensBlock: _added is not null);
                Attention(i, 0, "SelfAttention", $"{block}layer.0.normed", length, $"{stack}.position_bias", _decodes ? null : "encoder.extended_attention_mask");
                if (_decodes)
                {
                    Norm($"{block}layer.1", $"{block}layer.0.hidden");
                    Attention(i, 1, "EncDecAttention", "encoder_last_hidden_state", c.Sequence, positionBias: null, "encoder.extended_attention_mask");
                }

                string ff = $"{block}layer.{(_decodes ? 2 : 1)}";
                Norm(ff, $"{block}layer.{(_decodes ? 1 : 0)}.hidden");
                pass.Product($"{ff}.wi", _wide, $"{ff}.normed", $"{ff}.DenseReluDense.wi.weight");
                pass.Relu($"{ff}.wi");
                Drop($"{ff}.wi");
                pass.Product($"{ff}.wo", _hidden, $"{ff}.wi", $"{ff}.DenseReluDense.wo.weight");
                Drop($"{ff}.wo");
                _added = $"{ff}.wo";
            }

            pass.Block("");
            pass.RmsNorm(result, $"{stack}.final_layer_norm.weight", _stream, _added, sum: null, _statistics);
            Drop(result);
        }

        private void Norm(string layer, string? sum, bool opensBlock = false)
        {
            pass.RmsNorm($"{layer}.normed", $"{layer}.layer_norm.weight", _stream, _added, sum, _statistics, opensBlock);
            _stream = sum ?? _stream;
        }

        private void Attention(long block, int layer, string module, string attended, long keys, string? positionBias, string? mask)
        {
            string at = $"{stack}.block.{block}.layer.{layer}.";
            string past = $"past_key_values.{block}.{(layer == 0 ? "decoder" : "encoder")}.";
            (string k, string v) = _decodes ? ($"{past}key", $"{past}value") : ($"{at}k_heads", $"{at}v_heads");
            pass.Product($"{at}q", _inner, $"{at}normed", $"{at}{module}.q.weight");
            pass.Split($"{at}q", $"{at}q_heads");
            pass.Product($"{at}k", 4 * c.Batch * keys * c.InnerSize, attended, $"{at}{module}.k.weight");
            pass.Split($"{at}k", k);
            pass.Product($"{at}v", 4 * c.Batch * keys * c.InnerSize, attended, $"{at}{module}.v.weight");
            pass.Split($"{at}v", v);
            pass.ProductOfActivations($"{at}scores", 4 * c.Batch * c.Heads * length * keys, $"{at}q_heads", k);
            pass.Softmax($"{at}scores", $"{at}probs", positionBias, mask);
            string probs = $"{at}probs";
            if (pass.Drops)
            {
                pass.Drop(probs, $"{at}probs_dropped");
                probs = $"{at}probs_dropped";
            }

            pass.ProductOfActivations($"{at}context_heads", _inner, probs, v);
            pass.Merge($"{at}context_heads", $"{at}context");
            pass.Product($"{at}o", _hidden, $"{at}context", $"{at}{module}.o.weight");
            Drop($"{at}o");
            _added = $"{at}o";
        }

        private void Drop(string t)
        {
            if (pass.Drops)
            {
                pass.DropInPlace(t);
            }
        }
    }
}
