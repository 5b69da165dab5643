using System.Collections.Immutable;

namespace Harness.Kernels.Programs;

// The steps that only a training step has. The rest of it is made of forward steps: products, and splitting and merging heads.

/// <summary>w -= learningRate * g.</summary>
public sealed record SgdStep(string Name, TensorSpec Weight, TensorSpec Gradient, float LearningRate) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Weight, Gradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Weight);
}

/// <summary>m = momentum * m + g; w -= learningRate * m.</summary>
public sealed record MomentumStep(
    string Name, TensorSpec Weight, TensorSpec Gradient, TensorSpec Buffer, float LearningRate, float Momentum) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Weight, Gradient, Buffer);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Weight, Buffer);
}

/// <summary>
/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w = w (1 - learningRate * weightDecay) - learningRate * (m / c[0]) / (sqrt(v / c[1]) + epsilon),
/// c f32 [2] being 1 - b1^t and 1 - b2^t (Kingma and Ba 2015; Loshchilov and Hutter 2019). Weight decay 0 is Adam.
/// </summary>
public sealed record AdamStep(
    string Name, TensorSpec Weight, TensorSpec Gradient, TensorSpec FirstMoment, TensorSpec SecondMoment, TensorSpec Corrections,
    float LearningRate, float Beta1, float Beta2, float Epsilon, float WeightDecay) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Weight, Gradient, FirstMoment, SecondMoment, Corrections);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Weight, FirstMoment, SecondMoment);
}
