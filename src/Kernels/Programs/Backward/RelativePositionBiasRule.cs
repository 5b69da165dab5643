namespace Harness.Kernels.Programs.Backward;

/// <summary>Every element of the bias is a copy of its bucket's entry: the entry's gradient is the sum of theirs.</summary>
internal static class RelativePositionBiasRule
{
    public static void Apply(Backpropagation pass, RelativePositionBiasStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        Contribution table = pass.Contribute(s.Table, s);
        pass.Add(new RelativePositionBiasBackwardStep(
            table.StepName, gradient, table.Gradient, s.Causal, s.MaxDistance, table.Accumulate));
    }
}
