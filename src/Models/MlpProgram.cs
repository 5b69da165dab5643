using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models.Training;

namespace Harness.Models;

/// <summary>
/// A multilayer perceptron (Rumelhart, Hinton and Williams 1986) with ReLU between its layers. Buffers and order are those of
/// docs/models.md; a layer's result is [B,units].
/// </summary>
public static class MlpProgram
{
    /// <exception cref="CallerException">the configuration is not one of a stack of layers</exception>
    public static StepProgram Build(MlpConfig config)
    {
        var b = new ProgramBuilder("mlp");
        Forward(b, config);
        return b.Build();
    }

    /// <summary>One pass of a training step.</summary>
    /// <inheritdoc cref="Build"/>
    public static StepProgram BuildTraining(MlpConfig config, TrainingPass pass, IConvolutionWorkspace device)
    {
        ProgramBuilder b = TrainingProgram.Builder("mlp");
        return TrainingProgram.Finish(b, pass, Forward(b, config), config.Batch, device);
    }

    /// <returns>the logits</returns>
    private static TensorSpec Forward(ProgramBuilder b, MlpConfig config)
    {
        Validate(config);
        TensorSpec x = b.Input(
            config.InputShape.Count == 1 ? "inputs" : "pixel_values", DType.F32, [config.Batch, .. config.InputShape]);
        int layers = config.Sizes.Count - 1;
        for (int i = 1; i <= layers; i++)
        {
            bool isLast = i == layers;
            TensorSpec weight = b.Parameter($"layer{i}.weight", config.Sizes[i], config.Sizes[i - 1]);
            TensorSpec? bias = config.Bias ? b.Parameter($"layer{i}.bias", config.Sizes[i]) : null;
            x = isLast ? b.FlattenedLinear("logits", x, weight, TensorCategory.Output) : b.FlattenedLinear($"layer{i}.output", x, weight);
            if (!isLast || bias is not null)
            {
                b.BiasActivationInPlace(x, bias, isLast ? Activation.None : Activation.Relu);
            }
        }

        return x;
    }

    private static void Validate(MlpConfig config)
    {
        ConfigRules.AtLeastOne("mlp", "batch", config.Batch);
        if (config.Sizes.Count < 2)
        {
            throw new CallerException($"mlp: number of sizes is {config.Sizes.Count}, must be at least 2");
        }

        foreach (long size in config.Sizes)
        {
            ConfigRules.AtLeastOne("mlp", "size of a layer", size);
        }

        // Sizes are below 2^63 and an input holds Sizes[0] elements: a product that has passed it is not carried on with.
        Int128 elements = 1;
        foreach (long dimension in config.InputShape)
        {
            ConfigRules.AtLeastOne("mlp", "dimension of the input", dimension);
            elements = elements > config.Sizes[0] ? elements : elements * dimension;
        }

        if (config.InputShape.Count is not (1 or 3) || elements != config.Sizes[0])
        {
            throw new CallerException(
                $"mlp: input shape [{string.Join(',', config.InputShape)}] must be one size, or channels, height and width, "
                + $"of {config.Sizes[0]} elements");
        }
    }
}
