using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;
using static Harness.Models.Analytic.Training.TrainingAccountBuilder;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// A training pass of VGG16 on paper. Symbols as in <see cref="Vgg16Formulas"/>; the rules: docs/training.md; a worked example:
/// docs/formulas.md.
/// </summary>
public static class Vgg16TrainingFormulas
{
    /// <param name="config">the sizes</param>
    /// <param name="pass">the optimizer, dropout, and which pass of a step this is</param>
    /// <param name="convolutionBudgetBytes">
    /// what every convolution, forward and backward, gets as workspace, a multiple of 4; null: what docs/convolution.md says that the software GPU needs
    /// </param>
    public static AnalyticAccount Of(Vgg16Config config, TrainingPass pass, long? convolutionBudgetBytes = null)
    {
        var account = new TrainingAccountBuilder("vgg16", pass);
        Vgg16Layer[] features = [.. Vgg16Layer.Of(config, convolutionBudgetBytes)];
        Formula b = Symbol("B", config.Batch), side = Symbol("I", config.ImageSize);
        Formula units = Symbol("U", config.HiddenUnits), classes = Symbol("N", config.Classes), flattened = 49 * Symbol("C", features[^1].Filters);

        account.Input("pixel_values", FloatBytes(3 * b * side * side));
        Formula given = FloatBytes(3 * b * side * side) + account.TrainingInputs(b, hasDropout: true);

        Formula parameters = Zero;
        foreach (Vgg16Layer layer in features)
        {
            parameters += Forward(account, layer, b);
        }

        // What the adaptive pool reads dies with it: its rule wants the error signal alone.
        long size = features[^1].Size / 2;
        Formula last = b * Symbol("C", features[^1].Filters) * Symbol("H", size) * Symbol("W", size), pooled = b * flattened;
        Work average = ImageLayers.AdaptiveAveragePool(b, Symbol("C", features[^1].Filters), size, pooled);
        account.Activation("avgpool.output", pooled, average, reads: FloatBytes(last));
        parameters += Hidden(account, "classifier.0", "classifier.1.output", b, flattened, units)
            + Hidden(account, "classifier.3", "classifier.4.output", b, units, units)
            + MlpFormulas.Layer(account, "classifier.6", "logits", b, units, classes, bias: true, relu: false, isOutput: false);
        account.Loss(b, classes);

        account.BiasBackward("classifier.6.bias", classes, "logits", b * classes);
        account.LinearBackward("classifier.6.weight", "classifier.4.output", "logits", b, units, classes);
        HiddenBackward(account, "classifier.3", "classifier.1.output", "classifier.4.output", b, units, units);
        HiddenBackward(account, "classifier.0", "avgpool.output", "classifier.1.output", b, flattened, units);
        account.Backward(average, reads: FloatBytes(pooled), from: "avgpool.output", new Target(features[^1].Output, last));
        for (int i = features.Length - 1; i >= 0; i--)
        {
            Backward(account, features[i], b);
        }

        Formula masks = account.HasDropout ? 2 * MaskBytes(b * units) : Zero;
        return account.Build(parameters, [.. Vgg16TrainingPeak.Moments(features, b, given, masks, flattened, units, classes)]);
    }

    private static Formula Forward(TrainingAccountBuilder account, Vgg16Layer layer, Formula b)
    {
        if (layer.IsPool)
        {
            ImageLayers.MaxPool(account, layer.Output, b, layer.C, layer.H, layer.W);
            return Zero;
        }

        ImageLayers.Convolution(account, $"features.{layer.Index}", layer.Output, b, layer.C, layer.K, layer.H, layer.W, layer.Workspaces.Forward);
        return Symbol($"{layer.Filters}*(9*{layer.Channels} + 1)", layer.Filters * (9 * layer.Channels + 1));
    }

    private static void Backward(TrainingAccountBuilder account, Vgg16Layer layer, Formula b)
    {
        if (layer.IsPool)
        {
            ImageBackward.MaxPool(
                account, layer.Input!, layer.Output, inputs: b * layer.C * layer.H * layer.W,
                pooled: b * layer.C * FloorDivide(layer.H, 2) * FloorDivide(layer.W, 2));
            return;
        }

        ImageBackward.Convolution(
            account, $"features.{layer.Index}", layer.Input, layer.Output, b, layer.C, layer.K, layer.H, layer.W, layer.Workspaces.WeightBackward,
            layer.Workspaces.DataBackward);
    }

    private static Formula Hidden(TrainingAccountBuilder account, string module, string output, Formula b, Formula inputs, Formula units)
    {
        Formula parameters = MlpFormulas.Layer(account, module, output, b, inputs, units, bias: true, relu: true, isOutput: false);
        account.Dropout(output, b * units);
        return parameters;
    }

    private static void HiddenBackward(
        TrainingAccountBuilder account, string module, string x, string output, Formula b, Formula inputs, Formula units)
    {
        account.DropoutBackward(output, b * units);
        account.ReluBackward(output, b * units, $"{module}.bias", units);
        account.LinearBackward($"{module}.weight", x, output, b, inputs, units);
    }
}
