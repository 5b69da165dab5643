using Harness.Models.Training;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>The training passes of BERT and T5: the tables of docs/models.md with the changes of docs/training.md.</summary>
internal static class SimulatedTransformerTraining
{
    public static SimulatedTrainingPass Bert(BertConfig c, TrainingPass training)
    {
        long tokens = c.Batch * c.Sequence, hidden = 4 * tokens * c.Hidden, scores = 4 * c.Batch * c.Heads * c.Sequence * c.Sequence;
        long wide = 4 * tokens * c.Intermediate;
        var pass = new SimulatedTrainingPass(training);
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
        pass.TrainingInputs(c.Batch, dropout: true);
        pass.Embedding(["input_ids", "token_type_ids"], "embeddings.sum", hidden,
            ("embeddings.word_embeddings.weight", tokens, ["input_ids"]), ("embeddings.position_embeddings.weight", c.Sequence, []),
            ("embeddings.token_type_embeddings.weight", tokens, ["token_type_ids"]));
        pass.LayerNorm("embeddings.sum", bias: null, residual: null, "embeddings.LayerNorm", "embeddings.output", tokens);
        pass.Dropout("embeddings.output");
        pass.AdditiveMask("attention_mask", "extended_attention_mask", 4 * tokens);
        string x = "embeddings.output";
        for (long i = 0; i < c.Layers; i++)
        {
            string p = $"encoder.layer.{i}.", at = $"{p}attention.";
            pass.BeginBlock();
            foreach (string name in new[] { "query", "key", "value" })
            {
                pass.Product(x, $"{at}self.{name}.weight", $"{at}{name}", hidden);
                pass.Split($"{at}{name}", $"{at}{name}_heads", $"{at}self.{name}.bias");
            }

            pass.ProductOfActivations($"{at}query_heads", $"{at}key_heads", $"{at}scores", scores);
            pass.Softmax($"{at}scores", positionBias: null, "extended_attention_mask", $"{at}probs");
            string probs = $"{at}probs";
            if (drops)
            {
                pass.DropoutTo(probs, $"{at}probs_dropped");
                probs = $"{at}probs_dropped";
            }

            pass.ProductOfActivations(probs, $"{at}value_heads", $"{at}context_heads", hidden);
            pass.Merge($"{at}context_heads", $"{at}context");
            pass.Product($"{at}context", $"{at}output.dense.weight", $"{at}dense", hidden);
            NormOfSum($"{at}dense", $"{at}output", x, $"{at}output");
            pass.Product($"{at}output", $"{p}intermediate.dense.weight", $"{p}intermediate.dense", wide);
            pass.Gelu($"{p}intermediate.dense", $"{p}intermediate.dense.bias", $"{p}intermediate.output");
            pass.Product($"{p}intermediate.output", $"{p}output.dense.weight", $"{p}output.dense", hidden);
            x = i == c.Layers - 1 ? "last_hidden_state" : $"{p}output";
            NormOfSum($"{p}output.dense", $"{p}output", $"{at}output", x);
            pass.EndBlock();
        }

        // The module has a dense and a LayerNorm; dropout adds the bias of the one before the other.
        void NormOfSum(string dense, string module, string residual, string y)
        {
            if (drops)
            {
                pass.BiasDropout(dense, $"{module}.dense.bias");
            }

            pass.LayerNorm(dense, drops ? null : $"{module}.dense.bias", residual, $"{module}.LayerNorm", y, tokens);
        }

        pass.ProductOfFirstTokens(x, "pooler.dense.weight", "pooler_output", 4 * c.Batch * c.Hidden, used: 4 * c.Batch * c.Hidden);
        pass.Tanh("pooler_output", "pooler.dense.bias");
        string pooled = "pooler_output";
        if (drops)
        {
            pass.DropoutTo(pooled, "pooler_dropped");
            pooled = "pooler_dropped";
        }

        pass.Product(pooled, "classifier.weight", "logits", 4 * c.Batch * 2);
        pass.Bias("logits", "classifier.bias");
        pass.Finish(c.Batch);
        return pass;
    }

    public static SimulatedTrainingPass T5(T5Config c, TrainingPass training)
    {
        long source = c.Batch * c.Sequence, target = c.Batch * c.DecoderSequence;
        var pass = new SimulatedTrainingPass(training);
        pass.Parameter("shared.weight", c.Vocabulary * c.Hidden);
        foreach ((string stack, int subLayers) in new[] { ("encoder", 2), ("decoder", 3) })
        {
            pass.Parameter($"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", c.Buckets * c.Heads);
            for (long i = 0; i < c.Layers; i++)
            {
                string[] modules = subLayers == 2 ? ["SelfAttention", "DenseReluDense"]
                    : ["SelfAttention", "EncDecAttention", "DenseReluDense"];
                for (int j = 0; j < modules.Length; j++)
                {
                    string layer = $"{stack}.block.{i}.layer.{j}.";
                    pass.Parameter($"{layer}layer_norm.weight", c.Hidden);
                    foreach (string matrix in j == modules.Length - 1 ? new[] { "wi", "wo" } : ["q", "k", "v", "o"])
                    {
                        pass.Parameter($"{layer}{modules[j]}.{matrix}.weight",
                            c.Hidden * (j == modules.Length - 1 ? c.FeedForward : c.InnerSize));
                    }
                }
            }

            pass.Parameter($"{stack}.final_layer_norm.weight", c.Hidden);
        }

        pass.Input("input_ids", 8 * source);
        pass.Input("attention_mask", 8 * source);
        pass.Input("decoder_input_ids", 8 * target);
        pass.TrainingInputs(target, dropout: true);
        var encoder = new Stack(pass, c, "encoder", c.Sequence);
        encoder.Embed("input_ids");
        pass.AdditiveMask("attention_mask", "encoder.extended_attention_mask", 4 * source);
        encoder.Run("encoder_last_hidden_state");
        var decoder = new Stack(pass, c, "decoder", c.DecoderSequence);
        decoder.Embed("decoder_input_ids");
        decoder.Run("decoder.output");
        pass.Product("decoder.output", "shared.weight", "logits", 4 * target * c.Vocabulary);
        pass.Finish(target);
        return pass;
    }

