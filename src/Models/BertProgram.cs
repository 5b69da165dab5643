using Harness.Kernels;
using Harness.Kernels.Programs;

namespace Harness.Models;

/// <summary>
/// BERT (Devlin et al. 2019): embeddings, a stack of post-norm encoder layers (Vaswani et al. 2017), and the pooler. Buffers and
/// order are those of docs/models.md; shapes are [B,S,H] for hidden states and [B,A,S,d] or [B,A,S,S] inside attention.
/// </summary>
public static class BertProgram
{
    /// <exception cref="CallerException">the configuration is not one that BERT allows</exception>
    public static StepProgram Build(BertConfig config)
    {
        Validate(config);
        var b = new ProgramBuilder("bert");
        TensorSpec inputIds = b.Input("input_ids", DType.I64, config.Batch, config.Sequence);
        TensorSpec attentionMask = b.Input("attention_mask", DType.I64, config.Batch, config.Sequence);
        TensorSpec tokenTypeIds = b.Input("token_type_ids", DType.I64, config.Batch, config.Sequence);

        TensorSpec x = Embeddings(b, config, inputIds, tokenTypeIds);
        TensorSpec mask = b.AttentionMask("extended_attention_mask", attentionMask);
        for (long i = 0; i < config.Layers; i++)
        {
            x = Layer(b, config, i, x, mask);
        }

        Pooler(b, config, x);
        return b.Build();
    }

    private static TensorSpec Embeddings(ProgramBuilder b, BertConfig config, TensorSpec inputIds, TensorSpec tokenTypeIds)
    {
        TensorSpec sum = b.BertEmbedding(
            "embeddings.sum", inputIds, tokenTypeIds,
            b.Parameter("embeddings.word_embeddings.weight", config.Vocabulary, config.Hidden),
            b.Parameter("embeddings.position_embeddings.weight", config.MaxPositions, config.Hidden),
            b.Parameter("embeddings.token_type_embeddings.weight", config.TokenTypes, config.Hidden));
        return LayerNorm(b, config, "embeddings.output", sum, bias: null, residual: null, "embeddings.LayerNorm");
    }

    private static TensorSpec Layer(ProgramBuilder b, BertConfig config, long i, TensorSpec x, TensorSpec mask)
    {
        string layer = $"encoder.layer.{i}.";
        TensorSpec attention = Attention(b, config, layer, x, mask);

        TensorSpec intermediate = b.Linear(
            layer + "intermediate.dense", attention, b.Parameter(layer + "intermediate.dense.weight", config.Intermediate, config.Hidden));
        TensorSpec activated = b.BiasActivation(
            layer + "intermediate.output", intermediate, b.Parameter(layer + "intermediate.dense.bias", config.Intermediate), Activation.Gelu);

        TensorSpec dense = b.Linear(
            layer + "output.dense", activated, b.Parameter(layer + "output.dense.weight", config.Hidden, config.Intermediate));
        bool last = i == config.Layers - 1;
        return LayerNorm(
            b, config, last ? "last_hidden_state" : layer + "output", dense,
            b.Parameter(layer + "output.dense.bias", config.Hidden), attention, layer + "output.LayerNorm",
            last ? TensorCategory.Output : TensorCategory.Activation);
    }

    private static TensorSpec Attention(ProgramBuilder b, BertConfig config, string layer, TensorSpec x, TensorSpec mask)
    {
        TensorSpec query = Heads(b, config, layer, "query", x);
        TensorSpec key = Heads(b, config, layer, "key", x);
        TensorSpec value = Heads(b, config, layer, "value", x);

        TensorSpec scores = b.AttentionScores(layer + "attention.scores", query, key);
        TensorSpec probs = b.Softmax(layer + "attention.probs", scores, scale: (float)(1 / Math.Sqrt(config.HeadSize)), mask: mask);
        TensorSpec contextHeads = b.AttentionContext(layer + "attention.context_heads", probs, value);
        TensorSpec context = b.MergeHeads(layer + "attention.context", contextHeads);

        TensorSpec dense = b.Linear(
            layer + "attention.dense", context, b.Parameter(layer + "attention.output.dense.weight", config.Hidden, config.Hidden));
        return LayerNorm(
            b, config, layer + "attention.output", dense, b.Parameter(layer + "attention.output.dense.bias", config.Hidden), x,
            layer + "attention.output.LayerNorm");
    }

    private static TensorSpec Heads(ProgramBuilder b, BertConfig config, string layer, string which, TensorSpec x)
    {
        TensorSpec product = b.Linear(
            $"{layer}attention.{which}", x, b.Parameter($"{layer}attention.self.{which}.weight", config.Hidden, config.Hidden));
        return b.SplitHeads(
            $"{layer}attention.{which}_heads", product, b.Parameter($"{layer}attention.self.{which}.bias", config.Hidden), config.Heads);
    }

    private static void Pooler(ProgramBuilder b, BertConfig config, TensorSpec lastHiddenState)
    {
        TensorSpec pooled = b.FirstTokenLinear(
            "pooler_output", lastHiddenState, b.Parameter("pooler.dense.weight", config.Hidden, config.Hidden), TensorCategory.Output);
        b.BiasActivationInPlace(pooled, b.Parameter("pooler.dense.bias", config.Hidden), Activation.Tanh);
    }

    private static TensorSpec LayerNorm(
        ProgramBuilder b, BertConfig config, string output, TensorSpec x, TensorSpec? bias, TensorSpec? residual, string module,
        TensorCategory category = TensorCategory.Activation) => b.LayerNorm(
            output, x, bias, residual, b.Parameter(module + ".weight", config.Hidden), b.Parameter(module + ".bias", config.Hidden),
            BertConfig.LayerNormEpsilon, category);

    private static void Validate(BertConfig config)
    {
        ConfigRules.AtLeastOne("bert", "batch", config.Batch);
        ConfigRules.AtLeastOne("bert", "sequence length", config.Sequence);
        ConfigRules.AtLeastOne("bert", "number of layers", config.Layers);
        ConfigRules.AtLeastOne("bert", "hidden size", config.Hidden);
        ConfigRules.AtLeastOne("bert", "number of heads", config.Heads);
        if (config.Sequence > config.MaxPositions)
        {
            throw new CallerException(
                $"bert: sequence length {config.Sequence} is beyond the model's {config.MaxPositions} positions, at most {config.MaxPositions} is allowed");
        }

        if (config.Hidden % config.Heads != 0)
        {
            throw new CallerException($"bert: {config.Heads} heads do not divide the hidden size {config.Hidden}");
        }
    }
}
