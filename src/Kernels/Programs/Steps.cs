using System.Collections.Immutable;

namespace Harness.Kernels.Programs;

/// <summary>
/// One device operation over declared tensors. The set of step types is closed: each has a shape rule in
/// <c>ProgramChecker</c>, a launcher in <c>Launch/</c> and an oracle in <c>Reference/</c>.
/// </summary>
public abstract record Step(string Name)
{
    /// <summary>Tensors whose bytes the step reads, parameters included. A tensor worked on in place is in both lists.</summary>
    public abstract ImmutableArray<TensorSpec> Reads { get; }

    /// <summary>Tensors whose bytes the step writes; all their bytes, unless the tensor is also in <see cref="Reads"/>.</summary>
    public abstract ImmutableArray<TensorSpec> Writes { get; }

    /// <summary>Scratch of this step alone, one of <see cref="Writes"/>; null for none.</summary>
    public virtual TensorSpec? Workspace => null;

    private protected static ImmutableArray<TensorSpec> Present(params ReadOnlySpan<TensorSpec?> tensors)
    {
        var present = ImmutableArray.CreateBuilder<TensorSpec>(tensors.Length);
        foreach (TensorSpec? tensor in tensors)
        {
            if (tensor is not null)
            {
                present.Add(tensor);
            }
        }

        return present.ToImmutable();
    }
}

/// <summary>A row-major matrix inside a tensor: <see cref="LeadingDimension"/> elements from row to row, <see cref="BatchStride"/> from matrix to matrix.</summary>
public readonly record struct MatrixLayout(long LeadingDimension, long BatchStride, bool Transposed);

/// <summary>
/// Batched row-major product: C[b] = alpha * op(A[b]) op(B[b]), op(A) is M x K, op(B) is K x N, C is M x N.
/// With <c>Transposed</c> the stored matrix is the transpose. C is written whole; where <see cref="Accumulate"/>, the product is added to what
/// its elements hold, and other elements of the tensor stay as they are.
/// </summary>
public sealed record GemmStep(
    string Name, TensorSpec A, MatrixLayout LayoutA, TensorSpec B, MatrixLayout LayoutB, TensorSpec C, MatrixLayout LayoutC,
    long Batch, long M, long N, long K, float Alpha, bool Accumulate = false) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Accumulate ? Present(A, B, C) : Present(A, B);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(C);
}

/// <summary>
/// Cross-correlation, NCHW: y[n,k,p,q] = relu?(bias[k] + sum over c,r,s of x[n,c,p*stride+r-pad,q*stride+s-pad] * w[k,c,r,s]).
/// </summary>
public sealed record ConvolutionStep(
    string Name, TensorSpec X, TensorSpec Weight, TensorSpec Bias, TensorSpec Y, TensorSpec? Workspace,
    int Padding, int Stride, bool Relu) : Step(Name)
{
    public override TensorSpec? Workspace { get; } = Workspace;
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X, Weight, Bias);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y, Workspace);
}

/// <summary>Max pooling, NCHW, square window, no padding, floor of the output size.</summary>
public sealed record MaxPoolStep(string Name, TensorSpec X, TensorSpec Y, int Window, int Stride) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>Adaptive average pooling, NCHW: output cell i averages input rows floor(i*H/P) to ceil((i+1)*H/P), likewise columns.</summary>
public sealed record AdaptiveAveragePoolStep(string Name, TensorSpec X, TensorSpec Y) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

public enum Activation
{
    None,
    Relu,

    /// <summary>x/2 * (1 + erf(x / sqrt 2)).</summary>
    Gelu,
    Tanh,
}

/// <summary>y = activation(x + bias), bias along the last dimension. <c>Y == X</c> works in place.</summary>
public sealed record BiasActivationStep(string Name, TensorSpec X, TensorSpec? Bias, TensorSpec Y, Activation Activation) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X, Bias);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>y = a + b, element by element; all three of one shape.</summary>
public sealed record AddStep(string Name, TensorSpec A, TensorSpec B, TensorSpec Y) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(A, B);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>[B,S,A*D] plus bias [A*D] to head-major [B,A,S,D], so that one strided batched product serves all heads.</summary>
public sealed record SplitHeadsStep(string Name, TensorSpec X, TensorSpec? Bias, TensorSpec Y) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X, Bias);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>Head-major [B,A,S,D] back to [B,S,A*D].</summary>
public sealed record MergeHeadsStep(string Name, TensorSpec X, TensorSpec Y) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>
/// Softmax over the last dimension of x [B,A,Q,K]: softmax(scale * x + positionBias[a,q,k] + mask[b,k]), either addend optional.
/// </summary>
public sealed record SoftmaxStep(
    string Name, TensorSpec X, TensorSpec? PositionBias, TensorSpec? Mask, TensorSpec Y, float Scale) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X, PositionBias, Mask);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>Layer norm over the last dimension of (x + bias + residual), bias and residual optional: gamma * (v - mean) / sqrt(var + epsilon) + beta.</summary>
public sealed record LayerNormStep(
    string Name, TensorSpec X, TensorSpec? Bias, TensorSpec? Residual, TensorSpec Gamma, TensorSpec Beta, TensorSpec Y,
    float Epsilon) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X, Bias, Residual, Gamma, Beta);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>
/// RMS norm over the last dimension of v = x + residual (residual optional): gamma * v / sqrt(mean(v^2) + epsilon).
/// Where <see cref="Sum"/> is given, v is written there too: the residual stream goes on from it.
/// </summary>
public sealed record RmsNormStep(
    string Name, TensorSpec X, TensorSpec? Residual, TensorSpec Gamma, TensorSpec? Sum, TensorSpec Y, float Epsilon) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(X, Residual, Gamma);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Sum, Y);
}

/// <summary>y[b,s,:] = table[ids[b,s],:].</summary>
public sealed record EmbeddingStep(string Name, TensorSpec Ids, TensorSpec Table, TensorSpec Y) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Ids, Table);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>y[b,s,:] = word[ids[b,s],:] + position[s,:] + type[typeIds[b,s],:].</summary>
public sealed record BertEmbeddingStep(
    string Name, TensorSpec Ids, TensorSpec TypeIds, TensorSpec Word, TensorSpec Position, TensorSpec Type, TensorSpec Y) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Ids, TypeIds, Word, Position, Type);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>Additive mask: y = (1 - mask) * lowest finite f32, from an i64 mask of ones (attend) and zeros.</summary>
public sealed record AttentionMaskStep(string Name, TensorSpec Mask, TensorSpec Y) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Mask);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}

/// <summary>
/// T5's relative position bias: y[a,q,k] = table[bucket(k - q), a], table [buckets, A]. Where <see cref="Causal"/>, positions k > q
/// get the lowest finite f32 instead and buckets are one-sided (Raffel et al. 2020, section 2.1; log spacing up to <see cref="MaxDistance"/>).
/// </summary>
public sealed record RelativePositionBiasStep(string Name, TensorSpec Table, TensorSpec Y, bool Causal, int MaxDistance) : Step(Name)
{
    public override ImmutableArray<TensorSpec> Reads { get; } = Present(Table);
    public override ImmutableArray<TensorSpec> Writes { get; } = Present(Y);
}
