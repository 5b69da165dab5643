using Harness.Kernels.Devices;
using static Harness.Kernels.Programs.StepShapes;

namespace Harness.Kernels.Programs;

/// <summary>The shape and type rules of <c>TrainingConvolutionSteps.cs</c>.</summary>
internal static class TrainingConvolutionShapes
{
    /// <returns>false: a step of another file</returns>
    /// <exception cref="CheckFailedException">a tensor's shape or type does not fit the step</exception>
    public static bool Check(Step step)
    {
        switch (step)
        {
            case ConvolutionWeightBackwardStep s:
                Backward(s.X, s.WeightGradient, s.OutputGradient, s.Padding, s.Stride);
                return true;

            case ConvolutionDataBackwardStep s:
                Backward(s.InputGradient, s.Weight, s.OutputGradient, s.Padding, s.Stride);
                return true;

            case MaxPoolBackwardStep s:
                Rank(s.X, 4);
                Require(s.Window >= 1 && s.Stride >= 1, $"tensor '{s.OutputGradient.Name}' comes of window {s.Window} and stride {s.Stride}");
                Is(s.X, [.. s.X.Shape]);
                long height = Pooled(s.X, s.X.Shape[2], s.Window, s.Stride), width = Pooled(s.X, s.X.Shape[3], s.Window, s.Stride);
                Is(s.OutputGradient, [s.X.Shape[0], s.X.Shape[1], height, width]);
                Is(s.InputGradient, [.. s.X.Shape]);
                return true;

            default:
                return false;
        }
    }

    /// <summary>A tensor like x, one like the weight and one like y, as the forward step has them.</summary>
    private static void Backward(TensorSpec x, TensorSpec weight, TensorSpec y, int padding, int stride)
    {
        Rank(x, 4);
        Rank(weight, 4);
        Require(x.Shape[1] == weight.Shape[1], $"tensors {x} and {weight} differ in channels");
        ConvolutionShape shape = Convolution(x.Shape, weight.Shape, padding, stride);
        Is(x, [.. x.Shape]);
        Is(weight, [.. weight.Shape]);
        Is(y, [shape.N, shape.K, shape.P, shape.Q]);
    }
}
