using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Kernels.Programs.Backward;
using Harness.Models.Training;

namespace Harness.Models;

/// <summary>
/// T5 (Raffel et al. 2020), encoder and one pass of the decoder with its key/value cache as outputs. Pre-norm: every sub-layer reads an
/// RMS norm of the residual stream and its product is added to the stream by the norm that follows. Buffers and order are those of
/// docs/models.md; shapes are [B,S,H] for hidden states and [B,A,Q,d] or [B,A,Q,K] inside attention, D for S in the decoder.
/// </summary>
public static class T5Program
{
    /// <exception cref="CallerException">the configuration is not one that T5 allows</exception>
    public static StepProgram Build(T5Config config)
    {
        var b = new ProgramBuilder("t5");
        Forward(b, config, Dropout.None(b), []);
        return b.Build();
    }

    /// <summary>One pass of a training step: a label for every position of the decoder.</summary>
    /// <inheritdoc cref="Build"/>
    public static StepProgram BuildTraining(T5Config config, TrainingPass pass, IConvolutionWorkspace device)
    {
        ProgramBuilder b = TrainingProgram.Builder("t5");
        var blocks = new List<RecomputedBlock>();
        TensorSpec logits = Forward(b, config, Dropout.Of(pass, b), blocks);
        return TrainingProgram.Finish(b, pass, logits, config.Batch, device, blocks);
    }

    /// <param name="blocks">one a block is added</param>
    /// <returns>the logits</returns>
    private static TensorSpec Forward(ProgramBuilder b, T5Config config, Dropout dropout, List<RecomputedBlock> blocks)
    {
        Validate(config);
        TensorSpec inputIds = b.Input("input_ids", DType.I64, config.Batch, config.Sequence);
        TensorSpec attentionMask = b.Input("attention_mask", DType.I64, config.Batch, config.Sequence);
        TensorSpec decoderInputIds = b.Input("decoder_input_ids", DType.I64, config.Batch, config.DecoderSequence);
        TensorSpec shared = b.Parameter("shared.weight", config.Vocabulary, config.Hidden);

        (TensorSpec encoded, TensorSpec mask) = Encoder(b, config, inputIds, attentionMask, shared, dropout, blocks);
        TensorSpec decoded = Decoder(b, config, decoderInputIds, encoded, mask, shared, dropout, blocks);

        // Tied embeddings: the table that turned ids into vectors turns vectors into logits, scaled down because its rows are of order one.
        return b.Linear("logits", decoded, shared, alpha: (float)(1 / Math.Sqrt(config.Hidden)), TensorCategory.Output);
    }

    private static (TensorSpec Encoded, TensorSpec Mask) Encoder(
        ProgramBuilder b, T5Config config, TensorSpec inputIds, TensorSpec attentionMask, TensorSpec shared, Dropout dropout,
        List<RecomputedBlock> blocks)
    {
        TensorSpec embedded = b.Embedding("encoder.embed_tokens", inputIds, shared);
        dropout.InPlace(embedded);
        TensorSpec mask = b.AttentionMask("encoder.extended_attention_mask", attentionMask);
        TensorSpec positionBias = PositionBias(b, config, "encoder", config.Sequence, causal: false);

        var stream = new ResidualStream(b, config, embedded, dropout);
        for (long i = 0; i < config.Layers; i++)
        {
            string block = $"encoder.block.{i}.";
            int first = b.Steps.Count;
            TensorSpec normed = stream.Normed(block + "layer.0.");
            TensorSpec input = stream.Current;
            stream.Add(SelfAttention(b, config, block + "layer.0.", normed, positionBias, mask, cache: null, dropout));
            stream.Add(FeedForward(b, config, block + "layer.1.", stream.Normed(block + "layer.1."), dropout));
            blocks.Add(new RecomputedBlock(first, b.Steps.Count, input));
        }

        TensorSpec encoded = stream.FinalNorm("encoder_last_hidden_state", "encoder", TensorCategory.Output);
        dropout.InPlace(encoded);
        return (encoded, mask);
    }

