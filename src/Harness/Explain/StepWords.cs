using Harness.Kernels.Programs;

namespace Harness.Explain;

/// <summary>What a step is, in a few words.</summary>
internal static class StepWords
{
    public static string Of(Step step) => step switch
    {
        GemmStep { Batch: 1 } gemm => $"product of [{gemm.M},{gemm.K}] and [{gemm.K},{gemm.N}]",
        GemmStep gemm => $"{gemm.Batch} products of [{gemm.M},{gemm.K}] and [{gemm.K},{gemm.N}]",
        ConvolutionStep { Weight.Shape: var weight } convolution =>
            $"convolution {weight[2]}x{weight[3]}, {weight[1]} channels to {weight[0]}, bias{(convolution.Relu ? " and ReLU" : "")}",
        ConvolutionWeightBackwardStep { WeightGradient.Shape: var weight } gradient =>
            $"gradient of the weights of a convolution {weight[2]}x{weight[3]}, {weight[1]} channels to {weight[0]}{(gradient.Accumulate ? ", added" : "")}",
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
        _ => step.GetType().Name,
    };

    private static string Name(Activation activation) => activation switch
    {
        Activation.Relu => "ReLU",
        Activation.Gelu => "GELU",
        Activation.Tanh => "tanh",
        _ => "copy",
    };

    private static string InPlace(BiasActivationStep step) => step.X == step.Y ? ", in place" : "";
}
