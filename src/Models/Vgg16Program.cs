using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models.Training;

namespace Harness.Models;

/// <summary>
/// VGG16 (Simonyan and Zisserman 2015, table 1, column D): stages of 3 x 3 convolutions, each stage ended by a 2 x 2 max pool, then three
/// linear layers. Buffers and order are those of docs/models.md; shapes are [B,C,H,W] for images, [B,units] in the classifier.
/// </summary>
public static class Vgg16Program
{
    private const long Colours = 3;

    /// <param name="device">says how much workspace each convolution takes</param>
    /// <exception cref="CallerException">the configuration is not one that VGG16 allows</exception>
    public static StepProgram Build(Vgg16Config config, IConvolutionWorkspace device)
    {
        var b = new ProgramBuilder("vgg16");
        Forward(b, config, device, Dropout.None(b));
        return b.Build();
    }

    /// <summary>One pass of a training step.</summary>
    /// <inheritdoc cref="Build"/>
    public static StepProgram BuildTraining(Vgg16Config config, TrainingPass pass, IConvolutionWorkspace device)
    {
        ProgramBuilder b = TrainingProgram.Builder("vgg16");
        TensorSpec logits = Forward(b, config, device, Dropout.Of(pass, b));
        return TrainingProgram.Finish(b, pass, logits, config.Batch, device);
    }

    /// <returns>the logits</returns>
    private static TensorSpec Forward(ProgramBuilder b, Vgg16Config config, IConvolutionWorkspace device, Dropout dropout)
    {
        Validate(config);
        TensorSpec x = b.Input("pixel_values", DType.F32, config.Batch, Colours, config.ImageSize, config.ImageSize);

        int feature = 0;
        foreach (IReadOnlyList<long> stage in config.Widths)
        {
            foreach (long width in stage)
            {
                x = Convolution(b, feature, x, width, device);
                feature += 2; // the convolution and its ReLU
            }

            x = b.MaxPool($"features.{feature}.output", x, window: 2, stride: 2);
            feature++;
        }

        x = b.AdaptiveAveragePool("avgpool.output", x, Vgg16Config.PooledSize, Vgg16Config.PooledSize);
        x = HiddenLinear(b, 0, x, config.HiddenUnits, dropout);
        x = HiddenLinear(b, 3, x, config.HiddenUnits, dropout);
        TensorSpec logits = b.Linear(
            "logits", x, b.Parameter("classifier.6.weight", config.Classes, config.HiddenUnits), category: TensorCategory.Output);
        b.BiasActivationInPlace(logits, b.Parameter("classifier.6.bias", config.Classes), Activation.None);
        return logits;
    }

    private static TensorSpec Convolution(ProgramBuilder b, int feature, TensorSpec x, long width, IConvolutionWorkspace device) =>
        b.Convolution(
            $"features.{feature + 1}.output", $"features.{feature}.workspace", x,
            b.Parameter($"features.{feature}.weight", width, x.Shape[1], 3, 3), b.Parameter($"features.{feature}.bias", width),
            padding: 1, stride: 1, relu: true, device);

    /// <summary>Linear layer <c>classifier.i</c> and its ReLU <c>classifier.(i+1)</c>, whose output names the buffer.</summary>
    private static TensorSpec HiddenLinear(ProgramBuilder b, int i, TensorSpec x, long units, Dropout dropout)
    {
        long inputs = x.Shape.Elements / x.Shape[0];
        TensorSpec y = b.FlattenedLinear($"classifier.{i + 1}.output", x, b.Parameter($"classifier.{i}.weight", units, inputs));
        b.BiasActivationInPlace(y, b.Parameter($"classifier.{i}.bias", units), Activation.Relu);
        dropout.InPlace(y);
        return y;
    }

    private static void Validate(Vgg16Config config)
    {
        ConfigRules.AtLeastOne("vgg16", "batch", config.Batch);
        ConfigRules.AtLeastOne("vgg16", "number of classes", config.Classes);
        ConfigRules.AtLeastOne("vgg16", "number of hidden units", config.HiddenUnits);
        ConfigRules.AtLeastOne("vgg16", "number of stages", config.Widths.Count);
        foreach (IReadOnlyList<long> stage in config.Widths)
        {
            ConfigRules.AtLeastOne("vgg16", "number of convolutions in a stage", stage.Count);
            foreach (long width in stage)
            {
                ConfigRules.AtLeastOne("vgg16", "width of a convolution", width);
            }
        }

        if (config.Widths.Count > 30 || config.ImageSize < 1L << config.Widths.Count)
        {
            throw new CallerException(
                $"vgg16: image size {config.ImageSize} is too small for {config.Widths.Count} pools, must be at least 2^{config.Widths.Count}");
        }
    }
}
