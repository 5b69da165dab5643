namespace Harness.Kernels.Programs.Backward;

/// <summary>
/// What was dropped has no gradient; what was kept was multiplied by 1 / (1 - p), and so is its gradient. In place where the step was. Where no
/// mask was kept, the same numbers are drawn again: then the backward step is the forward one, on the gradient.
/// </summary>
internal static class DropoutRule
{
    public static void Apply(Backpropagation pass, DropoutStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y), target = gradient;
        string name = $"{gradient.Name}:dropout";
        if (s.Y != s.X)
        {
            Contribution x = pass.ContributeAlone(s.X, s);
            (target, name) = (x.Gradient, x.StepName);
        }

        pass.Add(s.Mask is null
            ? new DropoutStep(name, gradient, Bias: null, s.Seed, target, Mask: null, s.Stream, s.Probability)
            : new DropoutBackwardStep(name, s.Mask, gradient, target, s.Probability));
        pass.AddBiasGradient(s.Bias, target, s);
    }
}
