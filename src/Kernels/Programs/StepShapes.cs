using System.Runtime.CompilerServices;
using Harness.Kernels.Devices;

namespace Harness.Kernels.Programs;

/// <summary>The shape and type rule of every step type. Messages name the tensor; <see cref="ProgramChecker"/> adds the step.</summary>
internal static class StepShapes
{
    /// <exception cref="CheckFailedException">a tensor's shape or type does not fit the step</exception>
    public static void Check(Step step)
    {
        switch (step)
        {
            case GemmStep s:
                Gemm(s);
                break;

            case ConvolutionStep s:
                Rank(s.X, 4);
                Rank(s.Weight, 4);
                Require(s.X.Shape[1] == s.Weight.Shape[1], $"tensors {s.X} and {s.Weight} differ in channels");
                ConvolutionShape shape = Convolution(s.X.Shape, s.Weight.Shape, s.Padding, s.Stride);
                Is(s.X, [.. s.X.Shape]);
                Is(s.Weight, [.. s.Weight.Shape]);
                Is(s.Bias, [shape.K]);
                Is(s.Y, [shape.N, shape.K, shape.P, shape.Q]);
                break;

            case MaxPoolStep s:
                Rank(s.X, 4);
                Require(s.Window >= 1 && s.Stride >= 1, $"tensor '{s.Y.Name}' comes of window {s.Window} and stride {s.Stride}");
                Is(s.X, [.. s.X.Shape]);
                Is(s.Y, [s.X.Shape[0], s.X.Shape[1], Pooled(s.X, s.X.Shape[2], s.Window, s.Stride), Pooled(s.X, s.X.Shape[3], s.Window, s.Stride)]);
                break;

            case AdaptiveAveragePoolStep s:
                Rank(s.X, 4);
                Rank(s.Y, 4);
                Is(s.X, [.. s.X.Shape]);
                Is(s.Y, [s.X.Shape[0], s.X.Shape[1], s.Y.Shape[2], s.Y.Shape[3]]);
                break;

            case BiasActivationStep s:
                Is(s.X, [.. s.X.Shape]);
                IsIfPresent(s.Bias, [s.X.Shape.Last]);
                Is(s.Y, [.. s.X.Shape]);
                Require(s.Bias is not null || s.Activation is not Activation.None, $"nothing is done to tensor '{s.X.Name}'");
                break;

            case AddStep s:
                Is(s.A, [.. s.A.Shape]);
                Is(s.B, [.. s.A.Shape]);
                Is(s.Y, [.. s.A.Shape]);
                break;

            case SplitHeadsStep s:
                Rank(s.X, 3);
                Rank(s.Y, 4);
                Is(s.X, [s.Y.Shape[0], s.Y.Shape[2], s.Y.Shape[1] * s.Y.Shape[3]]);
                IsIfPresent(s.Bias, [s.X.Shape.Last]);
                Is(s.Y, [.. s.Y.Shape]);
                break;

            case MergeHeadsStep s:
                Rank(s.X, 4);
                Is(s.X, [.. s.X.Shape]);
                Is(s.Y, [s.X.Shape[0], s.X.Shape[2], s.X.Shape[1] * s.X.Shape[3]]);
                break;

            case SoftmaxStep s:
                Rank(s.X, 4);
                Is(s.X, [.. s.X.Shape]);
                IsIfPresent(s.PositionBias, [s.X.Shape[1], s.X.Shape[2], s.X.Shape[3]]);
                IsIfPresent(s.Mask, [s.X.Shape[0], s.X.Shape[3]]);
                Is(s.Y, [.. s.X.Shape]);
                Require(float.IsFinite(s.Scale), $"tensor '{s.X.Name}' is scaled by {s.Scale}");
                break;

            case LayerNormStep s:
                Is(s.X, [.. s.X.Shape]);
                IsIfPresent(s.Bias, [s.X.Shape.Last]);
                IsIfPresent(s.Residual, [.. s.X.Shape]);
                Is(s.Gamma, [s.X.Shape.Last]);
                Is(s.Beta, [s.X.Shape.Last]);
                Is(s.Y, [.. s.X.Shape]);
                Epsilon(s.Y, s.Epsilon);
                break;

            case RmsNormStep s:
                Is(s.X, [.. s.X.Shape]);
                IsIfPresent(s.Residual, [.. s.X.Shape]);
                Is(s.Gamma, [s.X.Shape.Last]);
                IsIfPresent(s.Sum, [.. s.X.Shape]);
                Is(s.Y, [.. s.X.Shape]);
                Epsilon(s.Y, s.Epsilon);
                break;

            case EmbeddingStep s:
                Rank(s.Table, 2);
                Is(s.Ids, [.. s.Ids.Shape], DType.I64);
                Is(s.Table, [.. s.Table.Shape]);
                Is(s.Y, [.. s.Ids.Shape, s.Table.Shape[1]]);
                break;

            case BertEmbeddingStep s:
                Rank(s.Ids, 2);
                Rank(s.Word, 2);
                Rank(s.Position, 2);
                Rank(s.Type, 2);
                long width = s.Word.Shape[1];
                Is(s.Ids, [.. s.Ids.Shape], DType.I64);
                Is(s.TypeIds, [.. s.Ids.Shape], DType.I64);
                Is(s.Word, [s.Word.Shape[0], width]);
                Is(s.Position, [s.Position.Shape[0], width]);
                Is(s.Type, [s.Type.Shape[0], width]);
                Is(s.Y, [s.Ids.Shape[0], s.Ids.Shape[1], width]);
                Require(s.Ids.Shape[1] <= s.Position.Shape[0], $"tensor {s.Ids} has more positions than {s.Position}");
                break;

            case AttentionMaskStep s:
                Is(s.Mask, [.. s.Mask.Shape], DType.I64);
                Is(s.Y, [.. s.Mask.Shape]);
                break;

            case RelativePositionBiasStep s:
                Rank(s.Table, 2);
                Rank(s.Y, 3);
                Is(s.Table, [s.Table.Shape[0], s.Y.Shape[0]]);
                Is(s.Y, [.. s.Y.Shape]);
                RelativePositionBuckets(s.Table, s.Causal, s.MaxDistance);
                break;

            default:
                TrainingShapes.Check(step);
                break;
        }
    }

