using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models.Training;

namespace Harness.Models;

/// <summary>
/// Two convolutions, a pool and two linear layers, the usual small network for handwritten digits. Buffers and order are those of
/// docs/models.md; shapes are [B,C,H,W] for images, [B,units] after the pool.
/// </summary>
public static class MnistCnnProgram
{
    private const string Name = "mnist-cnn";

    /// <param name="device">says how much workspace each convolution takes</param>
    /// <exception cref="CallerException">something is below 1, or the image below the pool's window</exception>
    public static StepProgram Build(MnistCnnConfig config, IConvolutionWorkspace device)
    {
        var b = new ProgramBuilder(Name);
        Forward(b, config, device);
        return b.Build();
    }

    /// <summary>One pass of a training step.</summary>
    /// <inheritdoc cref="Build"/>
    public static StepProgram BuildTraining(MnistCnnConfig config, TrainingPass pass, IConvolutionWorkspace device)
    {
        ProgramBuilder b = TrainingProgram.Builder(Name);
        return TrainingProgram.Finish(b, pass, Forward(b, config, device), config.Batch, device);
    }

    /// <returns>the logits</returns>
    private static TensorSpec Forward(ProgramBuilder b, MnistCnnConfig config, IConvolutionWorkspace device)
    {
        Validate(config);
        TensorSpec x = b.Input("pixel_values", DType.F32, config.Batch, MnistCnnConfig.Channels, config.ImageSize, config.ImageSize);
        x = Convolution(b, "conv1", x, config.Filters1, device);
        x = Convolution(b, "conv2", x, config.Filters2, device);
        x = b.MaxPool("pool.output", x, window: (int)MnistCnnConfig.PoolSize, stride: (int)MnistCnnConfig.PoolSize);
        x = Linear(b, "fc1", "fc1.output", x, config.HiddenUnits, Activation.Relu, TensorCategory.Activation);
        return Linear(b, "fc2", "logits", x, config.Classes, Activation.None, TensorCategory.Output);
    }

    private static TensorSpec Convolution(ProgramBuilder b, string module, TensorSpec x, long filters, IConvolutionWorkspace device) =>
        b.Convolution(
            $"{module}.output", $"{module}.workspace", x,
            b.Parameter($"{module}.weight", filters, x.Shape[1], 3, 3), b.Parameter($"{module}.bias", filters),
            padding: 1, stride: 1, relu: true, device);

    private static TensorSpec Linear(
        ProgramBuilder b, string module, string output, TensorSpec x, long units, Activation activation, TensorCategory category)
    {
        long inputs = x.Shape.Elements / x.Shape[0];
        TensorSpec y = b.FlattenedLinear(output, x, b.Parameter($"{module}.weight", units, inputs), category);
        b.BiasActivationInPlace(y, b.Parameter($"{module}.bias", units), activation);
        return y;
    }

    private static void Validate(MnistCnnConfig config)
    {
        ConfigRules.AtLeastOne(Name, "batch", config.Batch);
        ConfigRules.AtLeastOne(Name, "number of filters", Math.Min(config.Filters1, config.Filters2));
        ConfigRules.AtLeastOne(Name, "number of hidden units", config.HiddenUnits);
        ConfigRules.AtLeastOne(Name, "number of classes", config.Classes);
        if (config.ImageSize < MnistCnnConfig.PoolSize)
        {
            throw new CallerException(
                $"{Name}: image size is {config.ImageSize}, must be at least the pool's window of {MnistCnnConfig.PoolSize}");
        }
    }
}
