using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// A training pass of the small convolutional network on paper. Symbols as in <see cref="MnistCnnFormulas"/>; the rules: docs/training.md; a worked
/// example: docs/formulas.md.
/// </summary>
public static class MnistCnnTrainingFormulas
{
    /// <param name="config">the sizes</param>
    /// <param name="pass">the optimizer, and which pass of a step this is</param>
    /// <param name="convolutionBudgetBytes">
    /// what every convolution, forward and backward, gets as workspace, a multiple of 4; null: what docs/convolution.md says that the software GPU needs
    /// </param>
    public static AnalyticAccount Of(MnistCnnConfig config, TrainingPass pass, long? convolutionBudgetBytes = null)
    {
        var account = new TrainingAccountBuilder("mnist-cnn", pass);
        Formula b = Symbol("B", config.Batch), side = Symbol("I", config.ImageSize);
        Formula first = Symbol("F", config.Filters1), second = Symbol("K", config.Filters2);
        Formula units = Symbol("U", config.HiddenUnits), classes = Symbol("N", config.Classes), half = FloorDivide(side, 2);
        Formula features = second * half * half;
        var conv1 = ConvolutionWorkspaces.Of(config.Batch, MnistCnnConfig.Channels, config.Filters1, config.ImageSize, convolutionBudgetBytes);
        var conv2 = ConvolutionWorkspaces.Of(config.Batch, config.Filters1, config.Filters2, config.ImageSize, convolutionBudgetBytes);

        account.Input("pixel_values", FloatBytes(b * side * side));
        Formula given = FloatBytes(b * side * side) + account.TrainingInputs(b, hasDropout: false);

        ImageLayers.Convolution(account, "conv1", "conv1.output", b, MnistCnnConfig.Channels, first, side, side, conv1.Forward);
        ImageLayers.Convolution(account, "conv2", "conv2.output", b, first, second, side, side, conv2.Forward);
        Formula pooled = ImageLayers.MaxPool(account, "pool.output", b, second, side, side);
        Formula linear = MlpFormulas.Layer(account, "fc1", "fc1.output", b, features, units, bias: true, relu: true, isOutput: false)
            + MlpFormulas.Layer(account, "fc2", "logits", b, units, classes, bias: true, relu: false, isOutput: false);
        account.Loss(b, classes);

        account.BiasBackward("fc2.bias", classes, "logits", b * classes);
        account.LinearBackward("fc2.weight", "fc1.output", "logits", b, units, classes);
        account.ReluBackward("fc1.output", b * units, "fc1.bias", units);
        account.LinearBackward("fc1.weight", "pool.output", "fc1.output", b, features, units);
        ImageBackward.MaxPool(account, "conv2.output", "pool.output", b * second * side * side, pooled);
        ImageBackward.Convolution(account, "conv2", "conv1.output", "conv2.output", b, first, second, side, side, conv2.WeightBackward, conv2.DataBackward);
        ImageBackward.Convolution(
            account, "conv1", x: null, "conv1.output", b, MnistCnnConfig.Channels, first, side, side, conv1.WeightBackward, conv1.DataBackward);

        return account.Build(
            parameterCount: 9 * first + first + 9 * second * first + second + linear,
            Peak(given, FloatBytes(b * first * side * side), FloatBytes(b * second * side * side), conv2, FloatBytes(pooled), FloatBytes(b * units), FloatBytes(b * classes)));
    }

    /// <summary>
    /// Forward everything piles up, backward it goes in pairs of a buffer and its error signal. The two stacks of maps are there until each one's
    /// own ReLU has been undone; the pool's result until the first product's weights have their gradient.
    /// </summary>
    private static PeakMoment[] Peak(
        Formula given, Formula maps1, Formula maps2, ConvolutionWorkspaces conv2, Formula pooled, Formula hidden, Formula logits)
    {
        Formula loss = FloatBytes(1), everything = given + loss + maps1 + maps2 + pooled + hidden;
        return
        [
            new("conv2", given + maps1 + maps2 + conv2.Forward,
                "the second convolution, forward: both stacks of maps and its workspace; needs more of that than the weights' gradient has, and by the first one's maps more than the data's"),
            new("logits", everything + 2 * logits, "the loss's error signal is written while all buffers of the forward pass are there; needs very many classes"),
            new("fc1", everything + logits + hidden, "the last product passes its error signal on to the hidden units; needs very many units"),
            new("pool", given + loss + maps1 + 2 * maps2 + pooled,
                "the pool passes its error signal on to the second convolution's maps, which it reads again; wins where those with the pooled ones outweigh the first one's maps and the workspace"),
            new("conv2_weight", given + loss + maps1 + maps2 + conv2.WeightBackward,
                "the second convolution's weights get their gradient from the first one's maps; needs more workspace than the next step by those maps: small batches"),
            new("conv2_data", given + loss + 2 * maps1 + maps2 + conv2.DataBackward,
                "the second convolution passes its error signal on to the first one's maps, which are still needed"),
        ];
    }
}
