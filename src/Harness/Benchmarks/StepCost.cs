using Harness.Kernels.Programs;

namespace Harness.Benchmarks;

/// <summary>
/// What one step must do: operations and compulsory traffic, by the conventions of docs/formulas.md (a multiply-accumulate is two
/// FLOPs, an exponential or a division one; each operand byte once). Written from the step's geometry, so that any shape has a cost; a
/// test holds it against the models' formulas, step by step.
/// </summary>
internal readonly record struct StepCost(long Flops, long ReadBytes, long WrittenBytes)
{
    internal const long FloatBytes = 4;

    public long Bytes => ReadBytes + WrittenBytes;

    public static StepCost operator +(StepCost a, StepCost b) => new(a.Flops + b.Flops, a.ReadBytes + b.ReadBytes, a.WrittenBytes + b.WrittenBytes);

    public static StepCost Add(StepCost a, StepCost b) => a + b;

    public static StepCost Of(Step step) => step switch
    {
        GemmStep s => new(
            (2 * s.Batch * s.M * s.N * s.K) + (s.Batch * s.M * s.N * ((s.Alpha == 1 ? 0 : 1) + (s.Accumulate ? 1 : 0))),
            FloatBytes * ((Matrices(s.Batch, s.LayoutA) * s.M * s.K) + (Matrices(s.Batch, s.LayoutB) * s.K * s.N) + (s.Accumulate ? s.Batch * s.M * s.N : 0)),
            FloatBytes * s.Batch * s.M * s.N),
        ConvolutionStep s => new(
            s.Y.Shape.Elements * ((2 * s.Weight.Shape[1] * s.Weight.Shape[2] * s.Weight.Shape[3]) + (s.Relu ? 2 : 1)),
            s.X.Bytes + s.Weight.Bytes + s.Bias.Bytes, s.Y.Bytes),
        MaxPoolStep s => new(
            s.Y.Shape.Elements * ((s.Window * s.Window) - 1),
            CoveredBytes(s.X, s.Y, s.Window, s.Stride), s.Y.Bytes),
        AdaptiveAveragePoolStep s => new(
            (s.X.Shape[0] * s.X.Shape[1] * Averaged(s.X.Shape[2], s.Y.Shape[2]) * Averaged(s.X.Shape[3], s.Y.Shape[3])) + s.Y.Shape.Elements,
            s.X.Bytes, s.Y.Bytes),
        BiasActivationStep s => new(
            s.Y.Shape.Elements * (Present(s.Bias) + Operations(s.Activation)), s.X.Bytes + (s.Bias?.Bytes ?? 0), s.Y.Bytes),
        AddStep s => new(s.Y.Shape.Elements, s.A.Bytes + s.B.Bytes, s.Y.Bytes),
        SplitHeadsStep s => new(s.Y.Shape.Elements * Present(s.Bias), s.X.Bytes + (s.Bias?.Bytes ?? 0), s.Y.Bytes),
        MergeHeadsStep s => new(0, s.X.Bytes, s.Y.Bytes),
        SoftmaxStep s => new(
            s.Y.Shape.Elements * (5 + (s.Scale == 1 ? 0 : 1) + Present(s.PositionBias) + Present(s.Mask)),
            s.X.Bytes + (s.PositionBias?.Bytes ?? 0) + (s.Mask?.Bytes ?? 0), s.Y.Bytes),
        LayerNormStep s => new(
            s.Y.Shape.Rows * (((7 + Present(s.Bias) + Present(s.Residual)) * s.Y.Shape.Last) + 4),
            s.X.Bytes + (s.Bias?.Bytes ?? 0) + (s.Residual?.Bytes ?? 0) + s.Gamma.Bytes + s.Beta.Bytes, s.Y.Bytes),
        RmsNormStep s => new(
            s.Y.Shape.Rows * (((4 + Present(s.Residual)) * s.Y.Shape.Last) + 3),
            s.X.Bytes + (s.Residual?.Bytes ?? 0) + s.Gamma.Bytes, s.Y.Bytes + (s.Sum?.Bytes ?? 0)),
        EmbeddingStep s => new(0, s.Ids.Bytes + Gathered(s.Ids, s.Table), s.Y.Bytes),
        BertEmbeddingStep s => new(
            2 * s.Y.Shape.Elements,
            s.Ids.Bytes + s.TypeIds.Bytes + Gathered(s.Ids, s.Word) + (FloatBytes * s.Ids.Shape.Last * s.Y.Shape.Last) + Gathered(s.TypeIds, s.Type),
            s.Y.Bytes),
        AttentionMaskStep s => new(2 * s.Y.Shape.Elements, s.Mask.Bytes, s.Y.Bytes),
        RelativePositionBiasStep s => new(
            0, FloatBytes * Math.Min(s.Table.Shape[0], s.Causal ? s.Y.Shape[1] : s.Y.Shape[1] + s.Y.Shape[2] - 1) * s.Table.Shape[1], s.Y.Bytes),
        _ => TrainingStepCost.Of(step),
    };

    private static long Present(TensorSpec? tensor) => tensor is null ? 0 : 1;

    private static long Operations(Activation activation) => activation switch
    {
        Activation.None => 0,
        Activation.Gelu => 5, // x / sqrt 2, erf, 1 +, times x, times one half
        _ => 1,
    };

    /// <summary>A stride of 0 is one matrix for all.</summary>
    private static long Matrices(long batch, MatrixLayout layout) => layout.BatchStride == 0 ? 1 : batch;

    /// <summary>Each row of the table at most once.</summary>
    private static long Gathered(TensorSpec ids, TensorSpec table) =>
        FloatBytes * Math.Min(ids.Shape.Elements, table.Shape[0]) * table.Shape[1];

    /// <summary>Of an input, what windows cover.</summary>
    internal static long CoveredBytes(TensorSpec x, TensorSpec y, int window, int stride)
    {
        return FloatBytes * x.Shape[0] * x.Shape[1] * Covered(y.Shape[2]) * Covered(y.Shape[3]);

        long Covered(long outputs) => stride >= window ? outputs * window : ((outputs - 1) * stride) + window;
    }

    /// <summary>Elements along one side that all windows average together: windows overlap where the outputs do not divide the side.</summary>
    internal static long Averaged(long side, long outputs)
    {
        long sum = 0;
        for (long i = 0; i < outputs; i++)
        {
            sum += ((((i + 1) * side) + outputs - 1) / outputs) - (i * side / outputs);
        }

        return sum;
    }
}
