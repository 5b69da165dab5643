using System.Globalization;
using Harness.Models.Analytic;
using Harness.Reporting;

namespace Harness.Summaries;

/// <summary>
/// The totals of torchinfo 1.8.0 (github.com/TylerYep/torchinfo). It adds up leaf modules that have parameters, doubles their outputs for
/// gradients, and divides by 10^6. Its multiply-adds are parameters, biases among them, times the places of a convolution's output, or
/// else times the first dimension of the output, whatever follows.
/// </summary>
internal static class Torchinfo
{
    public const string Name = "torchinfo";

    public static Convention Of(ModelSummary summary)
    {
        LayerSummary[] counted = [.. summary.Layers.Where(layer => layer.Parameters > 0)];
        long multiplyAdds = counted.Sum(MultiplyAdds), outputs = 2 * 4 * counted.Sum(layer => layer.OutputElements);
        long total = summary.InputBytes + outputs + summary.ParameterBytes;
        (double scale, string unit) = multiplyAdds >= 1e12 ? (1e12, " (T)") : multiplyAdds >= 1e9 ? (1e9, " (G)") : multiplyAdds >= 1e6 ? (1e6, " (M)")
            : multiplyAdds >= 1e3 ? (1e3, " (k)") : (1, "");
        bool isConvolutional = counted.Any(layer => layer.Kind == "Conv2d"), hasSequences = summary.Layers.Any(layer => layer.OutputShape.Length == 3);
        return new(Name,
        [
            new("Total params", Quantities.Count(summary.Parameters), summary.Parameters, summary.Parameters, "the same"),
            new($"Total mult-adds{unit}", (multiplyAdds / scale).ToString(scale == 1 ? "F0" : "F2", CultureInfo.InvariantCulture), multiplyAdds, summary.Macs,
                multiplyAdds == summary.Macs ? "the same"
                    : hasSequences
                    ? "parameters times the batch, for norms and embeddings too, without the positions of a sequence and without attention"
                    : $"a bias counts as one multiply-accumulate {(isConvolutional ? "a pixel or a row" : "a row")}; in ours it is an addition among the FLOPs"),
            new("Input size (MB)", Text(summary.InputBytes), summary.InputBytes, summary.InputBytes, "the same bytes; MB is 10^6 there"),
            new("Forward/backward pass size (MB)", Text(outputs), outputs, summary.OutputBytes,
                "only outputs of layers with parameters count, so no pool and no activation, and twice, for gradients; ours is each buffer once"),
            new("Params size (MB)", Text(summary.ParameterBytes), summary.ParameterBytes, summary.ParameterBytes, "the same bytes; MB is 10^6 there"),
            new("Estimated Total Size (MB)", Text(total), total, null,
                "the sum of the three: with gradients of outputs, but without those of parameters and without optimizer state, so neither inference nor training"),
        ]);
    }

    private static long MultiplyAdds(LayerSummary layer) =>
        layer.Parameters * (layer.Kind == "Conv2d" ? layer.OutputShape[0] * layer.OutputShape[2] * layer.OutputShape[3] : layer.OutputShape[0]);

    private static string Text(long bytes) => (bytes / 1e6).ToString("F2", CultureInfo.InvariantCulture);
}
