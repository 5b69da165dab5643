using static Harness.Models.Tests.Oracles.OracleMath;

namespace Harness.Models.Tests.Oracles;

/// <summary>A multilayer perceptron in double precision: x W^T + b, layer by layer, ReLU after each but the last.</summary>
internal static class MlpOracle
{
    /// <param name="inputs"><c>inputs</c> [B,A], or <c>pixel_values</c> of as many elements</param>
    /// <returns><c>logits</c> [B,Z]</returns>
    public static Dictionary<string, double[]> Run(
        MlpConfig config, IReadOnlyDictionary<string, double[]> parameters, IReadOnlyDictionary<string, double[]> inputs)
    {
        double[] x = inputs.Single().Value;
        for (int layer = 1; layer < config.Sizes.Count; layer++)
        {
            double[]? bias = config.Bias ? parameters[$"layer{layer}.bias"] : null;
            x = Linear(layer == 1 ? x : Relu(x), parameters[$"layer{layer}.weight"], bias, (int)config.Sizes[layer - 1]);
        }

        return new() { ["logits"] = x };
    }
}
