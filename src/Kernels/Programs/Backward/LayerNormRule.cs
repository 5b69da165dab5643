namespace Harness.Kernels.Programs.Backward;

/// <summary>Layer norm of X [+ b] [+ R]: the parameters' gradients, then that of the sum, which X and R share, then the bias's.</summary>
internal static class LayerNormRule
{
    public static void Apply(Backpropagation pass, LayerNormStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        TensorSpec x = pass.Kept(s.X);
        TensorSpec? residual = pass.KeptIfPresent(s.Residual);

        Contribution gamma = pass.Contribute(s.Gamma, s), beta = pass.Contribute(s.Beta, s);
        if (gamma.Accumulate != beta.Accumulate)
        {
            throw new CheckFailedException($"'{s.Gamma.Name}' and '{s.Beta.Name}' are not read by the same steps");
        }

        TensorSpec statistics = pass.Statistics(s.Y, s.X.Shape.Rows, 2);
        pass.Add(new LayerNormParametersBackwardStep(
            gamma.StepName, x, s.Bias, residual, gradient, gamma.Gradient, beta.Gradient, statistics, s.Epsilon, gamma.Accumulate));

        Contribution ofX = pass.ContributeAlone(s.X, s);
        Contribution? ofResidual = s.Residual is not null && pass.Wants(s.Residual) ? pass.Contribute(s.Residual, s) : null;
        pass.Add(new LayerNormBackwardStep(
            ofX.StepName, x, s.Bias, residual, s.Gamma, gradient, ofX.Gradient, ofResidual?.Gradient, ofResidual?.Accumulate ?? false, s.Epsilon));
        pass.AddBiasGradient(s.Bias, ofX.Gradient, s);
    }
}
