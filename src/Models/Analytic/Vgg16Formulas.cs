using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>
/// VGG16 on paper. B images of I x I pixels. In a stage, a convolution takes C channels to K at height H and width W; U units in the
/// classifier's hidden layers, N classes. Buffers and their order: docs/models.md; the convolution's workspace: docs/convolution.md;
/// conventions and a worked example: docs/formulas.md.
/// </summary>
/// <remarks>
/// A convolution counts K*C*3*3 multiply-accumulates a pixel, the border included, whatever algorithm computes it: that is the figure
/// that the literature compares. Winograd's transforms trade multiplications for additions and are not counted apart.
/// </remarks>
public static class Vgg16Formulas
{
    /// <param name="config">the sizes</param>
    /// <param name="convolutionBudgetBytes">
    /// what every convolution gets as workspace, a multiple of 4; null: what docs/convolution.md says that the software GPU needs
    /// </param>
    public static AnalyticAccount Of(Vgg16Config config, long? convolutionBudgetBytes = null)
    {
        var account = new AccountBuilder("vgg16");
        Formula b = Symbol("B", config.Batch), side = Symbol("I", config.ImageSize);
        Formula image = FloatBytes(3 * b * side * side);
        account.Input("pixel_values", image);

        var moments = new List<PeakMoment>();
        Formula parameters = Features(account, config, convolutionBudgetBytes, b, image, moments, out long channels, out long size);
        parameters += Classifier(account, config, b, image, moments, channels, size);
        return account.Build(parameters, [.. moments]);
    }

    /// <summary>
    /// The stages. The network is a chain: a step's input dies once its output is written, so what is live is the image, which the caller
    /// holds, the two ends of one step, and that step's workspace. A stage's candidates are its hungriest convolution and its pool, whose
    /// output is a quarter of its input.
    /// </summary>
    private static Formula Features(
        AccountBuilder account, Vgg16Config config, long? convolutionBudgetBytes, Formula b, Formula image, List<PeakMoment> moments,
        out long channels, out long size)
    {
        Formula parameters = Zero;
        channels = 3;
        size = config.ImageSize;
        int index = 0;
        for (int stage = 1; stage <= config.Widths.Count; stage++)
        {
            Formula height = Symbol("H", size), width = Symbol("W", size);
            PeakMoment? hungriest = null;
            foreach (long filters in config.Widths[stage - 1])
            {
                Formula c = Symbol("C", channels), k = Symbol("K", filters);
                Formula reads = b * c * height * width, writes = b * k * height * width;
                parameters += Symbol($"{filters}*(9*{channels} + 1)", filters * (9 * channels + 1));
                Formula workspace = ConvolutionWorkspace.Bytes(config.Batch, channels, filters, size, convolutionBudgetBytes);
                ImageLayers.Convolution(account, $"features.{index}", $"features.{index + 1}.output", b, c, k, height, width, workspace);

                // The first convolution reads the image itself.
                Formula live = image + (index == 0 ? Zero : FloatBytes(reads)) + FloatBytes(writes) + workspace;
                if (hungriest is null || live.Value > hungriest.Bytes)
                {
                    hungriest = new($"stage{stage}.convolution", live,
                        $"features.{index} reads {channels} channels and writes {filters} at {size} x {size} beside its workspace: "
                        + "the feature maps of a stage hold a quarter of the pixels of the stage before with at most twice the channels, so early stages win");
                }

                channels = filters;
                index += 2;
            }

            moments.Add(hungriest!);
            moments.Add(Pool(account, b, image, stage, index, channels, size));
            index++;
            size /= 2;
        }

        return parameters;
    }

    private static PeakMoment Pool(AccountBuilder account, Formula b, Formula image, int stage, int index, long channels, long size)
    {
        Formula c = Symbol("C", channels), height = Symbol("H", size), width = Symbol("W", size);
        Formula reads = b * c * height * width, writes = ImageLayers.MaxPool(account, $"features.{index}.output", b, c, height, width);
        return new($"stage{stage}.pool", image + FloatBytes(reads) + FloatBytes(writes),
            "the pool's output is written beside the whole map it halves; needs a convolution before it with few channels in and little workspace");
    }

    private static Formula Classifier(
        AccountBuilder account, Vgg16Config config, Formula b, Formula image, List<PeakMoment> moments, long channels, long size)
    {
        Formula c = Symbol("C", channels), height = Symbol("H", size), width = Symbol("W", size), units = Symbol("U", config.HiddenUnits);
        Formula classes = Symbol("N", config.Classes), pooled = Vgg16Config.PooledSize * Vgg16Config.PooledSize * b * c;

        account.Activation("avgpool.output", pooled, ImageLayers.AdaptiveAveragePool(b, c, size, pooled), reads: FloatBytes(b * c * height * width));
        moments.Add(new("adaptive_pool", image + FloatBytes(b * c * height * width) + FloatBytes(pooled),
            "the last feature map is brought to 7 x 7; needs an image so small that 7 x 7 is an enlargement"));

        Formula flattened = 49 * c;
        MlpFormulas.Layer(account, "classifier.0", "classifier.1.output", b, flattened, units, bias: true, relu: true, isOutput: false);
        MlpFormulas.Layer(account, "classifier.3", "classifier.4.output", b, units, units, bias: true, relu: true, isOutput: false);
        MlpFormulas.Layer(account, "classifier.6", "logits", b, units, classes, bias: true, relu: false, isOutput: true);
        moments.Add(new("classifier", image + Max(FloatBytes(pooled + b * units), FloatBytes(2 * b * units), FloatBytes(b * units + b * classes)),
            "a product reads one row an image and writes another; needs more units or classes than there are pixels in the feature maps"));

        return (49 * c + 1) * units + (units + 1) * units + (units + 1) * classes;
    }
}
