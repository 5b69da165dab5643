using Harness.Kernels.Programs;

namespace Harness.Explain;

/// <summary>What a step is, in a few words.</summary>
internal static class StepWords
{
    public static string Of(Step step) => step switch
    {
        GemmStep { Batch: 1 } gemm => $"product of [{gemm.M},{gemm.K}] and [{gemm.K},{gemm.N}]{Added(gemm.Accumulate)}",
        GemmStep gemm => $"{gemm.Batch} products of [{gemm.M},{gemm.K}] and [{gemm.K},{gemm.N}]{Added(gemm.Accumulate)}",
        ConvolutionStep { Weight.Shape: var weight } convolution =>
            $"convolution {weight[2]}x{weight[3]}, {weight[1]} channels to {weight[0]}, bias{(convolution.Relu ? " and ReLU" : "")}",
        ConvolutionWeightBackwardStep { WeightGradient.Shape: var weight } gradient =>
            $"gradient of the weights of a convolution {weight[2]}x{weight[3]}, {weight[1]} channels to {weight[0]}{Added(gradient.Accumulate)}",
        ConvolutionDataBackwardStep { Weight.Shape: var weight } =>
            $"gradient of the input of a convolution {weight[2]}x{weight[3]}, {weight[1]} channels to {weight[0]}",
        MaxPoolBackwardStep pool => $"gradient of a max pool {pool.Window}x{pool.Window}, stride {pool.Stride}",
        MaxPoolStep pool => $"max pool {pool.Window}x{pool.Window}, stride {pool.Stride}",
        AdaptiveAveragePoolStep => "average pool to a fixed size",
        BiasActivationStep { Bias: null } activation => $"{Name(activation.Activation)}{InPlace(activation)}",
        BiasActivationStep { Activation: Activation.None } bias => $"bias{InPlace(bias)}",
        BiasActivationStep activation => $"bias and {Name(activation.Activation)}{InPlace(activation)}",
        AddStep => "sum of two tensors",
        SplitHeadsStep split => $"{(split.Bias is null ? "" : "bias, ")}rows to heads",
        MergeHeadsStep => "heads to rows",
        SoftmaxStep => "softmax over the last dimension",
        LayerNormStep norm => $"{(norm.Residual is null ? "" : "sum with the residual, ")}layer norm",
        RmsNormStep norm => $"{(norm.Residual is null ? "" : "sum with the residual, ")}RMS norm",
        EmbeddingStep or BertEmbeddingStep => "embedding",
        AttentionMaskStep => "additive mask",
        RelativePositionBiasStep => "relative position bias",
        _ => OfTraining(step),
    };

    private static string OfTraining(Step step) => step switch
    {
        DropoutStep dropout => (dropout.Bias is null ? "" : "bias, ") + (dropout.Mask is null ? "dropout, drawn again for the backward pass" : "dropout")
            + (dropout.X == dropout.Y ? ", in place" : ""),
        CrossEntropyStep => "cross entropy of each row against its label",
        ScaledSumStep => "mean of all rows",
        CrossEntropyBackwardStep => "gradient of softmax and cross entropy",
        FillZeroStep => "zeros",
        RowSumStep sum => $"sum over rows{Added(sum.Accumulate)}",
        ChannelSumStep sum => $"sum over images and pixels{Added(sum.Accumulate)}",
        BatchSumStep sum => $"sum over the batch{Added(sum.Accumulate)}",
        ActivationBackwardStep activation => $"gradient of {Name(activation.Activation)}, in place",
        GeluBackwardStep => "gradient of bias and GELU",
        SoftmaxBackwardStep => "gradient of softmax",
        LayerNormParametersBackwardStep norm => $"gradients of a layer norm's gamma and beta{Added(norm.Accumulate)}",
        LayerNormBackwardStep => "gradient of the input of a layer norm",
        RmsNormParametersBackwardStep norm => $"gradient of an RMS norm's gamma{Added(norm.Accumulate)}",
        RmsNormBackwardStep => "gradient of the input of an RMS norm",
        EmbeddingBackwardStep => "each row added to its id's row of the table's gradient",
        RelativePositionBiasBackwardStep bias => $"sum over each bucket of the relative position bias{Added(bias.Accumulate)}",
        AdaptiveAveragePoolBackwardStep => "gradient of an average pool",
        DropoutBackwardStep => "gradient of dropout, by its mask",
        SgdStep => "update by SGD",
        MomentumStep => "update by SGD with momentum",
        AdamStep { WeightDecay: 0 } => "update by Adam",
        AdamStep => "update by AdamW",
        _ => step.GetType().Name,
    };

    private static string Added(bool accumulate) => accumulate ? ", added" : "";

    private static string Name(Activation activation) => activation switch
    {
        Activation.Relu => "ReLU",
        Activation.Gelu => "GELU",
        Activation.Tanh => "tanh",
        _ => "copy",
    };

    private static string InPlace(BiasActivationStep step) => step.X == step.Y ? ", in place" : "";
}
