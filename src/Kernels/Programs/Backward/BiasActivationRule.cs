namespace Harness.Kernels.Programs.Backward;

/// <summary>
/// In place on T: the slope of ReLU and tanh follows from the result, so the gradient is worked on in place, too; then the bias's. GELU's slope
/// needs its input, which is why it has a result of its own.
/// </summary>
internal static class BiasActivationRule
{
    public static void Apply(Backpropagation pass, BiasActivationStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        if (s.Y != s.X)
        {
            if (s.Activation is not Activation.Gelu || s.Bias is null)
            {
                throw new CheckFailedException($"{s.Activation} with a result of its own has no backward rule");
            }

            Contribution x = pass.ContributeAlone(s.X, s);
            pass.Add(new GeluBackwardStep(x.StepName, pass.Kept(s.X), s.Bias, gradient, x.Gradient));
            pass.AddBiasGradient(s.Bias, x.Gradient, s);
            return;
        }

        if (s.Activation is not Activation.None)
        {
            string what = s.Activation is Activation.Relu ? "relu" : "tanh";
            pass.Add(new ActivationBackwardStep($"{gradient.Name}:{what}", pass.Kept(s.Y), gradient, s.Activation));
        }

        pass.AddBiasGradient(s.Bias, gradient, s);
    }
}
