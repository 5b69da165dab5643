namespace Harness.Kernels.Programs;

/// <summary>Which tensors a step may both read and write: those of which element i of the result needs no other element.</summary>
internal static class InPlace
{
    /// <summary>May this step read <paramref name="tensor"/> and overwrite it? Not where the tensor is another operand of the step, too.</summary>
    public static bool IsAllowed(Step step, TensorSpec tensor) => step.Reads.Count(read => read == tensor) == 1 && step switch
    {
        BiasActivationStep s => tensor == s.X && tensor == s.Y,
        ActivationBackwardStep s => tensor == s.Gradient,
        GemmStep s => s.Accumulate,
        RowSumStep s => s.Accumulate,
        ChannelSumStep s => s.Accumulate,
        BatchSumStep s => s.Accumulate,
        LayerNormParametersBackwardStep s => s.Accumulate && (tensor == s.GammaGradient || tensor == s.BetaGradient),
        LayerNormBackwardStep s => tensor == s.ResidualGradient,
        RmsNormParametersBackwardStep s => s.Accumulate && tensor == s.GammaGradient,
        RmsNormBackwardStep s => tensor == s.XGradient || tensor == s.ResidualGradient,
        EmbeddingBackwardStep s => tensor == s.TableGradient,
        RelativePositionBiasBackwardStep s => s.Accumulate,
        DropoutStep s => tensor == s.X && tensor == s.Y,
        DropoutBackwardStep s => tensor == s.Gradient && tensor == s.OutputGradient,
        ConvolutionWeightBackwardStep s => s.Accumulate,
        SgdStep or MomentumStep or AdamStep => true,
        _ => false,
    };

    /// <summary>Optimizers alone write parameters.</summary>
    public static bool IsUpdate(Step step) => step is SgdStep or MomentumStep or AdamStep;
}
