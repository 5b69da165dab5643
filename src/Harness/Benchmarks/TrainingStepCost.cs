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

        // m 3, v 4, the root of v / c 2, epsilon 1, the quotient with m 1, the step 2; weight decay 1.
        AdamStep s => InPlace(s, (s.WeightDecay == 0 ? 13 : 14) * s.Weight.Shape.Elements),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "no cost for this step"),
    };

    /// <summary>Weights of one output.</summary>
    private static long Window(TensorSpec weight) => weight.Shape[1] * weight.Shape[2] * weight.Shape[3];

    /// <summary>Every operand is read once and every result written once, whole.</summary>
    private static StepCost InPlace(Step step, long flops) =>
        new(flops, step.Reads.Sum(tensor => tensor.Bytes), step.Writes.Sum(tensor => tensor.Bytes));
}
