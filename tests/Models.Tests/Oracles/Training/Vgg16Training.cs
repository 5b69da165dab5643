namespace Harness.Models.Tests.Oracles.Training;

/// <summary>
/// VGG16 (Simonyan and Zisserman 2015, configuration D), parameters by torchvision's names; the widths may be those of fewer stages than
/// five.
/// </summary>
internal sealed class Vgg16Training(Vgg16Config config) : ITrainedModel
{
    private const int Colours = 3, Pooled = (int)Vgg16Config.PooledSize;

    private readonly int _units = (int)config.HiddenUnits, _classes = (int)config.Classes;

    private int Features => (int)config.Widths[^1][^1] * Pooled * Pooled;

    public int Batch => (int)config.Batch;

    public IReadOnlyDictionary<string, int[]> Parameters
    {
        get
        {
            var shapes = new Dictionary<string, int[]>();
            int channels = Colours, index = 0;
            foreach (IReadOnlyList<long> stage in config.Widths)
            {
                foreach (int width in stage.Select(width => (int)width))
                {
                    shapes.Add($"features.{index}.weight", [width, channels, 3, 3]);
                    shapes.Add($"features.{index}.bias", [width]);
                    channels = width;
                    index += 2;
                }

                index++;
            }

            foreach ((int n, int outputs, int inputs) in new[] { (0, _units, Features), (3, _units, _units), (6, _classes, _units) })
            {
                shapes.Add($"classifier.{n}.weight", [outputs, inputs]);
                shapes.Add($"classifier.{n}.bias", [outputs]);
            }

            return shapes;
        }
    }

    public Node Logits(TrainingPass pass)
    {
        Tape tape = pass.Tape;
        int channels = Colours, size = (int)config.ImageSize, index = 0;
        Node x = pass.Real("pixel_values");
        foreach (IReadOnlyList<long> stage in config.Widths)
        {
            foreach (long width in stage)
            {
                Node weight = pass.Parameter($"features.{index}.weight"), bias = pass.Parameter($"features.{index}.bias");
                x = tape.Relu(tape.Convolve(x, weight, bias, pass.Samples, channels, size));
                channels = (int)width;
                index += 2;
            }

            x = tape.MaxPool(x, pass.Samples * channels, size);
            size /= 2;
            index++;
        }

        Node Classifier(Node x, int n, int inputs) =>
            tape.Linear(x, pass.Parameter($"classifier.{n}.weight"), pass.Parameter($"classifier.{n}.bias"), inputs);

        x = tape.AdaptiveAveragePool(x, size, Pooled);
        x = pass.Drop(tape.Relu(Classifier(x, 0, Features)), "classifier.1.output");
        x = pass.Drop(tape.Relu(Classifier(x, 3, _units)), "classifier.4.output");
        return Classifier(x, 6, _units);
    }
}
