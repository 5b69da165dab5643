using System.Collections.Immutable;

namespace Harness.Kernels.Programs;

// The steps that only a training step has. The rest of it is made of forward steps: products, and splitting and merging heads.

/// <summary>y = 0, every byte.</summary>
public sealed record FillZeroStep(string Name, TensorSpec Y) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = [];
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>y[c] (+)= sum over rows r of x[r,c]: x has any rank, its last dimension stays. Rows are summed in a fixed order.</summary>
public sealed record RowSumStep(string Name, TensorSpec X, TensorSpec Y, bool Accumulate) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Accumulate ? Present(X, Y) : Present(X);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>y[k] (+)= sum over n, p, q of x[n,k,p,q], in a fixed order.</summary>
public sealed record ChannelSumStep(string Name, TensorSpec X, TensorSpec Y, bool Accumulate) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Accumulate ? Present(X, Y) : Present(X);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>y (+)= sum over b of x[b,...]: x has one dimension more than y, in front. In the order of b.</summary>
public sealed record BatchSumStep(string Name, TensorSpec X, TensorSpec Y, bool Accumulate) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Accumulate ? Present(X, Y) : Present(X);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>In place on dY: ReLU, dY where y &gt; 0, else 0; tanh, dY (1 - y^2). Y is the activation's result.</summary>
public sealed record ActivationBackwardStep(string Name, TensorSpec Y, TensorSpec Gradient, Activation Activation) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Y, Gradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Gradient);
}

/// <summary>
/// dX = dY * gelu'(x + bias), gelu'(v) = Phi(v) + v phi(v), the normal distribution and its density; bias along the last dimension.
/// </summary>
public sealed record GeluBackwardStep(
    string Name, TensorSpec X, TensorSpec Bias, TensorSpec OutputGradient, TensorSpec Gradient) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X, Bias, OutputGradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Gradient);
}

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
/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
/// w = w (1 - learningRate * weightDecay) - learningRate * (m / c[0]) / (sqrt(v / c[1]) + epsilon), c f32 [2] being 1 - b1^t and 1 - b2^t
/// (Kingma and Ba 2015; Loshchilov and Hutter 2019). Weight decay 0 is Adam.
/// </summary>
public sealed record AdamStep(
    string Name, TensorSpec Weight, TensorSpec Gradient, TensorSpec FirstMoment, TensorSpec SecondMoment, TensorSpec Corrections,
    float LearningRate, float Beta1, float Beta2, float Epsilon, float WeightDecay) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Weight, Gradient, FirstMoment, SecondMoment, Corrections);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Weight, FirstMoment, SecondMoment);
}
