namespace Harness.Models.Tests.Oracles.Training;

/// <summary>Two convolutions with ReLU, a max pool, two linear layers with a ReLU between.</summary>
internal sealed class MnistCnnTraining(MnistCnnConfig config) : ITrainedModel
{
    private readonly int _size = (int)config.ImageSize, _filters1 = (int)config.Filters1, _filters2 = (int)config.Filters2;
    private readonly int _units = (int)config.HiddenUnits, _classes = (int)config.Classes;

    /// <summary>Numbers of one image after the pool.</summary>
    private int Features => _filters2 * (_size / 2) * (_size / 2);

    public int Batch => (int)config.Batch;

    public IReadOnlyDictionary<string, int[]> Parameters => new Dictionary<string, int[]>
    {
        ["conv1.weight"] = [_filters1, 1, 3, 3],
        ["conv1.bias"] = [_filters1],
        ["conv2.weight"] = [_filters2, _filters1, 3, 3],
        ["conv2.bias"] = [_filters2],
        ["fc1.weight"] = [_units, Features],
        ["fc1.bias"] = [_units],
        ["fc2.weight"] = [_classes, _units],
        ["fc2.bias"] = [_classes],
    };

    public Node Logits(TrainingPass pass)
    {
        Tape tape = pass.Tape;
        Node Convolution(Node x, string name, int channels) => tape.Relu(
            tape.Convolve(x, pass.Parameter($"{name}.weight"), pass.Parameter($"{name}.bias"), pass.Samples, channels, _size));
        Node Linear(Node x, string name, int inputs) =>
            tape.Linear(x, pass.Parameter($"{name}.weight"), pass.Parameter($"{name}.bias"), inputs);

        Node x = Convolution(Convolution(pass.Real("pixel_values"), "conv1", 1), "conv2", _filters1);
        x = tape.MaxPool(x, pass.Samples * _filters2, _size);
        return Linear(tape.Relu(Linear(x, "fc1", Features)), "fc2", _units);
    }
}
