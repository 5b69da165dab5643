using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>
/// The small convolutional network on paper. B images of I x I pixels in one channel; F filters in the first convolution, K in the second;
/// U hidden units, N classes. Buffers and their order: docs/models.md; the convolution's workspace: docs/convolution.md; conventions and a
/// worked example: docs/formulas.md.
/// </summary>
public static class MnistCnnFormulas
{
    /// <param name="config">the sizes</param>
    /// <param name="convolutionBudgetBytes">
    /// what every convolution gets as workspace, a multiple of 4; null: what docs/convolution.md says that the software GPU needs
    /// </param>
    public static AnalyticAccount Of(MnistCnnConfig config, long? convolutionBudgetBytes = null)
    {
        var account = new AccountBuilder("mnist-cnn");
        Formula b = Symbol("B", config.Batch), side = Symbol("I", config.ImageSize);
        Formula first = Symbol("F", config.Filters1), second = Symbol("K", config.Filters2);
        Formula units = Symbol("U", config.HiddenUnits), classes = Symbol("N", config.Classes), half = FloorDivide(side, 2);

        Formula image = b * side * side, maps1 = b * first * side * side, maps2 = b * second * side * side, pooled = b * second * half * half;
        account.Input("pixel_values", FloatBytes(image));
        Formula Convolution(string name, Formula channels, Formula filters)
        {
            Formula workspace = ConvolutionWorkspace.Bytes(config.Batch, channels.Value, filters.Value, config.ImageSize, convolutionBudgetBytes);
            ImageLayers.Convolution(account, name, $"{name}.output", b, channels, filters, side, side, workspace);
            return workspace;
        }

        Convolution("conv1", MnistCnnConfig.Channels, first);
        Formula workspace = Convolution("conv2", first, second);
        ImageLayers.MaxPool(account, "pool.output", b, second, side, side);
        Formula linear = MlpFormulas.Layer(account, "fc1", "fc1.output", b, second * half * half, units, bias: true, relu: true, isOutput: false)
            + MlpFormulas.Layer(account, "fc2", "logits", b, units, classes, bias: true, relu: false, isOutput: true);

        return account.Build(
            parameterCount: 9 * first + first + 9 * second * first + second + linear,
            Peak(FloatBytes(image), FloatBytes(maps1), FloatBytes(maps2), workspace, FloatBytes(pooled), FloatBytes(b * units), FloatBytes(b * classes)));
    }

    /// <summary>
    /// A chain: live are the images, which the caller holds, the two ends of one step and its workspace. The first convolution has the images
    /// at one end and what the second one reads at the other, with no more workspace, so it never has the most.
    /// </summary>
    private static PeakMoment[] Peak(Formula image, Formula maps1, Formula maps2, Formula workspace, Formula pooled, Formula hidden, Formula logits) =>
    [
        new("conv2", image + maps1 + maps2 + workspace,
            "the second convolution reads all maps of the first and writes its own beside its workspace; wins unless it has more than four times the filters"),
        new("pool", image + maps2 + pooled,
            "the pool's output is written beside the whole maps that it quarters; needs a quarter of the second convolution's maps to outweigh the first one's and the workspace"),
        new("fc1", image + pooled + hidden, "the first product reads the pooled maps; needs more units than there are pixels in the maps"),
        new("logits", image + hidden + logits, "the last product; needs more units and classes than there are pixels in the maps"),
    ];
}
