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

/// <summary>dX = scale * Y * (dY - sum over the last dimension of dY * Y): softmax of scale * X [B,A,Q,K], of which only the result Y is needed.</summary>
public sealed record SoftmaxBackwardStep(
    string Name, TensorSpec Y, TensorSpec OutputGradient, TensorSpec Gradient, float Scale) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Y, OutputGradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Gradient);
}

/// <summary>
/// Layer norm of v = x + bias + residual, for its parameters: dGamma (+)= sum over rows of dY * (v - mean) / sqrt(var + epsilon), dBeta (+)= sum
/// over rows of dY. <see cref="Statistics"/> [rows,2] is workspace: mean and reciprocal root of each row, computed again.
/// </summary>
public sealed record LayerNormParametersBackwardStep(
    string Name, TensorSpec X, TensorSpec? Bias, TensorSpec? Residual, TensorSpec OutputGradient, TensorSpec GammaGradient,
    TensorSpec BetaGradient, TensorSpec Statistics, float Epsilon, bool Accumulate) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } =
        Accumulate ? Present(X, Bias, Residual, OutputGradient, GammaGradient, BetaGradient) : Present(X, Bias, Residual, OutputGradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(GammaGradient, BetaGradient, Statistics);
    public override TensorSpec? Workspace => Statistics;
}

/// <summary>
/// Layer norm of v = x + bias + residual, for its operands: with n = (v - mean) * r, r = 1 / sqrt(var + epsilon) and u = dY * gamma,
/// dV = r * (u - mean(u) - n * mean(u * n)); dX = dV, dResidual (+)= dV.
/// </summary>
public sealed record LayerNormBackwardStep(
    string Name, TensorSpec X, TensorSpec? Bias, TensorSpec? Residual, TensorSpec Gamma, TensorSpec OutputGradient, TensorSpec XGradient,
    TensorSpec? ResidualGradient, bool AccumulateResidual, float Epsilon) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } =
        Present(X, Bias, Residual, Gamma, OutputGradient, AccumulateResidual ? ResidualGradient : null);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(XGradient, ResidualGradient);
}

/// <summary>
/// RMS norm of v = x + residual, for its parameter: dGamma (+)= sum over rows of dY * v / sqrt(mean(v^2) + epsilon). <see cref="Statistics"/> [rows] is
/// workspace: the reciprocal root of each row, computed again. Where the norm kept the sum v, x is that sum and there is no residual.
/// </summary>
public sealed record RmsNormParametersBackwardStep(
    string Name, TensorSpec X, TensorSpec? Residual, TensorSpec OutputGradient, TensorSpec GammaGradient, TensorSpec Statistics,
    float Epsilon, bool Accumulate) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } =
        Accumulate ? Present(X, Residual, OutputGradient, GammaGradient) : Present(X, Residual, OutputGradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(GammaGradient, Statistics);
    public override TensorSpec? Workspace => Statistics;
}

/// <summary>
/// RMS norm of v = x + residual, for its operands: with r = 1 / sqrt(mean(v^2) + epsilon), n = v * r and u = dY * gamma,
/// dV = r * (u - n * mean(u * n)) [+ <see cref="SumGradient"/>, what else read the kept sum]; dX (+)= dV, dResidual (+)= dV. Where the norm kept the
/// sum, <see cref="X"/> is that sum, <see cref="Residual"/> is null, and the residual may still have a gradient.
/// </summary>
public sealed record RmsNormBackwardStep(
    string Name, TensorSpec X, TensorSpec? Residual, TensorSpec Gamma, TensorSpec OutputGradient, TensorSpec? SumGradient,
    TensorSpec XGradient, bool AccumulateX, TensorSpec? ResidualGradient, bool AccumulateResidual, float Epsilon) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(
        X, Residual, Gamma, OutputGradient, SumGradient, AccumulateX ? XGradient : null, AccumulateResidual ? ResidualGradient : null);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(XGradient, ResidualGradient);
}

/// <summary>
/// dTable[ids[r],:] += dY[r,:] for all rows r, in the order of r. Without ids a row's id is its position, r mod S of dY [B,S,H].
/// </summary>
public sealed record EmbeddingBackwardStep(string Name, TensorSpec? Ids, TensorSpec OutputGradient, TensorSpec TableGradient) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Ids, OutputGradient, TableGradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(TableGradient);
}

/// <summary>
/// dTable[b,a] (+)= sum of dY[a,q,k] over all (q,k) whose bucket is b, in a fixed order; where causal, elements with k &gt; q count nowhere.
/// </summary>
public sealed record RelativePositionBiasBackwardStep(
    string Name, TensorSpec OutputGradient, TensorSpec TableGradient, bool Causal, int MaxDistance, bool Accumulate) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Accumulate ? Present(OutputGradient, TableGradient) : Present(OutputGradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(TableGradient);
}

/// <summary>dX[n,c,h,w] = sum over the windows (p,q) that hold (h,w) of dY[n,c,p,q] / size of the window.</summary>
public sealed record AdaptiveAveragePoolBackwardStep(string Name, TensorSpec OutputGradient, TensorSpec Gradient) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(OutputGradient);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Gradient);
}

/// <summary>y[r] = log(sum over n of exp(logits[r,n])) - logits[r,labels[r]]; labels i64, rows as the logits have.</summary>
public sealed record CrossEntropyStep(string Name, TensorSpec Logits, TensorSpec Labels, TensorSpec Y) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Logits, Labels);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>y[0] = scale * sum of x, in a fixed order.</summary>
public sealed record ScaledSumStep(string Name, TensorSpec X, TensorSpec Y, float Scale) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>dLogits[r,n] = scale * (softmax(logits[r,:])[n] - (n == labels[r] ? 1 : 0)).</summary>
public sealed record CrossEntropyBackwardStep(
    string Name, TensorSpec Logits, TensorSpec Labels, TensorSpec Gradient, float Scale) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Logits, Labels);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Gradient);
}

/// <summary>
/// y = (x + bias) * mask / (1 - p), mask u8 of x's shape drawn here: 1 with probability 1 - p (docs/training.md, Dropout). Bias along the last
/// dimension, optional. <c>Y == X</c> works in place. Without a mask to write, what was drawn is forgotten, and can be drawn again.
/// </summary>
/// <param name="Seed">i64 [1]</param>
/// <param name="Stream">number of the dropout step in the program</param>
/// <param name="Probability">p, of being dropped; in (0, 1)</param>
public sealed record DropoutStep(
    string Name, TensorSpec X, TensorSpec? Bias, TensorSpec Seed, TensorSpec Y, TensorSpec? Mask, int Stream, double Probability) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X, Bias, Seed);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y, Mask);
}

/// <summary>dX = dY * mask / (1 - p). <c>Gradient == OutputGradient</c> works in place.</summary>
public sealed record DropoutBackwardStep(
    string Name, TensorSpec Mask, TensorSpec OutputGradient, TensorSpec Gradient, double Probability) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Mask, OutputGradient);
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