    /// <summary>The encoder or the decoder.</summary>
    private sealed class Stack(SimulatedTrainingPass pass, T5Config c, string stack, long length)
    {
        private readonly long _hidden = 4 * c.Batch * length * c.Hidden;
        private readonly long _inner = 4 * c.Batch * length * c.InnerSize;
        private readonly long _wide = 4 * c.Batch * length * c.FeedForward;
        private readonly long _tokens = c.Batch * length;
        private readonly bool _decodes = stack == "decoder";

        // The residual stream, and what the next norm adds to it.
        private string _stream = $"{stack}.embed_tokens";
        private string? _added;

        public void Embed(string ids)
        {
            pass.Embedding([ids], _stream, _hidden, ("shared.weight", _tokens, [ids]));
            pass.Dropout(_stream);
        }

        public void Run(string result)
        {
            // Each distance between two positions falls into one bucket: S - 1 before, S - 1 behind, and 0; the decoder looks back only.
            long buckets = Math.Min(c.Buckets, _decodes ? length : 2 * length - 1);
            pass.PositionBias($"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", $"{stack}.position_bias",
                4 * c.Heads * length * length, used: 4 * c.Heads * buckets);
            for (long i = 0; i < c.Layers; i++)
            {
                string block = $"{stack}.block.{i}.";
                pass.BeginBlock();
                Norm($"{block}layer.0", _added is null ? null : _added.Replace(".wo", ".hidden", StringComparison.Ordinal),
                    keepsSum: _added is not null);
                Attention(i, 0, "SelfAttention", $"{block}layer.0.normed", length, $"{stack}.position_bias", _decodes ? null
                    : "encoder.extended_attention_mask");
                if (_decodes)
                {
                    Norm($"{block}layer.1", $"{block}layer.0.hidden");
                    Attention(i, 1, "EncDecAttention", "encoder_last_hidden_state", c.Sequence, positionBias: null,
                        "encoder.extended_attention_mask");
                }

                string ff = $"{block}layer.{(_decodes ? 2 : 1)}";
                Norm(ff, $"{block}layer.{(_decodes ? 1 : 0)}.hidden", keepsSum: i == c.Layers - 1);
                pass.Product($"{ff}.normed", $"{ff}.DenseReluDense.wi.weight", $"{ff}.wi", _wide);
                pass.Relu($"{ff}.wi", bias: null);
                pass.Dropout($"{ff}.wi");
                pass.Product($"{ff}.wi", $"{ff}.DenseReluDense.wo.weight", $"{ff}.wo", _hidden);
                pass.Dropout($"{ff}.wo");
                pass.EndBlock();
                _added = $"{ff}.wo";
            }

            pass.RmsNorm(_added!, _stream, $"{stack}.final_layer_norm.weight", sum: null, result, _tokens);
            pass.Dropout(result);
        }

        private void Norm(string layer, string? sum, bool keepsSum = false)
        {
            pass.RmsNorm(_added ?? _stream, _added is null ? null : _stream, $"{layer}.layer_norm.weight", sum, $"{layer}.normed", _tokens,
                keepsSum);
            _stream = sum ?? _stream;
        }

        private void Attention(long block, int layer, string module, string attended, long keys, string? positionBias, string? mask)
        {
            string at = $"{stack}.block.{block}.layer.{layer}.";
            string past = $"past_key_values.{block}.{(layer == 0 ? "decoder" : "encoder")}.";
            (string k, string v) = _decodes ? ($"{past}key", $"{past}value") : ($"{at}k_heads", $"{at}v_heads");
            long attendedInner = 4 * c.Batch * keys * c.InnerSize;
            pass.Product($"{at}normed", $"{at}{module}.q.weight", $"{at}q", _inner);
            pass.Split($"{at}q", $"{at}q_heads", bias: null);
            pass.Product(attended, $"{at}{module}.k.weight", $"{at}k", attendedInner);
            pass.Split($"{at}k", k, bias: null);
            pass.Product(attended, $"{at}{module}.v.weight", $"{at}v", attendedInner);
            pass.Split($"{at}v", v, bias: null);
            pass.ProductOfActivations($"{at}q_heads", k, $"{at}scores", 4 * c.Batch * c.Heads * length * keys);
            pass.Softmax($"{at}scores", positionBias, mask, $"{at}probs");
            string probs = $"{at}probs";
            if (pass.Drops)
            {
                pass.DropoutTo(probs, $"{at}probs_dropped");
                probs = $"{at}probs_dropped";
            }

            pass.ProductOfActivations(probs, v, $"{at}context_heads", _inner);
            pass.Merge($"{at}context_heads", $"{at}context");
            pass.Product($"{at}context", $"{at}{module}.o.weight", $"{at}o", _hidden);
            pass.Dropout($"{at}o");
            _added = $"{at}o";
        }
    }
}
