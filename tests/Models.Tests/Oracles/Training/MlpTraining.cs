namespace Harness.Models.Tests.Oracles.Training;

/// <summary>A multilayer perceptron: x W^T + b, layer by layer, ReLU after each but the last.</summary>
internal sealed class MlpTraining(MlpConfig config) : ITrainedModel
{
    private readonly int[] _sizes = [.. config.Sizes.Select(size => (int)size)];

    public int Batch => (int)config.Batch;

    public IReadOnlyDictionary<string, int[]> Parameters
    {
        get
        {
            var shapes = new Dictionary<string, int[]>();
            for (int layer = 1; layer < _sizes.Length; layer++)
            {
                shapes.Add($"layer{layer}.weight", [_sizes[layer], _sizes[layer - 1]]);
                if (config.Bias)
                {
                    shapes.Add($"layer{layer}.bias", [_sizes[layer]]);
                }
            }

            return shapes;
        }
    }

    public Node Logits(TrainingPass pass)
    {
        Node x = pass.Real(config.InputShape.Count == 1 ? "inputs" : "pixel_values");
        for (int layer = 1; layer < _sizes.Length; layer++)
        {
            x = layer == 1 ? x : pass.Tape.Relu(x);
            Node? bias = config.Bias ? pass.Parameter($"layer{layer}.bias") : null;
            x = pass.Tape.Linear(x, pass.Parameter($"layer{layer}.weight"), bias, _sizes[layer - 1]);
        }

        return x;
    }
}
