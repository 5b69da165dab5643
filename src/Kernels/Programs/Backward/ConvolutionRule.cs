using Harness.Kernels.Devices;

namespace Harness.Kernels.Programs.Backward;

/// <summary>
/// The ReLU first, in place, then the parameters, then the input where a parameter leads to it. Workspaces are named after the layer, which the weight names:
/// <c>conv1.weight_workspace</c>, <c>conv1.data_workspace</c>.
/// </summary>
internal static class ConvolutionRule
{
    private const string WeightSuffix = ".weight";

    public static void Apply(Backpropagation pass, ConvolutionStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        if (s.Relu)
        {
            pass.Add(new ActivationBackwardStep($"{gradient.Name}:relu", s.Y, gradient, Activation.Relu));
        }

        Contribution bias = pass.Contribute(s.Bias, s);
        pass.Add(new ChannelSumStep(bias.StepName, gradient, bias.Gradient, bias.Accumulate));

        string layer = s.Weight.Name.EndsWith(WeightSuffix, StringComparison.Ordinal) ? s.Weight.Name[..^WeightSuffix.Length] : s.Weight.Name;
        ConvolutionShape shape = StepShapes.Convolution(s.X.Shape, s.Weight.Shape, s.Padding, s.Stride);
        Contribution weight = pass.Contribute(s.Weight, s);
        TensorSpec? weightWorkspace = pass.Workspace($"{layer}.weight_workspace", pass.Device.WeightBackwardWorkspaceBytes(shape));
        pass.Add(new ConvolutionWeightBackwardStep(
            weight.StepName, s.X, gradient, weight.Gradient, weightWorkspace, s.Padding, s.Stride, weight.Accumulate));

        if (pass.Wants(s.X))
        {
            Contribution x = pass.ContributeAlone(s.X, s);
            TensorSpec? dataWorkspace = pass.Workspace($"{layer}.data_workspace", pass.Device.DataBackwardWorkspaceBytes(shape));
            pass.Add(new ConvolutionDataBackwardStep(x.StepName, s.Weight, gradient, x.Gradient, dataWorkspace, s.Padding, s.Stride));
        }
    }
}