    /// <summary>Geometry of x [N,C,H,W] and weight [K,C,R,S].</summary>
    /// <exception cref="CheckFailedException">the window does not fit in the padded image</exception>
    public static ConvolutionShape Convolution(Shape x, Shape weight, int padding, int stride)
    {
        Require(stride >= 1 && padding >= 0, $"a convolution cannot have stride {stride} and padding {padding}");
        Require(
            x[2] + 2L * padding >= weight[2] && x[3] + 2L * padding >= weight[3],
            $"a window of {weight[2]} x {weight[3]} does not fit in {x} with padding {padding}");
        return new ConvolutionShape(x[0], x[1], x[2], x[3], weight[0], weight[2], weight[3], padding, stride);
    }

    private static void Gemm(GemmStep s)
    {
        Require(s.Batch >= 1 && s.M >= 1 && s.N >= 1 && s.K >= 1, $"tensor '{s.C.Name}' comes of {s.Batch} products {s.M} x {s.N} x {s.K}");
        Require(float.IsFinite(s.Alpha), $"tensor '{s.C.Name}' is scaled by {s.Alpha}");
        Is(s.A, [.. s.A.Shape]);
        Is(s.B, [.. s.B.Shape]);
        Is(s.C, [.. s.C.Shape]);
        Inside(s.A, s.LayoutA, s.Batch, s.M, s.K);
        Inside(s.B, s.LayoutB, s.Batch, s.K, s.N);
        Inside(s.C, s.LayoutC, s.Batch, s.M, s.N);

        // Distinct elements, all inside, as many as there are: then C is written whole. What is added to may be a part of it.
        (Int128 leading, Int128 stride) = (s.LayoutC.LeadingDimension, s.LayoutC.BatchStride);
        bool behindOneAnother = stride >= (s.M - 1) * leading + s.N;
        bool sideBySide = stride >= s.N && leading >= (s.Batch - 1) * stride + s.N;
        Require(!s.LayoutC.Transposed, $"tensor '{s.C.Name}' would be written transposed");
        Require(s.Batch == 1 || behindOneAnother || sideBySide, $"the matrices in tensor '{s.C.Name}' overlap");
        Require(s.Accumulate || (Int128)s.Batch * s.M * s.N == s.C.Shape.Elements, $"tensor {s.C} is not written whole by {s.Batch} matrices {s.M} x {s.N}");
    }

    /// <summary>All of op(tensor), rows x columns a matrix, lies inside the tensor.</summary>
    private static void Inside(TensorSpec tensor, MatrixLayout layout, long batch, long rows, long columns)
    {
        (Int128 storedRows, Int128 storedColumns) = layout.Transposed ? (columns, rows) : (rows, columns);
        Require(
            layout.LeadingDimension >= storedColumns && layout.BatchStride >= 0,
            $"tensor '{tensor.Name}' has leading dimension {layout.LeadingDimension} and batch stride {layout.BatchStride} for rows of {storedColumns}");
        Int128 end = (batch - 1) * (Int128)layout.BatchStride + (storedRows - 1) * layout.LeadingDimension + storedColumns;
        Require(end <= tensor.Shape.Elements, $"the product reaches element {end} of tensor {tensor}");
    }

    internal static long Pooled(TensorSpec x, long size, int window, int stride) =>
        size < window ? throw new CheckFailedException($"tensor {x} is smaller than the window {window}") : (size - window) / stride + 1;

    /// <summary>Half of the (one-sided) buckets hold exact distances; the rest is spaced by logarithms from there to the maximum.</summary>
    internal static void RelativePositionBuckets(TensorSpec table, bool causal, int maxDistance)
    {
        long buckets = table.Shape[0];
        long oneSided = causal ? buckets : buckets / 2;
        Require(
            (causal || buckets % 2 == 0) && oneSided >= 2 && maxDistance > oneSided / 2,
            $"tensor {table} cannot serve distances up to {maxDistance}: buckets must be at least 2 a direction, and half of those fewer than the distance");
    }

    internal static void Epsilon(TensorSpec y, float epsilon) =>
        Require(float.IsFinite(epsilon) && epsilon >= 0, $"tensor '{y.Name}' has epsilon {epsilon}");

    internal static void Rank(TensorSpec tensor, int rank) =>
        Require(tensor.Shape.Rank == rank, $"tensor {tensor} must have {rank} dimensions");

    internal static void IsIfPresent(TensorSpec? tensor, ReadOnlySpan<long> shape)
    {
        if (tensor is not null)
        {
            Is(tensor, shape);
        }
    }

    internal static void Is(TensorSpec tensor, ReadOnlySpan<long> shape, DType dtype = DType.F32)
    {
        if (tensor.DType != dtype || !shape.SequenceEqual(tensor.Shape.Dimensions))
        {
            throw new CheckFailedException($"tensor {tensor} must be {dtype.Label()}[{string.Join(',', shape.ToArray())}]");
        }
    }

    internal static void Require(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref Otherwise otherwise)
    {
        if (!condition)
        {
            throw new CheckFailedException(otherwise.Text());
        }
    }
}
