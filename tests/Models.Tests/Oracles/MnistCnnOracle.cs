using static Harness.Models.Tests.Oracles.OracleMath;

namespace Harness.Models.Tests.Oracles;

/// <summary>Two convolutions with ReLU, a max pool, two linear layers with a ReLU between, in double precision.</summary>
internal static class MnistCnnOracle
{
    /// <param name="inputs"><c>pixel_values</c> [B,1,N,N]</param>
    /// <returns><c>logits</c> [B,classes]</returns>
    public static Dictionary<string, double[]> Run(
        MnistCnnConfig config, IReadOnlyDictionary<string, double[]> parameters, IReadOnlyDictionary<string, double[]> inputs)
    {
        int batch = (int)config.Batch, size = (int)config.ImageSize, first = (int)config.Filters1, second = (int)config.Filters2;
        double[] images = inputs["pixel_values"];
        double[] x = Relu(Vgg16Oracle.Convolve(images, parameters["conv1.weight"], parameters["conv1.bias"], batch, channels: 1, size));
        x = Relu(Vgg16Oracle.Convolve(x, parameters["conv2.weight"], parameters["conv2.bias"], batch, first, size));
        x = Vgg16Oracle.MaxPool(x, batch * second, size);
        x = Relu(Linear(x, parameters["fc1.weight"], parameters["fc1.bias"], second * (size / 2) * (size / 2)));
        return new() { ["logits"] = Linear(x, parameters["fc2.weight"], parameters["fc2.bias"], (int)config.HiddenUnits) };
    }
}
