namespace Harness.Kernels.Programs.Backward;

/// <summary>
/// RMS norm of X [+ R], which may have written the sum V: the parameter's gradient, then that of the sum, to which what else read V adds, and
/// which X and R share. Where V was written, V is read and not X and R, so that these can die in the forward pass.
/// </summary>
internal static class RmsNormRule
{
    public static void Apply(Backpropagation pass, RmsNormStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        TensorSpec v = pass.Kept(s.Sum ?? s.X);
        TensorSpec? residual = s.Sum is null ? pass.KeptIfPresent(s.Residual) : null;

        Contribution gamma = pass.Contribute(s.Gamma, s);
        TensorSpec statistics = pass.Statistics(s.Y, s.X.Shape.Rows);
        pass.Add(new RmsNormParametersBackwardStep(
            gamma.StepName, v, residual, gradient, gamma.Gradient, statistics, s.Epsilon, gamma.Accumulate));

        TensorSpec? ofSum = s.Sum is null ? null : pass.FindGradientOf(s.Sum);
        Contribution ofX = pass.Contribute(s.X, s);
        Contribution? ofResidual = s.Residual is not null && pass.Wants(s.Residual) ? pass.Contribute(s.Residual, s) : null;
        pass.Add(new RmsNormBackwardStep(
            ofX.StepName, v, residual, s.Gamma, gradient, ofSum, ofX.Gradient, ofX.Accumulate,
            ofResidual?.Gradient, ofResidual?.Accumulate ?? false, s.Epsilon));
    }
}
