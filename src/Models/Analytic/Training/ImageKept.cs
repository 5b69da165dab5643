using System.Collections.Immutable;
using static Harness.Models.Analytic.Training.KeptActivation;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// What networks on images keep for the backward pass: whatever ReLU wrote, and what a pool wrote for the weights behind it; a max pool's
/// operand is a ReLU's result already.
/// </summary>
public static class ImageKept
{
    /// <summary>Stacks of linear layers.</summary>
    public static ImmutableArray<KeptActivation> Of(MlpConfig config) =>
        [.. Enumerable.Range(1, config.Sizes.Count - 2).Select(layer => Relu($"layer{layer}.output")), Logits];

    public static ImmutableArray<KeptActivation> OfMnistCnn { get; } =
        [Relu("conv1.output"), Relu("conv2.output"), Operand("pool.output", "fc1.weight"), Relu("fc1.output"), Logits];

    /// <summary>The last pool's maps are averaged, and an average's rule reads no operand.</summary>
    public static ImmutableArray<KeptActivation> Of(Vgg16Config config, bool dropout)
    {
        Vgg16Layer[] features = [.. Vgg16Layer.Of(config, convolutionBudgetBytes: 0)];
        return
        [
            .. features[..^1].Select(layer =>
                layer.IsPool ? Operand(layer.Output, $"features.{layer.Index + 1}.weight") : Relu(layer.Output)),
            Operand("avgpool.output", "classifier.0.weight"),
            Relu("classifier.1.output"), .. MaskOf("classifier.1.output", dropout),
            Relu("classifier.4.output"), .. MaskOf("classifier.4.output", dropout),
            Logits,
        ];
    }
}
