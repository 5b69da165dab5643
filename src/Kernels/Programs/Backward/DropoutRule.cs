namespace Harness.Kernels.Programs.Backward;

/// <summary>What was dropped has no gradient; what was kept was multiplied by 1 / (1 - p), and so is its gradient. In place where the step was.</summary>
internal static class DropoutRule
{
    public static void Apply(Backpropagation pass, DropoutStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        TensorSpec mask = pass.Kept(s.Mask);
        if (s.Y == s.X)
        {
            pass.Add(new DropoutBackwardStep($"{gradient.Name}:dropout", mask, gradient, gradient, s.Probability));
            pass.AddBiasGradient(s.Bias, gradient, s);
            return;
        }

        Contribution x = pass.ContributeAlone(s.X, s);
        pass.Add(new DropoutBackwardStep(x.StepName, mask, gradient, x.Gradient, s.Probability));
        pass.AddBiasGradient(s.Bias, x.Gradient, s);
    }
}
