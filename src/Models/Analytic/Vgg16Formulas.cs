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
                Formula reads = b * c * height * width, writes = b * k * height * width, weights = 9 * k * c;
                account.Parameter($"features.{index}.weight", weights);
                account.Parameter($"features.{index}.bias", k);
                parameters += Symbol($"{filters}*(9*{channels} + 1)", filters * (9 * channels + 1));

                account.Activation($"features.{index + 1}.output", writes);
                Formula workspace = ConvolutionWorkspace.Bytes(config.Batch, channels, filters, size, convolutionBudgetBytes);
                if (workspace.Value > 0)
                {
                    account.Workspace($"features.{index}.workspace", workspace);
                }

                // Bias and ReLU are an addition and a comparison for every output.
                account.Step($"features.{index + 1}.output", new Work(b * k * height * width * (9 * c), 2 * writes),
                    reads: FloatBytes(reads) + FloatBytes(weights) + FloatBytes(k), writes: FloatBytes(writes));

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
        Formula reads = b * c * height * width, writes = b * c * FloorDivide(height, 2) * FloorDivide(width, 2);
        account.Activation($"features.{index}.output", writes, Work.Operations(3 * writes), reads: FloatBytes(4 * writes));
        return new($"stage{stage}.pool", image + FloatBytes(reads) + FloatBytes(writes),
            "the pool's output is written beside the whole map it halves; needs a convolution before it with few channels in and little workspace");
    }

    private static Formula Classifier(
        AccountBuilder account, Vgg16Config config, Formula b, Formula image, List<PeakMoment> moments, long channels, long size)
    {
        Formula c = Symbol("C", channels), height = Symbol("H", size), width = Symbol("W", size), units = Symbol("U", config.HiddenUnits);
        Formula classes = Symbol("N", config.Classes), pooled = Vgg16Config.PooledSize * Vgg16Config.PooledSize * b * c;

        // Cell i averages rows floor(i*H/7) to ceil((i+1)*H/7): all rows once, and one row more for each inner border that falls inside a row.
        // An addition for each element of each cell, and a division for each cell.
        Formula rows = Symbol("(H + 7 - gcd(H, 7))", size + 7 - Gcd(size, 7));
        Formula columns = Symbol("(W + 7 - gcd(W, 7))", size + 7 - Gcd(size, 7));
        account.Activation("avgpool.output", pooled, Work.Operations(b * c * rows * columns + pooled), reads: FloatBytes(b * c * height * width));
        moments.Add(new("adaptive_pool", image + FloatBytes(b * c * height * width) + FloatBytes(pooled),
            "the last feature map is brought to 7 x 7; needs an image so small that 7 x 7 is an enlargement"));

        Formula flattened = 49 * c;
        Linear(account, b, "classifier.0", "classifier.1.output", flattened, units, relu: true, isOutput: false);
        Linear(account, b, "classifier.3", "classifier.4.output", units, units, relu: true, isOutput: false);
        Linear(account, b, "classifier.6", "logits", units, classes, relu: false, isOutput: true);
        moments.Add(new("classifier", image + Max(FloatBytes(pooled + b * units), FloatBytes(2 * b * units), FloatBytes(b * units + b * classes)),
            "a product reads one row an image and writes another; needs more units or classes than there are pixels in the feature maps"));

        return (49 * c + 1) * units + (units + 1) * units + (units + 1) * classes;
    }

    /// <summary>A product, then bias (and ReLU) in place.</summary>
    private static void Linear(
        AccountBuilder account, Formula b, string module, string output, Formula inputs, Formula outputs, bool relu, bool isOutput)
    {
        account.Parameter($"{module}.weight", outputs * inputs);
        account.Parameter($"{module}.bias", outputs);
        Formula result = b * outputs, reads = FloatBytes(b * inputs) + FloatBytes(outputs * inputs);
        if (isOutput)
        {
            account.Output(output, result, Work.Product(b, outputs, inputs), reads);
        }
        else
        {
            account.Activation(output, result, Work.Product(b, outputs, inputs), reads);
        }

        account.Step(relu ? $"{output}:bias_relu" : $"{output}:bias", Work.Operations((relu ? 2 : 1) * result),
            reads: FloatBytes(result) + FloatBytes(outputs), writes: FloatBytes(result));
    }

    private static long Gcd(long a, long b) => b == 0 ? a : Gcd(b, a % b);
}
