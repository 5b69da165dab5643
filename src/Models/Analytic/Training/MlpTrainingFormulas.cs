using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// A training pass of a multilayer perceptron on paper. Symbols as in <see cref="MlpFormulas"/>; the rules: docs/training.md; a worked example:
/// docs/formulas.md.
/// </summary>
public static class MlpTrainingFormulas
{
    public static AnalyticAccount Of(MlpConfig config, TrainingPass pass)
    {
        var account = new TrainingAccountBuilder("mlp", pass);
        Formula b = Symbol("B", config.Batch);
        Formula[] units = [.. config.Sizes.Select((size, i) => Symbol($"n{i}", size))];
        int last = units.Length - 1;
        string Output(int layer) => layer == last ? "logits" : $"layer{layer}.output";

        string input = config.InputShape.Count == 1 ? "inputs" : "pixel_values";
        account.Input(input, FloatBytes(b * units[0]));
        Formula given = FloatBytes(b * units[0]) + account.TrainingInputs(b, hasDropout: false);

        Formula parameters = Zero;
        for (int i = 1; i <= last; i++)
        {
            parameters += MlpFormulas.Layer(account, $"layer{i}", Output(i), b, units[i - 1], units[i], config.Bias, relu: i < last, isOutput: false);
        }

        account.Loss(b, units[last]);
        for (int i = last; i >= 1; i--)
        {
            string? bias = config.Bias ? $"layer{i}.bias" : null;
            if (i < last)
            {
                account.ReluBackward(Output(i), b * units[i], bias, units[i]);
            }
            else if (bias is not null)
            {
                account.BiasBackward(bias, units[i], "logits", b * units[i]);
            }

            // Nothing leads to the input from a parameter.
            account.LinearBackward($"layer{i}.weight", i > 1 ? Output(i - 1) : null, Output(i), b, units[i - 1], units[i]);
        }

        return account.Build(parameters, [.. Peak(b, units, given)]);
    }

    /// <summary>
    /// The forward pass only piles up: every hidden layer stays until its own ReLU has been undone. The backward pass starts with the logits and
    /// their error signal beside all of that. Then, at each product, the error signals of two neighbouring layers are there, and the
    /// hidden layers up to the lower one. From one layer down to the next a hidden layer is gone, so only a layer that is wider than both above it
    /// together can outdo what came before. The update needs nothing but what is persistent.
    /// </summary>
    private static IEnumerable<PeakMoment> Peak(Formula b, Formula[] units, Formula given)
    {
        int last = units.Length - 1;
        Formula KeptTo(int layer) =>
            Enumerable.Range(1, layer).Aggregate(given + FloatBytes(1), (sum, i) => sum + FloatBytes(b * units[i]));

        if (last >= 2)
        {
            int hungriest = Enumerable.Range(1, last - 1).MaxBy(i => units[1..(i + 1)].Sum(size => size.Value) + units[i].Value + units[i + 1].Value);
            yield return new("hidden_layers", KeptTo(hungriest) + FloatBytes(b * units[hungriest]) + FloatBytes(b * units[hungriest + 1]),
                $"the product of layer{hungriest + 1} passes its error signal on to layer{hungriest}, beside all hidden layers up to that one; "
                + "the last product wins unless the logits are wider than the last hidden layer or an earlier layer than the two above it together");
        }

        yield return new("logits", KeptTo(last - 1) + 2 * FloatBytes(b * units[last]),
            "the loss's error signal is written while the logits and every hidden layer are there; wins where there are more classes than units in the last hidden layer");
    }
}