    private static TensorSpec Decoder(
        ProgramBuilder b, T5Config config, TensorSpec decoderInputIds, TensorSpec encoded, TensorSpec mask, TensorSpec shared, Dropout dropout,
        List<RecomputedBlock> blocks)
    {
        TensorSpec embedded = b.Embedding("decoder.embed_tokens", decoderInputIds, shared);
        dropout.InPlace(embedded);
        TensorSpec positionBias = PositionBias(b, config, "decoder", config.DecoderSequence, causal: true);

        var stream = new ResidualStream(b, config, embedded, dropout);
        for (long i = 0; i < config.Layers; i++)
        {
            string block = $"decoder.block.{i}.";
            string cache = $"past_key_values.{i}.";
            int first = b.Steps.Count;
            TensorSpec normed = stream.Normed(block + "layer.0.");
            TensorSpec input = stream.Current;
            stream.Add(SelfAttention(b, config, block + "layer.0.", normed, positionBias, mask: null, cache + "decoder.", dropout));
            stream.Add(CrossAttention(b, config, block + "layer.1.", stream.Normed(block + "layer.1."), encoded, mask, cache + "encoder.", dropout));
            stream.Add(FeedForward(b, config, block + "layer.2.", stream.Normed(block + "layer.2."), dropout));
            blocks.Add(new RecomputedBlock(first, b.Steps.Count, input));
        }

        TensorSpec output = stream.FinalNorm("decoder.output", "decoder", TensorCategory.Activation);
        dropout.InPlace(output);
        return output;
    }

