using Harness.Models.Training;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>The forward tables of docs/models.md as docs/training.md changes them, with numbers put in.</summary>
internal static class SimulatedImageTraining
{
    public static SimulatedTrainingPass Mlp(MlpConfig c, TrainingPass training)
    {
        var pass = new SimulatedTrainingPass(training);
        string x = c.InputShape.Count == 1 ? "inputs" : "pixel_values";
        pass.Input(x, 4 * c.Batch * c.InputShape.Aggregate(1L, (product, dimension) => product * dimension));
        pass.TrainingInputs(c.Batch, dropout: false);
        for (int i = 1; i < c.Sizes.Count; i++)
        {
            bool last = i == c.Sizes.Count - 1;
            string y = last ? "logits" : $"layer{i}.output";
            Linear(pass, $"layer{i}", x, y, c.Batch, c.Sizes[i - 1], c.Sizes[i], c.Bias, relu: !last);
            x = y;
        }

        pass.Finish(c.Batch);
        return pass;
    }

    /// <param name="budget">bytes of workspace of every convolution, forward and backward; null for the tables of docs/convolution.md</param>
    public static SimulatedTrainingPass MnistCnn(MnistCnnConfig c, TrainingPass training, long? budget = null)
    {
        var pass = new SimulatedTrainingPass(training);
        long pixels = c.Batch * c.ImageSize * c.ImageSize, features = c.Filters2 * (c.ImageSize / 2) * (c.ImageSize / 2);
        pass.Input("pixel_values", 4 * pixels);
        pass.TrainingInputs(c.Batch, dropout: false);
        Convolution(pass, "conv1", "pixel_values", "conv1.output", c.Batch, 1, c.Filters1, c.ImageSize, budget);
        Convolution(pass, "conv2", "conv1.output", "conv2.output", c.Batch, c.Filters1, c.Filters2, c.ImageSize, budget);
        pass.MaxPool("conv2.output", "pool.output", 4 * c.Batch * features);
        Linear(pass, "fc1", "pool.output", "fc1.output", c.Batch, features, c.HiddenUnits, bias: true, relu: true);
        Linear(pass, "fc2", "fc1.output", "logits", c.Batch, c.HiddenUnits, c.Classes, bias: true, relu: false);
        pass.Finish(c.Batch);
        return pass;
    }

    /// <inheritdoc cref="MnistCnn"/>
    public static SimulatedTrainingPass Vgg16(Vgg16Config c, TrainingPass training, long? budget = null)
    {
        var pass = new SimulatedTrainingPass(training);
        string x = "pixel_values";
        long channels = 3, size = c.ImageSize;
        pass.Input(x, 4 * c.Batch * channels * size * size);
        pass.TrainingInputs(c.Batch, dropout: true);
        int index = 0;
        foreach (IReadOnlyList<long> stage in c.Widths)
        {
            foreach (long filters in stage)
            {
                Convolution(pass, $"features.{index}", x, $"features.{index + 1}.output", c.Batch, channels, filters, size, budget);
                (x, channels, index) = ($"features.{index + 1}.output", filters, index + 2);
            }

            size /= 2;
            pass.MaxPool(x, $"features.{index}.output", 4 * c.Batch * channels * size * size);
            x = $"features.{index++}.output";
        }

        pass.AveragePool(x, "avgpool.output", 4 * c.Batch * channels * 49);
        Linear(pass, "classifier.0", "avgpool.output", "classifier.1.output", c.Batch, channels * 49, c.HiddenUnits, bias: true, relu: true);
        pass.Dropout("classifier.1.output");
        Linear(pass, "classifier.3", "classifier.1.output", "classifier.4.output", c.Batch, c.HiddenUnits, c.HiddenUnits, bias: true,
            relu: true);
        pass.Dropout("classifier.4.output");
        Linear(pass, "classifier.6", "classifier.4.output", "logits", c.Batch, c.HiddenUnits, c.Classes, bias: true, relu: false);
        pass.Finish(c.Batch);
        return pass;
    }

    private static void Linear(
        SimulatedTrainingPass pass, string module, string x, string y, long rows, long inputs, long outputs, bool bias, bool relu)
    {
        pass.Parameter($"{module}.weight", inputs * outputs);
        if (bias)
        {
            pass.Parameter($"{module}.bias", outputs);
        }

        pass.Product(x, $"{module}.weight", y, 4 * rows * outputs);
        if (relu)
        {
            pass.Relu(y, bias ? $"{module}.bias" : null);
        }
        else if (bias)
        {
            pass.Bias(y, $"{module}.bias");
        }
    }

    private static void Convolution(
        SimulatedTrainingPass pass, string layer, string x, string y, long batch, long channels, long filters, long size, long? budget)
    {
        pass.Parameter($"{layer}.weight", 9 * channels * filters);
        pass.Parameter($"{layer}.bias", filters);
        pass.Convolution(layer, x, y, 4 * batch * filters * size * size, budget is { } bytes
            ? (bytes, bytes, bytes)
            : (SimulatedModels.Workspace(batch, channels, filters, size), WeightWorkspace(batch, channels, filters, size),
                SimulatedModels.Workspace(batch, filters, channels, size)));
    }

    /// <summary>The table of docs/convolution.md for the weights of a 3x3 convolution, stride 1, padding 1.</summary>
    private static long WeightWorkspace(long n, long c, long k, long size)
    {
        if (c < 16 || k < 16)
        {
            return 0;
        }

        long both = 16 * Ceil(c, 16) + 32 * Ceil(k, 32), tiles = n * Ceil(size, 4) * Ceil(size, 4);
        long limit = 16 * Math.Max(1, 65536 / 16 / both), blocks = Ceil(tiles, limit);
        return 4 * 36 * both * 16 * Ceil(Ceil(tiles, blocks), 16);

        static long Ceil(long a, long b) => (a + b - 1) / b;
    }
}
