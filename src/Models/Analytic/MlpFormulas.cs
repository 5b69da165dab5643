using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>
/// A multilayer perceptron on paper. B rows of input; n0, n1, ... the units from the input to the output, so that layer i takes n(i-1) to
/// ni. Buffers and their order: docs/models.md; conventions and a worked example: docs/formulas.md.
/// </summary>
public static class MlpFormulas
{
    public static AnalyticAccount Of(MlpConfig config)
    {
        var account = new AccountBuilder("mlp");
        Formula b = Symbol("B", config.Batch);
        Formula[] units = [.. config.Sizes.Select((size, i) => Symbol($"n{i}", size))];
        int last = units.Length - 1;

        // An image is a row of numbers to the first product; only its name says what it is.
        account.Input(config.InputShape.Count == 1 ? "inputs" : "pixel_values", FloatBytes(b * units[0]));
        Formula parameters = Zero;
        for (int i = 1; i <= last; i++)
        {
            parameters += Layer(account, $"layer{i}", i == last ? "logits" : $"layer{i}.output", b, units[i - 1], units[i], config.Bias, relu: i < last, isOutput: i == last);
        }

        return account.Build(parameters, [.. Peak(b, units)]);
    }

    /// <summary>A product, then what follows it in place. Returns the layer's parameters.</summary>
    /// <param name="bias">whether it has one; without bias and ReLU there is no second step</param>
    internal static Formula Layer(
        AccountBuilder account, string module, string output, Formula b, Formula inputs, Formula outputs, bool bias, bool relu, bool isOutput)
    {
        Formula result = b * outputs, weights = outputs * inputs;
        account.Parameter($"{module}.weight", weights);
        if (bias)
        {
            account.Parameter($"{module}.bias", outputs);
        }

        Formula reads = FloatBytes(b * inputs) + FloatBytes(weights);
        if (isOutput)
        {
            account.Output(output, result, Work.Product(b, outputs, inputs), reads);
        }
        else
        {
            account.Activation(output, result, Work.Product(b, outputs, inputs), reads);
        }

        if (bias || relu)
        {
            string suffix = bias && relu ? "bias_relu" : bias ? "bias" : "relu";
            account.Step($"{output}:{suffix}", Work.Operations((bias && relu ? 2 : 1) * result),
                reads: FloatBytes(result) + (bias ? FloatBytes(outputs) : Zero), writes: FloatBytes(result));
        }

        return bias ? weights + outputs : weights;
    }

    /// <summary>
    /// A chain whose input the caller holds: live at a product are the input and the product's two ends, and the step after it, in place,
    /// needs only one of them. So the peak is at the two neighbouring layers that are widest together. The first product reads the
    /// input itself, which is counted already; the second has the first one's result and its own, so the first is the peak only where
    /// it is alone.
    /// </summary>
    private static IEnumerable<PeakMoment> Peak(Formula b, Formula[] units)
    {
        Formula input = FloatBytes(b * units[0]);
        int last = units.Length - 1;
        if (last >= 3)
        {
            int widest = Enumerable.Range(2, last - 2).MaxBy(i => units[i - 1].Value + units[i].Value);
            yield return new("hidden_layers", input + FloatBytes(b * units[widest - 1]) + FloatBytes(b * units[widest]),
                $"layer{widest} reads one hidden layer and writes another beside the input; the two neighbours that are widest together win");
        }

        yield return new("logits", input + (last > 1 ? FloatBytes(b * units[last - 1]) : Zero) + FloatBytes(b * units[last]),
            "the last product reads the last hidden layer, if there is one, and writes the logits beside the input; wins where there are many classes or no two hidden layers");
    }
}
