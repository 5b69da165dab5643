namespace Harness.Kernels.Programs.Backward;

/// <summary>Pooling has no parameters: the gradient of each output goes back to the elements of its window.</summary>
internal static class PoolingRules
{
    public static void Apply(Backpropagation pass, MaxPoolStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        Contribution x = pass.ContributeAlone(s.X, s);
        pass.Add(new MaxPoolBackwardStep(x.StepName, s.X, gradient, x.Gradient, s.Window, s.Stride));
    }

    public static void Apply(Backpropagation pass, AdaptiveAveragePoolStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        Contribution x = pass.ContributeAlone(s.X, s);
        pass.Add(new AdaptiveAveragePoolBackwardStep(x.StepName, gradient, x.Gradient));
    }
}
