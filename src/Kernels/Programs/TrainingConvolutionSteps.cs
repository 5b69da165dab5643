using System.Collections.Immutable;

namespace Harness.Kernels.Programs;

// What follows a convolution and a max pooling in the backward pass. The gradient of the bias is a ChannelSumStep.

/// <summary>
/// dw[k,c,r,s] (+)= sum over n,p,q of x[n,c,p*stride+r-pad,q*stride+s-pad] * dy[n,k,p,q], in a fixed order: the gradient of a
/// <see cref="ConvolutionStep"/>'s weight.
/// </summary>
public sealed record ConvolutionWeightBackwardStep(
    string Name, TensorSpec X, TensorSpec OutputGradient, TensorSpec WeightGradient, TensorSpec? Workspace,
    int Padding, int Stride, bool Accumulate) : Step(Name)
{
    public override TensorSpec? Workspace { get; } = Workspace;
    public override ImmutableArray<TensorSpec> Reads { get; } =
        Accumulate ? Present(X, OutputGradient, WeightGradient) : Present(X, OutputGradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(WeightGradient, Workspace);
}

/// <summary>
/// dx[n,c,h,w] = sum over k,r,s, wherever p*stride+r-pad = h and q*stride+s-pad = w for an output (p,q), of w[k,c,r,s] * dy[n,k,p,q]; 0 where
/// no output reads x. The gradient of a <see cref="ConvolutionStep"/>'s input.
/// </summary>
public sealed record ConvolutionDataBackwardStep(
    string Name, TensorSpec Weight, TensorSpec OutputGradient, TensorSpec InputGradient, TensorSpec? Workspace,
    int Padding, int Stride) : Step(Name)
{
    public override TensorSpec? Workspace { get; } = Workspace;
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Weight, OutputGradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(InputGradient, Workspace);
}

/// <summary>
/// The gradient of each output of a <see cref="MaxPoolStep"/> goes to the first maximum of its window in row order (a NaN is a maximum), where
/// windows overlap added in the order of the outputs; 0 elsewhere. The maxima are found in x again, so y is not read.
/// </summary>
public sealed record MaxPoolBackwardStep(
    string Name, TensorSpec X, TensorSpec OutputGradient, TensorSpec InputGradient, int Window, int Stride) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X, OutputGradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(InputGradient);
}
