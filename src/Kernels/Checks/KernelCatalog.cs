using System.Collections.Immutable;

namespace Harness.Kernels.Checks;

/// <summary>One thing that a device computes for a step: an entry of <c>kernels/</c>, or an operation of the device's library.</summary>
/// <param name="File">the PTX file, null for a device operation</param>
/// <param name="Computes">the formula, in one line</param>
/// <param name="Idea">what this version adds over the one before</param>
/// <param name="Launcher">class in <c>Launch/</c></param>
/// <param name="Reference">method in <c>Reference/</c></param>
public sealed record KernelEntry(string Name, string? File, string Computes, string Idea, string Launcher, string Reference);

/// <summary>Everything that <c>harness kernels</c> lists and checks.</summary>
public static class KernelCatalog
{
    private const string Softmax = "softmax(scale * x + position bias + mask) over rows";
    private const string SoftmaxBackward = "scale * y * (dy - sum of dy * y) over rows";
    private const string LayerNorm = "layer norm of x + bias + residual over rows";
    private const string RmsNorm = "RMS norm of x + residual over rows, and the sum";

    public static ImmutableArray<KernelEntry> Entries { get; } =
    [
        new("adam", "optimizers.ptx", "one update by Adam, or AdamW with a weight decay", "weights and both moments in one pass, two 16-byte pieces a thread",
            "OptimizerLauncher", "OptimizerReference.Adam"),
        new("adaptive_average_pool", "adaptive_average_pool.ptx", "mean of each adaptive window, NCHW", "a thread an output cell",
            "AdaptiveAveragePoolLauncher", "PoolingReference.AdaptiveAverage"),
        new("attention_mask", "attention_mask.ptx", "(1 - mask) * lowest f32", "a thread an element", "AttentionMaskLauncher",
            "ElementwiseReference.AttentionMask"),
        new("batch_sum", "sums.ptx", "sum over the first dimension, or that added to y", "a thread walks a 16-byte piece down the batch", "SumLauncher",
            "SumReference.Batch"),
        new("bias", "bias_activation.ptx", "x + bias", "a warp walks a tile of 256 columns down the rows, the bias in registers",
            "BiasActivationLauncher", "ElementwiseReference.BiasActivation"),
        new("bias_gelu", "bias_activation.ptx", "GELU(x + bias), by erf", "as bias; erfc as 2 to a polynomial", "BiasActivationLauncher",
            "ElementwiseReference.BiasActivation"),
        new("bias_relu", "bias_activation.ptx", "max(x + bias, 0)", "as bias", "BiasActivationLauncher", "ElementwiseReference.BiasActivation"),
        new("bias_tanh", "bias_activation.ptx", "tanh(x + bias)", "as bias; polynomial near 0, else 1 - 2 / (e^2v + 1)",
            "BiasActivationLauncher", "ElementwiseReference.BiasActivation"),
        new("channel_sum", "sums.ptx", "sum of each channel over images and pixels, or that added to y", "a block a channel, shuffles", "SumLauncher",
            "SumReference.Channels"),
        new("embedding_bert", "embedding.ptx", "word + position + token type rows", "a warp a row, 16 bytes a lane", "EmbeddingLauncher",
            "EmbeddingReference.Bert"),
        new("embedding_gather", "embedding.ptx", "table rows by id", "a warp a row, 16 bytes a lane", "EmbeddingLauncher",
            "EmbeddingReference.Gather"),
        new("fill_zero", "sums.ptx", "0", "four 16-byte pieces a thread", "SumLauncher", "SumReference.Zero"),
        new("gelu_backward", "activation_backward.ptx", "dy gelu'(x + bias)", "as bias; erfc and the density as powers of 2", "ActivationBackwardLauncher",
            "ActivationBackwardReference.Gelu"),
        new("heads_merge", "heads.ptx", "[B,A,S,D] to [B,S,A*D]", "a warp walks a tile of 256 columns down the positions", "HeadsLauncher",
            "HeadsReference.Merge"),
        new("heads_split", "heads.ptx", "[B,S,A*D] + bias to [B,A,S,D]", "a warp walks a tile of 256 columns down the positions",
            "HeadsLauncher", "HeadsReference.Split"),
        new("layernorm_backward_v1", "layernorm_backward.ptx", "dx and dresidual of layer norm",
            "a block a row of any length, 16-byte accesses, shuffles", "LayerNormBackwardLauncher",
            "LayerNormBackwardReference.Operands"),
        new("layernorm_backward_v2", "layernorm_backward.ptx", "dx and dresidual of layer norm",
            "a warp a row, 16-byte accesses, v and dy in registers, shuffles", "LayerNormBackwardLauncher",
            "LayerNormBackwardReference.Operands"),
        new("layernorm_parameters_backward", "layernorm_backward.ptx", "dgamma and dbeta of layer norm",
            "a block some columns, 16-byte accesses, 4 rows a thread and more, shuffles", "LayerNormBackwardLauncher",
            "LayerNormBackwardReference.Parameters"),
        new("layernorm_statistics_v1", "layernorm_backward.ptx", "mean and reciprocal root of each row",
            "a block a row of any length, 16-byte accesses, shuffles", "LayerNormBackwardLauncher",
            "LayerNormBackwardReference.Statistics"),
        new("layernorm_statistics_v2", "layernorm_backward.ptx", "mean and reciprocal root of each row",
            "a warp a row, 16-byte accesses, every load of the row on its way before the first is waited for", "LayerNormBackwardLauncher",
            "LayerNormBackwardReference.Statistics"),
        new("layernorm_v1", "layernorm.ptx", LayerNorm, "a block a row, three passes over memory, trees in shared memory",
            "LayerNormLauncher", "NormReference.LayerNorm"),
        new("layernorm_v2", "layernorm.ptx", LayerNorm, "a warp a row, 16-byte accesses, the row in registers, shuffles",
            "LayerNormLauncher", "NormReference.LayerNorm"),
        new("layernorm_v3", "layernorm.ptx", LayerNorm, "a block a row of any length, mean and squares in one pass", "LayerNormLauncher",
            "NormReference.LayerNorm"),
        new("layernorm_v4", "layernorm.ptx", LayerNorm, "as version 2, every load of the row on its way before the first is waited for",
            "LayerNormLauncher", "NormReference.LayerNorm"),
        new("momentum", "optimizers.ptx", "m = mu m + g; w -= lr m", "weights and momentum in one pass, two 16-byte pieces a thread", "OptimizerLauncher",
            "OptimizerReference.Momentum"),
        new("relative_position_bias", "relative_position_bias.ptx", "T5's position bias by bucket, causal or two-sided",
            "buckets by integer thresholds, found once for all heads", "RelativePositionBiasLauncher", "RelativePositionBiasReference.Compute"),
        new("relu_backward", "activation_backward.ptx", "g where y > 0, else 0, in place", "four 16-byte pieces a thread", "ActivationBackwardLauncher",
            "ActivationBackwardReference.Relu"),
        new("rmsnorm_backward_v1", "rmsnorm_backward.ptx", "dx and dresidual of RMS norm",
            "a block a row of any length, 16-byte accesses, shuffles", "RmsNormBackwardLauncher",
            "RmsNormBackwardReference.Operands"),
        new("rmsnorm_backward_v2", "rmsnorm_backward.ptx", "dx and dresidual of RMS norm",
            "a warp a row, 16-byte accesses, v and dy in registers, shuffles", "RmsNormBackwardLauncher",
            "RmsNormBackwardReference.Operands"),
        new("rmsnorm_parameters_backward", "rmsnorm_backward.ptx", "dgamma of RMS norm",
            "a block some columns, 16-byte accesses, 4 rows a thread and more, shuffles", "RmsNormBackwardLauncher",
            "RmsNormBackwardReference.Parameters"),
        new("rmsnorm_statistics_v1", "rmsnorm_backward.ptx", "reciprocal root of each row",
            "a block a row of any length, 16-byte accesses, shuffles", "RmsNormBackwardLauncher",
            "RmsNormBackwardReference.Statistics"),
        new("rmsnorm_statistics_v2", "rmsnorm_backward.ptx", "reciprocal root of each row",
            "a warp a row, 16-byte accesses, every load of the row on its way before the first is waited for", "RmsNormBackwardLauncher",
            "RmsNormBackwardReference.Statistics"),
        new("rmsnorm_v1", "rmsnorm.ptx", RmsNorm, "a block a row, two passes over memory, a tree in shared memory", "RmsNormLauncher",
            "NormReference.RmsNorm"),
        new("rmsnorm_v2", "rmsnorm.ptx", RmsNorm, "a warp a row, 16-byte accesses, the row in registers, shuffles", "RmsNormLauncher",
            "NormReference.RmsNorm"),
        new("rmsnorm_v3", "rmsnorm.ptx", RmsNorm, "as version 2, every load of the row on its way before the first is waited for",
            "RmsNormLauncher", "NormReference.RmsNorm"),
        new("rmsnorm_v4", "rmsnorm.ptx", RmsNorm, "a block a row of any length, 16-byte accesses, shuffles", "RmsNormLauncher",
            "NormReference.RmsNorm"),
        new("row_sum", "sums.ptx", "sum of the rows of a matrix, or that added to y", "a block some columns, 4 rows a thread and more, a tree in shared memory",
            "SumLauncher", "SumReference.Rows"),
        new("sgd", "optimizers.ptx", "w -= lr g", "four 16-byte pieces a thread", "OptimizerLauncher", "OptimizerReference.Sgd"),
        new("softmax_backward_v1", "softmax_backward.ptx", SoftmaxBackward, "a block a row of any length, 16-byte accesses, shuffles",
            "SoftmaxBackwardLauncher", "SoftmaxBackwardReference.Compute"),
        new("softmax_backward_v2", "softmax_backward.ptx", SoftmaxBackward, "1 to 32 lanes a row, y and dy in registers, all loads before the first wait",
            "SoftmaxBackwardLauncher", "SoftmaxBackwardReference.Compute"),
        new("softmax_v1", "softmax.ptx", Softmax, "a block a row, three passes over memory, trees in shared memory", "SoftmaxLauncher",
            "SoftmaxReference.Compute"),
        new("softmax_v2", "softmax.ptx", Softmax, "1 to 32 lanes a row, 16-byte accesses, the row in registers, shuffles", "SoftmaxLauncher",
            "SoftmaxReference.Compute"),
        new("softmax_v3", "softmax.ptx", Softmax, "a block a row of any length, running maximum and sum in one pass", "SoftmaxLauncher",
            "SoftmaxReference.Compute"),
        new("softmax_v4", "softmax.ptx", Softmax, "as version 2, up to 1024 columns in registers, all loads before the first wait",
            "SoftmaxLauncher", "SoftmaxReference.Compute"),
        new("tanh_backward", "activation_backward.ptx", "g (1 - y^2), in place", "four 16-byte pieces a thread", "ActivationBackwardLauncher",
            "ActivationBackwardReference.Tanh"),
        new("tensor_add", "add.ptx", "a + b", "four 16-byte pieces a thread", "AddLauncher", "ElementwiseReference.Add"),
        new("convolution", null, "NCHW convolution + bias + ReLU", "the device's library", "ConvolutionLauncher", "ConvolutionReference.Compute"),
        new("gemm", null, "batched row-major product", "the device's library", "GemmLauncher", "GemmReference.Compute"),
        new("max_pool", null, "NCHW max pooling", "the device's library", "MaxPoolLauncher", "PoolingReference.Max"),
    ];

    /// <exception cref="CallerException">no such entry; names the nearest one</exception>
    public static KernelEntry Find(string name) => Entries.FirstOrDefault(entry => entry.Name == name)
        ?? throw new CallerException(
            $"unknown kernel '{name}'{NearestWord.Hint(name, Entries.Select(entry => entry.Name))} ('harness kernels list' shows all)");
}
