namespace Harness.Kernels.Programs.Backward;

/// <summary>Rows of the gradient are added to their ids' rows of the table's, which is zeroed before its first contribution.</summary>
internal static class EmbeddingRules
{
    public static void Apply(Backpropagation pass, EmbeddingStep s) => Scatter(pass, s, s.Table, s.Ids, pass.GradientOf(s.Y));

    public static void Apply(Backpropagation pass, BertEmbeddingStep s)
    {
        TensorSpec gradient = pass.GradientOf(s.Y);
        Scatter(pass, s, s.Word, s.Ids, gradient);
        Scatter(pass, s, s.Position, ids: null, gradient);
        Scatter(pass, s, s.Type, s.TypeIds, gradient);
    }

    private static void Scatter(Backpropagation pass, Step step, TensorSpec table, TensorSpec? ids, TensorSpec gradient)
    {
        Contribution contribution = pass.Contribute(table, step);
        if (!contribution.Accumulate)
        {
            pass.Add(new FillZeroStep(contribution.StepName, contribution.Gradient));
        }

        pass.Add(new EmbeddingBackwardStep(
            Backpropagation.AdditionName(contribution.Gradient, step), ids, gradient, contribution.Gradient));
    }
}
