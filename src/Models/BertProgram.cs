using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Kernels.Programs.Backward;
using Harness.Models.Training;

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
        var b = new ProgramBuilder("bert");
        Forward(b, config, Dropout.None(b), []);
        return b.Build();
    }

    /// <summary>One pass of a training step: behind the pooler a head of two classes.</summary>
    /// <inheritdoc cref="Build"/>
    public static StepProgram BuildTraining(BertConfig config, TrainingPass pass, IConvolutionWorkspace device)
    {
        ProgramBuilder b = TrainingProgram.Builder("bert");
        Dropout dropout = Dropout.Of(pass, b);
        var blocks = new List<RecomputedBlock>();
        TensorSpec pooled = dropout.To("pooler_dropped", Forward(b, config, dropout, blocks));
        TensorSpec logits = b.Linear("logits", pooled, b.Parameter("classifier.weight", BertConfig.Classes, config.Hidden));
        b.BiasActivationInPlace(logits, b.Parameter("classifier.bias", BertConfig.Classes), Activation.None);
        return TrainingProgram.Finish(b, pass, logits, config.Batch, device, blocks);
    }

    /// <param name="blocks">one a layer is added</param>
    /// <returns>the pooler's output</returns>
    private static TensorSpec Forward(ProgramBuilder b, BertConfig config, Dropout dropout, List<RecomputedBlock> blocks)
    {
        Validate(config);
        TensorSpec inputIds = b.Input("input_ids", DType.I64, config.Batch, config.Sequence);
        TensorSpec attentionMask = b.Input("attention_mask", DType.I64, config.Batch, config.Sequence);
        TensorSpec tokenTypeIds = b.Input("token_type_ids", DType.I64, config.Batch, config.Sequence);

        TensorSpec x = Embeddings(b, config, inputIds, tokenTypeIds);
        dropout.InPlace(x);
        TensorSpec mask = b.AttentionMask("extended_attention_mask", attentionMask);
        for (long i = 0; i < config.Layers; i++)
        {
            int first = b.Steps.Count;
            x = Layer(b, config, i, x, mask, dropout);
            blocks.Add(new RecomputedBlock(first, b.Steps.Count, Input: null));
        }

        return Pooler(b, config, x);
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

    private static TensorSpec Layer(ProgramBuilder b, BertConfig config, long i, TensorSpec x, TensorSpec mask, Dropout dropout)
    {
        string layer = $"encoder.layer.{i}.";
        TensorSpec attention = Attention(b, config, layer, x, mask, dropout);

        TensorSpec intermediate = b.Linear(
            layer + "intermediate.dense", attention, b.Parameter(layer + "intermediate.dense.weight", config.Intermediate, config.Hidden));
        TensorSpec activated = b.BiasActivation(
            layer + "intermediate.output", intermediate, b.Parameter(layer + "intermediate.dense.bias", config.Intermediate), Activation.Gelu);

        TensorSpec dense = b.Linear(
            layer + "output.dense", activated, b.Parameter(layer + "output.dense.weight", config.Hidden, config.Intermediate));
        TensorSpec? bias = dropout.InPlace(dense, b.Parameter(layer + "output.dense.bias", config.Hidden));
        bool last = i == config.Layers - 1;
        return LayerNorm(
            b, config, last ? "last_hidden_state" : layer + "output", dense, bias, attention, layer + "output.LayerNorm",
            last ? TensorCategory.Output : TensorCategory.Activation);
    }

    private static TensorSpec Attention(
        ProgramBuilder b, BertConfig config, string layer, TensorSpec x, TensorSpec mask, Dropout dropout)
    {
        TensorSpec query = Heads(b, config, layer, "query", x);
        TensorSpec key = Heads(b, config, layer, "key", x);
        TensorSpec value = Heads(b, config, layer, "value", x);

        TensorSpec scores = b.AttentionScores(layer + "attention.scores", query, key);
        TensorSpec probs = b.Softmax(layer + "attention.probs", scores, scale: (float)(1 / Math.Sqrt(config.HeadSize)), mask: mask);
        TensorSpec dropped = dropout.To(layer + "attention.probs_dropped", probs);
        TensorSpec contextHeads = b.AttentionContext(layer + "attention.context_heads", dropped, value);
        TensorSpec context = b.MergeHeads(layer + "attention.context", contextHeads);

        TensorSpec dense = b.Linear(
            layer + "attention.dense", context, b.Parameter(layer + "attention.output.dense.weight", config.Hidden, config.Hidden));
        TensorSpec? bias = dropout.InPlace(dense, b.Parameter(layer + "attention.output.dense.bias", config.Hidden));
        return LayerNorm(
            b, config, layer + "attention.output", dense, bias, x,
            layer + "attention.output.LayerNorm");
    }

    private static TensorSpec Heads(ProgramBuilder b, BertConfig config, string layer, string which, TensorSpec x)
    {
        TensorSpec product = b.Linear(
            $"{layer}attention.{which}", x, b.Parameter($"{layer}attention.self.{which}.weight", config.Hidden, config.Hidden));
        return b.SplitHeads(
            $"{layer}attention.{which}_heads", product, b.Parameter($"{layer}attention.self.{which}.bias", config.Hidden), config.Heads);
    }

    private static TensorSpec Pooler(ProgramBuilder b, BertConfig config, TensorSpec lastHiddenState)
    {
        TensorSpec pooled = b.FirstTokenLinear(
            "pooler_output", lastHiddenState, b.Parameter("pooler.dense.weight", config.Hidden, config.Hidden), TensorCategory.Output);
        b.BiasActivationInPlace(pooled, b.Parameter("pooler.dense.bias", config.Hidden), Activation.Tanh);
        return pooled;
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
