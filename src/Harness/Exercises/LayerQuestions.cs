using System.Collections.Immutable;
using System.Globalization;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Passes;
using static Harness.Models.Analytic.Formula;

namespace Harness.Exercises;

/// <summary>Shapes, parameters and receptive fields of layers.</summary>
internal static class LayerQuestions
{
    private const string ShapeWord = "shape", ParametersWord = "parameters", FieldWord = "receptive-field";
    private const string Page = "docs/summary.md";
    private const string Convolution = "Conv2d", MaxPool = "MaxPool2d", Linear = "Linear";

    private static readonly ImmutableArray<string> s_norms = ["LayerNorm", "T5LayerNorm"];

    public static Topic Shape { get; } = new(ShapeWord, Page, _ => true, AskShape);

    public static Topic Parameters { get; } = new(ParametersWord, Page, _ => true, AskParameters);

    public static Topic ReceptiveField { get; } = new(FieldWord, Page, HasMaps, AskField);

    private static bool HasMaps(Model model) => model.Sequence is null && Windows(model.Summary(model.Size(1))).Any();

    private static Question AskShape(Draw draw, Configuration configuration)
    {
        ModelSummary summary = configuration.Summary();
        LayerSummary layer = draw.OneOf(
            summary.Layers.Where(layer => layer.Kind is Convolution or MaxPool or Linear || s_norms.Contains(layer.Kind)), layer => layer.Kind);
        (Formula? formula, string why) = ShapeRule(layer);
        return new Question(
            ShapeWord, configuration.Model, $"{configuration}: which shape has the output of the layer '{layer.Name}' ({layer.Kind})?",
            new ShapeAnswer(layer.OutputShape), formula, why);
    }

    private static (Formula? Formula, string Why) ShapeRule(LayerSummary layer)
    {
        long last = layer.OutputShape[^1];
        return layer.Kind switch
        {
            Convolution => (
                FloorDivide(Symbol("H", last) + 2 * Symbol("p", 1) - Symbol("k", 3), Symbol("s", 1)) + 1,
                "that is its height and width, from those of its input, with padding p, window k and stride s; "
                + $"its {layer.OutputShape[1]} filters are the channels"),
            MaxPool => (
                null, $"windows of 2 x 2 pixels, 2 apart, halve height and width, to {last}; the channels stay {layer.OutputShape[1]}"),
            Linear => (null, $"a linear layer keeps all dimensions but the last, which becomes its {last} units"),
            _ => (null, "a norm keeps the shape of its input"),
        };
    }

    private static Question AskParameters(Draw draw, Configuration configuration)
    {
        AnalyticAccount account = configuration.Account(convolutionBudgetBytes: 0);
        LayerSummary[] layers = [.. configuration.Summary().Layers.Where(layer => layer.Parameters > 0)];
        if (layers.Length > 1 && draw.Below(4) == 0)
        {
            return Of("in all", account.ParameterCount);
        }

        LayerSummary layer = draw.OneOf(layers, layer => string.Create(CultureInfo.InvariantCulture, $"{layer.Kind} {layer.Parameters}"));
        string[] names = [$"{layer.Name}.weight", $"{layer.Name}.bias"];
        Formula bytes = account.Buffers.Where(buffer => names.Contains(buffer.Name)).Aggregate(Zero, (sum, buffer) => sum + buffer.Formula);
        return Of($"in the layer '{layer.Name}' ({layer.Kind})", ExactDivide(bytes, 4));

        Question Of(string where, Formula formula) => new(
            ParametersWord, configuration.Model, $"{configuration.Model.Name}: how many parameters are {where}?",
            new NumberAnswer(formula.Value, "parameters"), formula,
            "a linear layer has a weight for each pair of input and output, a convolution one for each tap, channel and filter, "
            + "a norm one for each unit, and a bias is one more for each output where the layer has one; what layers share counts once");
    }

    private static Question AskField(Draw draw, Configuration configuration)
    {
        (LayerSummary layer, Formula size, Formula stride, string why) = draw.OneOf((ReceptiveFieldRule[])[.. Windows(configuration.Summary())]);
        bool asksStride = draw.Below(3) == 0;
        (string question, Formula formula) = asksStride
            ? ("how many pixels of the input are neighbouring places of the output of", stride)
            : ("how many pixels of the input, in each direction, does a place of the output of", size);
        return new Question(
            FieldWord, configuration.Model,
            $"{configuration.Model.Name}: {question} '{layer.Name}' ({layer.Kind}) {(asksStride ? "apart" : "see")}?",
            new NumberAnswer(formula.Value, "pixels"), formula, why);
    }

    /// <summary>A layer that slides a window, and the recurrences of docs/summary.md from the one before it.</summary>
    private readonly record struct ReceptiveFieldRule(LayerSummary Layer, Formula Size, Formula Stride, string Why);

    private static IEnumerable<ReceptiveFieldRule> Windows(ModelSummary summary)
    {
        (long size, long jump, string before) = (1, 1, "a pixel of the input");
        foreach (LayerSummary layer in summary.Layers.Where(layer => layer.Kind is Convolution or MaxPool))
        {
            (long window, long stride) = layer.Kind == Convolution ? (3, 1) : (2, 2);
            Formula k = Symbol("k", window), jumps = Symbol("stride", jump);
            var rule = new ReceptiveFieldRule(
                layer, Symbol("size", size) + (k - 1) * jumps, jumps * Symbol("s", stride),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"size {size} and stride {jump} are those of {before}; this layer has a window k of {window} and a stride s of {stride}"));
            if ((layer.Field?.Size, layer.Field?.Stride) != (rule.Size.Value, rule.Stride.Value))
            {
                throw new InvalidOperationException($"{layer.Name} sees {layer.Field}, not {rule.Size} = {rule.Size.Value}");
            }

            yield return rule;
            (size, jump, before) = (rule.Size.Value, rule.Stride.Value, $"'{layer.Name}'");
        }
    }
}
