namespace Harness.Kernels.Programs.Backward;

/// <summary>Which forward tensors the rule of a step reads. Recomputation asks before the rules have run.</summary>
internal static class BackwardReads
{
    /// <summary>What the step's backward rule reads of the forward pass, parameters left out.</summary>
    public static IEnumerable<TensorSpec> OfRule(Step step) => step switch
    {
        GemmStep s => [s.A, s.B],
        BiasActivationStep { Activation: Activation.Gelu } s => [s.X],
        BiasActivationStep { Activation: Activation.Relu or Activation.Tanh } s => [s.Y],
        SoftmaxStep s => [s.Y],
        LayerNormStep s => Present(s.X, s.Residual),
        RmsNormStep { Sum: { } sum } => [sum],
        RmsNormStep s => Present(s.X, s.Residual),
        _ => [],
    };

    private static IEnumerable<TensorSpec> Present(params TensorSpec?[] tensors) =>
        tensors.Where(tensor => tensor is { Category: TensorCategory.Activation }).Select(tensor => tensor!);
}
