using Harness.Kernels.Programs;

namespace Harness.Benchmarks;

/// <summary>As <see cref="StepCost"/>, for the steps that only training has. What is worked on in place is read and written.</summary>
internal static class TrainingStepCost
{
    public static StepCost Of(Step step) => step switch
    {
        FillZeroStep s => InPlace(s, 0),
        RowSumStep s => InPlace(s, s.X.Shape.Elements - (s.Accumulate ? 0 : s.Y.Shape.Elements)),
        ChannelSumStep s => InPlace(s, s.X.Shape.Elements - (s.Accumulate ? 0 : s.Y.Shape.Elements)),
        BatchSumStep s => InPlace(s, s.X.Shape.Elements - (s.Accumulate ? 0 : s.Y.Shape.Elements)),
        ActivationBackwardStep s => InPlace(s, (s.Activation is Activation.Relu ? 1 : 3) * s.Y.Shape.Elements),

        // x + bias, Phi 4 (x / sqrt 2, erf, 1 +, times one half), the density 4 (square, times -1/2, exponential, times 1 / sqrt(2 pi)), times v, sum, times dy.
        GeluBackwardStep s => InPlace(s, 12 * s.X.Shape.Elements),

        // The products, their sum, the difference, times y, and the scale.
        SoftmaxBackwardStep s => InPlace(s, (s.Scale == 1 ? 4 : 5) * s.Y.Shape.Elements),

        // A row of K: the terms, mean K + 1, difference K, variance 2 K + 1, epsilon and root 2, normalise K; dy times that and both sums 3 K.
        LayerNormParametersBackwardStep s => InPlace(
            s, s.X.Shape.Rows * (((8 + Present(s.Bias) + Present(s.Residual)) * s.X.Shape.Last) + 4) - (s.Accumulate ? 0 : 2 * s.X.Shape.Last)),

        // As far as normalising likewise; times gamma K, its mean K + 1, its product with the norm and the mean of that 2 K + 1, the bracket
        // 3 K, times r K.
        LayerNormBackwardStep s => InPlace(
            s, s.X.Shape.Rows * (((13 + Present(s.Bias) + Present(s.Residual) + (s.AccumulateResidual ? 1 : 0)) * s.X.Shape.Last) + 6)),

        // Mean square 2 K + 1, epsilon and root 2, normalise K; dy times that and the sum 2 K.
        RmsNormParametersBackwardStep s => InPlace(
            s, s.X.Shape.Rows * (((5 + Present(s.Residual)) * s.X.Shape.Last) + 3) - (s.Accumulate ? 0 : s.X.Shape.Last)),

        // As far as normalising likewise; times gamma K, its product with the norm and the mean of that 2 K + 1, the bracket 2 K, times
        // r K.
        RmsNormBackwardStep s => InPlace(
            s, s.X.Shape.Rows * (((9 + Present(s.Residual) + Present(s.SumGradient) + (s.AccumulateX ? 1 : 0) + (s.AccumulateResidual ? 1 : 0))
                * s.X.Shape.Last) + 4)),
        SgdStep s => InPlace(s, 2 * s.Weight.Shape.Elements),
        MomentumStep s => InPlace(s, 4 * s.Weight.Shape.Elements),

        // m 3, v 4, the root of v / c 2, epsilon 1, the quotient with m 1, the step 2; weight decay 1.
        AdamStep s => InPlace(s, (s.WeightDecay == 0 ? 13 : 14) * s.Weight.Shape.Elements),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "no cost for this step"),
    };

    private static long Present(TensorSpec? tensor) => tensor is null ? 0 : 1;

    /// <summary>Every operand is read once and every result written once, whole; workspace is not counted.</summary>
    private static StepCost InPlace(Step step, long flops) =>
        new(flops, step.Reads.Sum(tensor => tensor.Bytes), step.Writes.Sum(tensor => tensor.Bytes) - (step.Scratch?.Bytes ?? 0));
}
