namespace Harness.Kernels.Programs.Backward;

/// <summary>
/// dX = scale Y (dY - sum(dY Y)). A position bias is added behind the scale, so with scale 1 its gradient is dX summed over the batch. The mask
/// is made of an input and has none.
/// </summary>
internal static class SoftmaxRule
{
    public static void Apply(Backpropagation pass, SoftmaxStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        Contribution x = pass.ContributeAlone(s.X, s);
        pass.Add(new SoftmaxBackwardStep(x.StepName, pass.Kept(s.Y), gradient, x.Gradient, s.Scale));
        if (s.PositionBias is null || !pass.Wants(s.PositionBias))
        {
            return;
        }

        if (s.Scale != 1)
        {
            throw new CheckFailedException("a position bias beside scaled scores has no backward rule");
        }

        Contribution bias = pass.Contribute(s.PositionBias, s);
        pass.Add(new BatchSumStep(bias.StepName, x.Gradient, bias.Gradient, bias.Accumulate));
    }
}
