using Harness.Kernels.Programs;

namespace Harness.Benchmarks;

/// <summary>As <see cref="StepCost"/>, for the steps that only training has. What is worked on in place is read and written.</summary>
internal static class TrainingStepCost
{
    public static StepCost Of(Step step) => step switch
    {
        FillZeroStep s => InPlace(s, 0),
        RowSumStep s => InPlace(s, s.X.Shape.Elements + (s.Accumulate ? s.Y.Shape.Elements : 0)),
        ChannelSumStep s => InPlace(s, s.X.Shape.Elements + (s.Accumulate ? s.Y.Shape.Elements : 0)),
        BatchSumStep s => InPlace(s, s.X.Shape.Elements + (s.Accumulate ? s.Y.Shape.Elements : 0)),
        ActivationBackwardStep s => InPlace(s, (s.Activation is Activation.Relu ? 1 : 3) * s.Y.Shape.Elements),

        // x + bias, Phi 4 (x / sqrt 2, erf, 1 +, times one half), the density 4 (square, times -1/2, exponential, times 1 / sqrt(2 pi)), times v, sum, times dy.
        GeluBackwardStep s => InPlace(s, 12 * s.X.Shape.Elements),

        // Each element is added to the row of its id, and of the table only the rows that ids name are read and written, each at most once.
        EmbeddingBackwardStep s => new(
            s.OutputGradient.Shape.Elements, (s.Ids?.Bytes ?? 0) + s.OutputGradient.Bytes + NamedRows(s), NamedRows(s)),

        // Each element is added to its bucket; where causal, those with k <= q.
        RelativePositionBiasBackwardStep s => InPlace(
            s, s.OutputGradient.Shape[0] * Pairs(s.OutputGradient.Shape, s.Causal) + (s.Accumulate ? s.TableGradient.Shape.Elements : 0)),

        // Each cell is divided by its size and added to each element of its window.
        AdaptiveAveragePoolBackwardStep s => InPlace(s, s.OutputGradient.Shape.Elements + (s.Gradient.Shape[0] * s.Gradient.Shape[1]
            * StepCost.Averaged(s.Gradient.Shape[2], s.OutputGradient.Shape[2]) * StepCost.Averaged(s.Gradient.Shape[3], s.OutputGradient.Shape[3]))),

        // As softmax, but for the division: maximum, difference, exponential, sum. A row: the logarithm, the maximum added, the label's logit
        // taken away.
        CrossEntropyStep s => InPlace(s, (4 * s.Logits.Shape.Elements) + (3 * s.Y.Shape.Elements)),

        ScaledSumStep s => InPlace(s, s.X.Shape.Elements + 1),

        // Softmax 5, one or zero taken away, the scale.
        CrossEntropyBackwardStep s => InPlace(s, 7 * s.Logits.Shape.Elements),

        // The mask, 1 - p, and the bias. Drawing the mask is arithmetic on integers and not counted.
        DropoutStep s => InPlace(s, (s.Bias is null ? 2 : 3) * s.X.Shape.Elements),
        DropoutBackwardStep s => InPlace(s, 2 * s.Gradient.Shape.Elements),

        // The products, their sum, the difference, times y, and the scale.
        SoftmaxBackwardStep s => InPlace(s, (s.Scale == 1 ? 4 : 5) * s.Y.Shape.Elements),

        // A row of K: the terms, mean K + 1, difference K, variance 2 K + 1, epsilon and root 2, normalise K; dy times that and both sums 3 K.
        LayerNormParametersBackwardStep s => InPlace(
            s, s.X.Shape.Rows * (((8 + Present(s.Bias) + Present(s.Residual)) * s.X.Shape.Last) + 4) + (s.Accumulate ? 2 * s.X.Shape.Last : 0)),

        // As far as normalising likewise; times gamma K, its mean K + 1, its product with the norm and the mean of that 2 K + 1, the bracket
        // 3 K, times r K.
        LayerNormBackwardStep s => InPlace(
            s, s.X.Shape.Rows * (((13 + Present(s.Bias) + Present(s.Residual) + (s.AccumulateResidual ? 1 : 0)) * s.X.Shape.Last) + 6)),

        // Mean square 2 K + 1, epsilon and root 2, normalise K; dy times that and the sum 2 K.
        RmsNormParametersBackwardStep s => InPlace(
            s, s.X.Shape.Rows * (((5 + Present(s.Residual)) * s.X.Shape.Last) + 3) + (s.Accumulate ? s.X.Shape.Last : 0)),

        // As far as normalising likewise; times gamma K, its product with the norm and the mean of that 2 K + 1, the bracket 2 K, times
        // r K.
        RmsNormBackwardStep s => InPlace(
            s, s.X.Shape.Rows * (((9 + Present(s.Residual) + Present(s.SumGradient) + (s.AccumulateX ? 1 : 0) + (s.AccumulateResidual ? 1 : 0))
                * s.X.Shape.Last) + 4)),

        // A multiply-accumulate for every pair of an output and a weight, in both; what is there is added to.
        ConvolutionWeightBackwardStep s => new(
            (2 * s.OutputGradient.Shape.Elements * Window(s.WeightGradient)) + (s.Accumulate ? s.WeightGradient.Shape.Elements : 0),
            s.X.Bytes + s.OutputGradient.Bytes + (s.Accumulate ? s.WeightGradient.Bytes : 0), s.WeightGradient.Bytes),
        ConvolutionDataBackwardStep s => new(
            2 * s.OutputGradient.Shape.Elements * Window(s.Weight), s.Weight.Bytes + s.OutputGradient.Bytes, s.InputGradient.Bytes),

        // The comparisons of the forward pass again, and an addition for every output where windows overlap.
        MaxPoolBackwardStep s => new(
            s.OutputGradient.Shape.Elements * ((s.Window * s.Window) - (s.Stride < s.Window ? 0 : 1)),
            StepCost.CoveredBytes(s.X, s.OutputGradient, s.Window, s.Stride) + s.OutputGradient.Bytes, s.InputGradient.Bytes),
        SgdStep s => InPlace(s, 2 * s.Weight.Shape.Elements),
        MomentumStep s => InPlace(s, 4 * s.Weight.Shape.Elements),

        // m 3, v 4, both corrected 2, root and epsilon 2, the quotient 1, the step 2; weight decay 1.
        AdamStep s => InPlace(s, (s.WeightDecay == 0 ? 14 : 15) * s.Weight.Shape.Elements),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "no cost for this step"),
    };

    /// <summary>Bytes of the table's rows that are added to: those of the positions, or as if all ids were different.</summary>
    private static long NamedRows(EmbeddingBackwardStep s) =>
        StepCost.FloatBytes * s.TableGradient.Shape[1]
        * (s.Ids is null ? s.OutputGradient.Shape[1] : Math.Min(s.Ids.Shape.Elements, s.TableGradient.Shape[0]));

    /// <summary>Pairs of a query and a key, [heads, queries, keys]; where causal, of one not after the query.</summary>
    private static long Pairs(Shape shape, bool causal)
    {
        (long queries, long keys) = (shape[1], shape[2]);
        long before = Math.Min(queries, keys); // queries that have fewer keys than there are behind or at them
        return causal ? (before * (before + 1) / 2) + ((queries - before) * keys) : queries * keys;
    }

    /// <summary>Weights of one output.</summary>
    private static long Window(TensorSpec weight) => weight.Shape[1] * weight.Shape[2] * weight.Shape[3];

    private static long Present(TensorSpec? tensor) => tensor is null ? 0 : 1;

    /// <summary>Every operand is read once and every result written once, whole; workspace is not counted.</summary>
    private static StepCost InPlace(Step step, long flops) =>
        new(flops, step.Reads.Sum(tensor => tensor.Bytes), step.Writes.Sum(tensor => tensor.Bytes) - (step.Workspace?.Bytes ?? 0));
}
