using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Training.TrainingAccountBuilder;

namespace Harness.Models.Analytic.Training;

/// <summary>The backward steps of the layers in <see cref="ImageLayers"/>.</summary>
internal static class ImageBackward
{
    /// <summary>
    /// ReLU, bias, weights, and the error signal of the input, unless nothing leads to that. Both convolutions have the MACs of the forward one: nine
    /// taps of each pair of channels at every pixel.
    /// </summary>
    /// <param name="x">null: the caller's input</param>
    /// <param name="weightWorkspace">bytes; zero: none is declared</param>
    /// <param name="dataWorkspace">likewise</param>
    public static void Convolution(
        TrainingAccountBuilder account, string layer, string? x, string output, Formula b, Formula c, Formula k, Formula height, Formula width,
        Formula weightWorkspace, Formula dataWorkspace)
    {
        Formula inputs = b * c * height * width, outputs = b * k * height * width, weights = 9 * k * c;
        account.ReluBackward(output, outputs, $"{layer}.bias", k);
        if (weightWorkspace.Value > 0)
        {
            account.Workspace($"{layer}.weight_workspace", weightWorkspace);
        }

        account.Backward(new Work(outputs * (9 * c), Formula.Zero), reads: FloatBytes(outputs) + FloatBytes(inputs), from: output, new Target($"{layer}.weight", weights));
        if (x is null)
        {
            return;
        }

        if (dataWorkspace.Value > 0)
        {
            account.Workspace($"{layer}.data_workspace", dataWorkspace);
        }

        account.Backward(new Work(inputs * (9 * k), Formula.Zero), reads: FloatBytes(outputs) + FloatBytes(weights), from: output, new Target(x, inputs));
    }

    /// <summary>Reads the windows again, to find where their maxima were, and writes all of the error signal, zeros included.</summary>
    /// <param name="pooled">elements of the forward step's output</param>
    public static void MaxPool(TrainingAccountBuilder account, string x, string output, Formula inputs, Formula pooled) =>
        account.Backward(TrainingWork.MaxPool2Backward(pooled), reads: FloatBytes(5 * pooled), from: output, new Target(x, inputs));
}
