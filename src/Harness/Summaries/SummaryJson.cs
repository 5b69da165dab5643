using System.Text.Json.Nodes;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Summaries;

/// <summary>A summary as <c>harness.summary/1</c>.</summary>
internal static class SummaryJson
{
    public static JsonObject Of(Configuration configuration, ModelSummary summary, Convention? convention) => new()
    {
        ["schema"] = "harness.summary/1",
        ["model"] = configuration.Model.Name,
        ["batch"] = configuration.Size.Batch,
        ["seq"] = configuration.Size.Sequence,
        ["decoderSeq"] = configuration.Size.DecoderSequence,
        ["dtype"] = "f32",
        ["layers"] = new JsonArray([.. summary.Layers.Select(Layer)]),
        ["totals"] = new JsonObject
        {
            ["parameters"] = summary.Parameters,
            ["parameterBytes"] = summary.ParameterBytes,
            ["inputBytes"] = summary.InputBytes,
            ["outputBytes"] = summary.OutputBytes,
            ["macs"] = summary.Macs,
            ["flops"] = summary.Flops,
            ["bytesMoved"] = summary.BytesMoved,
            ["errorSignalBytes"] = summary.ErrorSignalBytes,
            ["gradientBytes"] = summary.GradientBytes,
            ["optimizerStateBytes"] = new JsonObject
            {
                ["sgd"] = summary.OptimizerStateBytes(0),
                ["momentum"] = summary.OptimizerStateBytes(1),
                ["adam"] = summary.OptimizerStateBytes(2),
                ["adamw"] = summary.OptimizerStateBytes(2),
            },
        },
        ["convention"] = convention?.Tool ?? Convention.Ours,
        ["conventionTotals"] = convention is null ? null : new JsonArray([.. convention.Lines.Select(Line)]),
    };

    private static JsonObject Layer(LayerSummary layer) => new()
    {
        ["name"] = layer.Name,
        ["kind"] = layer.Kind,
        ["outputShape"] = new JsonArray([.. layer.OutputShape.Select(dimension => JsonValue.Create(dimension))]),
        ["parameters"] = layer.Parameters,
        ["parameterBytes"] = layer.ParameterBytes,
        ["outputBytes"] = layer.OutputBytes,
        ["macs"] = layer.Macs,
        ["flops"] = layer.Flops,
        ["bytesMoved"] = layer.BytesMoved,
        ["arithmeticIntensity"] = layer.ArithmeticIntensity,
        ["receptiveField"] = layer.Field?.Size,
        ["stride"] = layer.Field?.Stride,
        ["padding"] = layer.Field?.Padding,
    };

    private static JsonObject Line(ConventionLine line) => new()
    {
        ["line"] = line.Label,
        ["printed"] = line.Printed,
        ["exact"] = line.Exact,
        ["ours"] = line.Ours,
        ["why"] = line.Why,
    };
}
