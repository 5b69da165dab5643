using System.Globalization;
using Harness.Models.Analytic;
using Harness.Reporting;

namespace Harness.Summaries;

/// <summary>
/// The totals of torchsummary 1.5.1 (github.com/sksq96/pytorch-summary). It hooks every module but containers and the model itself, takes
/// every output for an f32 tensor of its own, doubles their sum for gradients, and divides by 2^20.
/// </summary>
internal static class Torchsummary
{
    public const string Name = "torchsummary";

    public static Convention Of(ModelSummary summary)
    {
        long outputs = 2 * 4 * summary.Layers.Sum(layer => layer.OutputElements);
        long total = summary.InputBytes + outputs + summary.ParameterBytes;
        LayerSummary[] without = [.. summary.Layers.Where(layer => layer.OutputBytes == 0)];
        string[] kinds = [.. without.Select(layer => layer.Kind).Distinct()];
        string extra = without.Length == 0 ? "" : $", {string.Join(" and ", kinds)} too, which have no buffer of their own";
        return new(Name,
        [
            new("Total params", Quantities.Count(summary.Parameters), summary.Parameters, summary.Parameters, "the same"),
            new("Input size (MB)", Text(summary.InputBytes), summary.InputBytes, summary.InputBytes, "the same bytes; MB is 2^20 there"),
            new("Forward/backward pass size (MB)", Text(outputs), outputs, summary.OutputBytes,
                $"every module's output counts{extra}, and twice, for gradients; ours is each buffer once"),
            new("Params size (MB)", Text(summary.ParameterBytes), summary.ParameterBytes, summary.ParameterBytes, "the same bytes; MB is 2^20 there"),
            new("Estimated Total Size (MB)", Text(total), total, null,
                "the sum of the three: with gradients of outputs, but without those of parameters and without optimizer state, so neither inference nor training"),
        ]);
    }

    private static string Text(long bytes) => (bytes / Quantities.BytesPerMiB).ToString("F2", CultureInfo.InvariantCulture);
}
