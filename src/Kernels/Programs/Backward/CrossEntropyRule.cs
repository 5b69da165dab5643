namespace Harness.Kernels.Programs.Backward;

/// <summary>The mean's and the cross entropy's gradients in one: scale (softmax(logits) - onehot(label)).</summary>
internal static class CrossEntropyRule
{
    public static void Apply(Backpropagation pass, CrossEntropyStep s)
    {
        float scale = pass.LossScaleOf(s.Y);
        Contribution logits = pass.ContributeAlone(s.Logits, s);
        pass.Add(new CrossEntropyBackwardStep(logits.StepName, s.Logits, s.Labels, logits.Gradient, scale));
    }
}
