using Harness.Kernels.Programs;

namespace Harness.Models.Weights;

/// <summary>
/// What each model's tensors are drawn from when there is no checkpoint: weights scaled by their fan-in (He et al. 2015, Glorot and
/// Bengio 2010), so that activations stay of order one at every depth; norms near 1, biases small; no tensor is zero.
/// </summary>
public static class ModelValues
{
    private static readonly NormalValues s_unit = new(0, 1);

    /// <summary>VGG16 and the small models: pixels or rows of numbers in, a ReLU after all layers but the last.</summary>
    public static TensorValues ReluNetwork(TensorSpec tensor) => tensor switch
    {
        { Category: TensorCategory.Input } => s_unit,
        _ => Weight(tensor, gain: 2), // a ReLU keeps half of the variance
    };

    public static Func<TensorSpec, TensorValues> Bert(BertConfig config) => tensor => tensor switch
    {
        { Name: "input_ids" } => new IndexValues(config.Vocabulary),
        { Name: "token_type_ids" } => new IndexValues(config.TokenTypes),
        { Name: "attention_mask" } => new RowMaskValues(),
        { Shape.Rank: 2 } when tensor.Name.StartsWith("embeddings.", StringComparison.Ordinal) => s_unit,
        _ => Weight(tensor, gain: 1),
    };

    public static Func<TensorSpec, TensorValues> T5(T5Config config) => tensor => tensor switch
    {
        { Name: "input_ids" or "decoder_input_ids" } => new IndexValues(config.Vocabulary),
        { Name: "attention_mask" } => new RowMaskValues(),
        { Name: "shared.weight" } => s_unit,
        _ when tensor.Name.EndsWith(".relative_attention_bias.weight", StringComparison.Ordinal) => s_unit,
        _ when tensor.Name.EndsWith("Attention.q.weight", StringComparison.Ordinal) => Weight(tensor, gain: 1.0 / config.HeadSize), // scores are not scaled
        _ => Weight(tensor, gain: 1),
    };

    /// <summary>A bias, a norm's scale, or a matrix whose output has <paramref name="gain"/> times the variance of its input.</summary>
    private static NormalValues Weight(TensorSpec tensor, double gain) => tensor.Shape.Rank > 1
        ? new NormalValues(0, (float)Math.Sqrt(gain * tensor.Shape[0] / tensor.Shape.Elements))
        : tensor.Name.EndsWith(".bias", StringComparison.Ordinal) ? new NormalValues(0, 0.05f) : new NormalValues(1, 0.1f);
}
