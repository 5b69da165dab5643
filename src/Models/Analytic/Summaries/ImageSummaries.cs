using System.Collections.Immutable;

namespace Harness.Models.Analytic;

/// <summary>The models whose input is an image or a plain row, layer by layer.</summary>
public static class ImageSummaries
{
    /// <summary>torchvision's <c>vgg16</c>, with its names.</summary>
    public static ModelSummary Of(Vgg16Config config)
    {
        var summary = new SummaryBuilder(Vgg16Formulas.Of(config, convolutionBudgetBytes: 0));
        (long b, long size, int index) = (config.Batch, config.ImageSize, 0);
        ReceptiveField field = ReceptiveField.Pixel;
        ImmutableArray<long> shape = [];
        foreach (IReadOnlyList<long> stage in config.Widths)
        {
            foreach (long width in stage)
            {
                (shape, field) = ([b, width, size, size], field.Through(window: 3, stride: 1, padding: 1));
                summary.Layer($"features.{index}", "Conv2d", shape, [$"features.{index + 1}.output"], field);
                summary.Fused($"features.{index + 1}", "ReLU", shape, b * width * size * size, field);
                index += 2;
            }

            size /= 2;
            (shape, field) = ([b, shape[1], size, size], field.Through(window: 2, stride: 2, padding: 0));
            summary.Layer($"features.{index}", "MaxPool2d", shape, [$"features.{index}.output"], field);
            index++;
        }

        // Where 7 divides the size all cells are alike; elsewhere they are not, or overlap.
        const long pooled = Vgg16Config.PooledSize;
        ReceptiveField? averaged = size % pooled == 0 ? field.Through(window: size / pooled, stride: size / pooled, padding: 0) : null;
        summary.Layer("avgpool", "AdaptiveAvgPool2d", [b, shape[1], pooled, pooled], ["avgpool.output"], averaged);

        ReceptiveField whole = field.Whole(size, config.ImageSize);
        Linear(summary, "classifier.0", "classifier.1.output", b, config.HiddenUnits, "classifier.1", whole);
        summary.Fused("classifier.2", "Dropout", [b, config.HiddenUnits], flops: 0, whole);
        Linear(summary, "classifier.3", "classifier.4.output", b, config.HiddenUnits, "classifier.4", whole);
        summary.Fused("classifier.5", "Dropout", [b, config.HiddenUnits], flops: 0, whole);
        Linear(summary, "classifier.6", "logits", b, config.Classes, relu: null, whole);
        return summary.Build();
    }

    /// <summary>Flatten where the input is an image, and linear layers with ReLU between.</summary>
    public static ModelSummary Of(MlpConfig config)
    {
        var summary = new SummaryBuilder(MlpFormulas.Of(config));
        ReceptiveField? whole = null;
        if (config.InputShape.Count > 1)
        {
            // A view: the same bytes under another shape.
            summary.Layer("flatten", "Flatten", [config.Batch, config.Sizes[0]], [], ReceptiveField.Pixel with { Stride = null, Padding = null });
            whole = new ReceptiveField(config.InputShape[^1], null, null);
        }

        int last = config.Sizes.Count - 1;
        for (int i = 1; i <= last; i++)
        {
            Linear(summary, $"layer{i}", i == last ? "logits" : $"layer{i}.output", config.Batch, config.Sizes[i],
                i == last ? null : $"relu{i}", whole, config.Bias);
        }

        return summary.Build();
    }

    /// <summary>Two convolutions, a pool and two linear layers.</summary>
    public static ModelSummary Of(MnistCnnConfig config)
    {
        var summary = new SummaryBuilder(MnistCnnFormulas.Of(config, convolutionBudgetBytes: 0));
        (long b, long size) = (config.Batch, config.ImageSize);
        ReceptiveField field = ReceptiveField.Pixel;
        foreach ((int i, long filters) in new[] { (1, config.Filters1), (2, config.Filters2) })
        {
            field = field.Through(window: 3, stride: 1, padding: 1);
            summary.Layer($"conv{i}", "Conv2d", [b, filters, size, size], [$"conv{i}.output"], field);
            summary.Fused($"relu{i}", "ReLU", [b, filters, size, size], b * filters * size * size, field);
        }

        size /= MnistCnnConfig.PoolSize;
        field = field.Through(MnistCnnConfig.PoolSize, MnistCnnConfig.PoolSize, padding: 0);
        summary.Layer("pool", "MaxPool2d", [b, config.Filters2, size, size], ["pool.output"], field);
        summary.Layer("flatten", "Flatten", [b, config.Filters2 * size * size], [], field with { Stride = null, Padding = null });
        ReceptiveField whole = field.Whole(size, config.ImageSize);
        Linear(summary, "fc1", "fc1.output", b, config.HiddenUnits, "relu3", whole);
        Linear(summary, "fc2", "logits", b, config.Classes, relu: null, whole);
        return summary.Build();
    }

    /// <summary>A product with its bias, and the ReLU that is done with the bias; without a bias the ReLU has the step to itself.</summary>
    private static void Linear(
        SummaryBuilder summary, string module, string output, long batch, long units, string? relu, ReceptiveField? field, bool bias = true)
    {
        ImmutableArray<long> shape = [batch, units];
        if (relu is not null && !bias)
        {
            summary.Layer(module, "Linear", shape, [output], field);
            summary.Layer(relu, "ReLU", shape, [$"{output}:relu"], field);
            return;
        }

        summary.Layer(module, "Linear", shape, !bias ? [output] : [output, relu is null ? $"{output}:bias" : $"{output}:bias_relu"], field);
        if (relu is not null)
        {
            summary.Fused(relu, "ReLU", shape, batch * units, field);
        }
    }
}
