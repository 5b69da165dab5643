namespace Harness.Kernels.Programs.Backward;

/// <summary>Splitting heads moves elements, and merging moves them back: each is the other's backward step.</summary>
internal static class HeadsRules
{
    public static void Apply(Backpropagation pass, SplitHeadsStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        Contribution x = pass.ContributeAlone(s.X, s);
        pass.Add(new MergeHeadsStep(x.StepName, gradient, x.Gradient));
        pass.AddBiasGradient(s.Bias, x.Gradient, s);
    }

    public static void Apply(Backpropagation pass, MergeHeadsStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        Contribution x = pass.ContributeAlone(s.X, s);
        pass.Add(new SplitHeadsStep(x.StepName, gradient, Bias: null, x.Gradient));
    }
}