    private static TensorSpec PositionBias(ProgramBuilder b, T5Config config, string stack, long length, bool causal) =>
        b.RelativePositionBias(
            stack + ".position_bias",
            b.Parameter(stack + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight", config.Buckets, config.Heads),
            length, length, causal, config.MaxDistance);

    private static TensorSpec SelfAttention(
        ProgramBuilder b, T5Config config, string layer, TensorSpec x, TensorSpec positionBias, TensorSpec? mask, string? cache,
        Dropout dropout)
    {
        TensorSpec query = Heads(b, config, layer, "SelfAttention", "q", x, layer + "q_heads", TensorCategory.Activation);
        (TensorSpec key, TensorSpec value) = KeysAndValues(b, config, layer, "SelfAttention", x, cache);
        return Attention(b, config, layer, "SelfAttention", query, key, value, positionBias, mask, dropout);
    }

    private static TensorSpec CrossAttention(
        ProgramBuilder b, T5Config config, string layer, TensorSpec x, TensorSpec encoded, TensorSpec mask, string cache, Dropout dropout)
    {
        TensorSpec query = Heads(b, config, layer, "EncDecAttention", "q", x, layer + "q_heads", TensorCategory.Activation);
        (TensorSpec key, TensorSpec value) = KeysAndValues(b, config, layer, "EncDecAttention", encoded, cache);
        return Attention(b, config, layer, "EncDecAttention", query, key, value, positionBias: null, mask, dropout);
    }

    /// <summary>Outputs <c>{cache}key|value</c> where there is a cache, else activations of the layer.</summary>
    private static (TensorSpec Key, TensorSpec Value) KeysAndValues(
        ProgramBuilder b, T5Config config, string layer, string module, TensorSpec x, string? cache)
    {
        TensorCategory category = cache is null ? TensorCategory.Activation : TensorCategory.Output;
        TensorSpec key = Heads(b, config, layer, module, "k", x, cache is null ? layer + "k_heads" : cache + "key", category);
        TensorSpec value = Heads(b, config, layer, module, "v", x, cache is null ? layer + "v_heads" : cache + "value", category);
        return (key, value);
    }

    private static TensorSpec Heads(
        ProgramBuilder b, T5Config config, string layer, string module, string which, TensorSpec x, string output, TensorCategory category)
    {
        TensorSpec product = b.Linear(layer + which, x, b.Parameter($"{layer}{module}.{which}.weight", config.InnerSize, config.Hidden));
        return b.SplitHeads(output, product, bias: null, config.Heads, category);
    }

    /// <summary>The scores are not scaled: T5 trains with an initialisation of q that has the 1/sqrt(d) in it.</summary>
    private static TensorSpec Attention(
        ProgramBuilder b, T5Config config, string layer, string module, TensorSpec query, TensorSpec key, TensorSpec value,
        TensorSpec? positionBias, TensorSpec? mask, Dropout dropout)
    {
        TensorSpec scores = b.AttentionScores(layer + "scores", query, key);
        TensorSpec probs = b.Softmax(layer + "probs", scores, scale: 1, positionBias, mask);
        TensorSpec dropped = dropout.To(layer + "probs_dropped", probs);
        TensorSpec contextHeads = b.AttentionContext(layer + "context_heads", dropped, value);
        TensorSpec context = b.MergeHeads(layer + "context", contextHeads);
        return b.Linear(layer + "o", context, b.Parameter($"{layer}{module}.o.weight", config.Hidden, config.InnerSize));
    }

    private static TensorSpec FeedForward(ProgramBuilder b, T5Config config, string layer, TensorSpec x, Dropout dropout)
    {
        TensorSpec wi = b.Linear(layer + "wi", x, b.Parameter(layer + "DenseReluDense.wi.weight", config.FeedForward, config.Hidden));
        b.BiasActivationInPlace(wi, bias: null, Activation.Relu);
        dropout.InPlace(wi);
        return b.Linear(layer + "wo", wi, b.Parameter(layer + "DenseReluDense.wo.weight", config.Hidden, config.FeedForward));
    }

    private static void Validate(T5Config config)
    {
        ConfigRules.AtLeastOne("t5", "batch", config.Batch);
        ConfigRules.AtLeastOne("t5", "sequence length", config.Sequence);
        ConfigRules.AtLeastOne("t5", "decoder sequence length", config.DecoderSequence);
        ConfigRules.AtLeastOne("t5", "number of layers", config.Layers);
        ConfigRules.AtLeastOne("t5", "number of heads", config.Heads);
        ConfigRules.AtLeastOne("t5", "head size", config.HeadSize);
    }

    /// <summary>
    /// The residual stream [B,S,H]. The product of a sub-layer is not added by itself: the norm that follows adds it, and keeps the sum as
    /// that sub-layer's <c>hidden</c>, the stream from there on.
    /// </summary>
    private sealed class ResidualStream(ProgramBuilder b, T5Config config, TensorSpec embedded, Dropout dropout)
    {
        private TensorSpec _stream = embedded;
        private TensorSpec? _product;
        private string _layer = "";

        /// <summary>The latest sum that was kept.</summary>
        public TensorSpec Current => _stream;

        /// <summary>What the sub-layer with that prefix reads.</summary>
        public TensorSpec Normed(string layer)
        {
            TensorSpec gamma = b.Parameter(layer + "layer_norm.weight", config.Hidden);
            TensorSpec normed;
            if (_product is null)
            {
                normed = b.RmsNorm(layer + "normed", _stream, residual: null, gamma, T5Config.RmsNormEpsilon);
            }
            else
            {
                (_stream, normed) = b.AddRmsNorm(_layer + "hidden", layer + "normed", _product, _stream, gamma, T5Config.RmsNormEpsilon);
            }

            _layer = layer;
            return normed;
        }

        /// <summary>Hands in what the sub-layer made of it.</summary>
        public void Add(TensorSpec product)
        {
            dropout.InPlace(product);
            _product = product;
        }

        /// <summary>The norm after the last block, which does not keep the sum.</summary>
        public TensorSpec FinalNorm(string output, string stack, TensorCategory category) => b.RmsNorm(
            output, _product!, _stream, b.Parameter(stack + ".final_layer_norm.weight", config.Hidden), T5Config.RmsNormEpsilon, category);
    }
}
