using System.Collections.Immutable;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Models.Weights;

namespace Harness.Benchmarks;

/// <summary>One thing to time.</summary>
/// <param name="Name">unlike any other of its group</param>
/// <param name="Entry">of <see cref="KernelCatalog"/>, checked before it is timed; null for a whole pass, which is checked by checking all</param>
/// <param name="Shape">of what it writes</param>
/// <param name="SetBytes">device memory that one set of its buffers takes</param>
/// <param name="NeedsConvolutions">or poolings: on a GPU, cuDNN</param>
/// <param name="Open">allocates and fills its buffers on a device</param>
internal sealed record MeasuredCase(
    string Name, string? Entry, string Shape, StepCost Cost, long SetBytes, bool NeedsConvolutions, Func<IDevice, long, IBenchmarkWork> Open)
{
    /// <summary>
    /// On a GPU: some gradient of a convolution has less workspace than <see cref="TrainingCases.GradientWorkspaceMiB"/>, so that cuDNN may have no
    /// way to compute it.
    /// </summary>
    public bool LacksWorkspace { get; init; }

    public override string ToString() => Name;
}

/// <summary>What cases are made of.</summary>
internal static class BenchmarkCases
{
    /// <summary>The step, once for each entry that computes it: all versions of a family.</summary>
    /// <param name="program">that the step is of</param>
    /// <param name="values">contents of what the step reads, by seed</param>
    public static IEnumerable<MeasuredCase> OfStep(string name, StepProgram program, Step step, Func<long, ReadTensor> values)
    {
        foreach ((string entry, int? version) in FamiliesOf(step).SelectMany(Versions))
        {
            KernelVersions chosen = step switch
            {
                SoftmaxStep => new KernelVersions(Softmax: version),
                LayerNormStep => new KernelVersions(LayerNorm: version),
                RmsNormStep => new KernelVersions(RmsNorm: version),
                SoftmaxBackwardStep => new KernelVersions(SoftmaxBackward: version),
                LayerNormParametersBackwardStep or LayerNormBackwardStep => new KernelVersions(LayerNormBackward: version),
                RmsNormParametersBackwardStep or RmsNormBackwardStep => new KernelVersions(RmsNormBackward: version),
                _ => KernelVersions.Default,
            };
            yield return new MeasuredCase(
                version is null ? name : $"{name} v{version}", entry, step.Writes[0].Shape.ToString(), StepCost.Of(step), StepWork.SetBytes(step),
                step is ConvolutionStep or ConvolutionWeightBackwardStep or ConvolutionDataBackwardStep or MaxPoolStep,
                (device, seed) => new StepWork(device, program, step, chosen, values(seed)));
        }
    }

    /// <summary>The last step of a program (those before it are there to write what it works on in place), over inputs of order one.</summary>
    public static IEnumerable<MeasuredCase> OfOneStep(string name, Action<ProgramBuilder> build)
    {
        var builder = new ProgramBuilder(name);
        build(builder);
        StepProgram program = builder.Build();
        return OfStep(name, program, program.Steps[^1], seed =>
        {
            ReadTensor floatsAndIds = new SeededTensors(unchecked((ulong)seed), Drawn).Read;
            return (tensor, bytes) =>
            {
                if (tensor.DType is DType.U8)
                {
                    Mask(seed, bytes);
                }
                else
                {
                    floatsAndIds(tensor, bytes);
                }
            };
        });

        // 0 or 1, as likely.
        static void Mask(long seed, Span<byte> bytes)
        {
            new Random(unchecked((int)seed)).NextBytes(bytes);
            foreach (ref byte value in bytes)
            {
                value &= 1;
            }
        }

        TensorValues Drawn(TensorSpec tensor) => tensor switch
        {
            { DType: DType.I64 } => new IndexValues(Tables(program).Min()),
            _ when program.Steps.OfType<AdamStep>().Any(step => tensor == step.SecondMoment || tensor == step.Corrections) => new NormalValues(1, 0.1f),
            _ => new NormalValues(0, 1),
        };
    }

    /// <summary>Rows of the tables that ids point into; what is below which labels and seeds are.</summary>
    private static IEnumerable<long> Tables(StepProgram program) => program.Steps.SelectMany(step => step switch
    {
        EmbeddingStep s => [s.Table.Shape[0]],
        BertEmbeddingStep s => (long[])[s.Word.Shape[0], s.Type.Shape[0]],
        EmbeddingBackwardStep s => [s.TableGradient.Shape[0]],
        CrossEntropyStep s => [s.Logits.Shape.Last],
        CrossEntropyBackwardStep s => [s.Logits.Shape.Last],
        DropoutStep => [long.MaxValue],
        _ => [],
    });

    /// <summary>All entries of a family with their versions' numbers, or the one that has none.</summary>
    private static IEnumerable<(string Entry, int? Version)> Versions(string family)
    {
        KernelEntry[] versions = [.. KernelCatalog.Entries.Where(entry => entry.Name.StartsWith(family + "_v", StringComparison.Ordinal))];
        return versions.Length == 0 ? [(family, null)] : versions.Select(entry => (entry.Name, (int?)int.Parse(entry.Name[(family.Length + 2)..])));
    }

    /// <summary>
    /// What a step launches. The gradients of a norm's parameters are two launches, timed together: once as the launcher chooses them, and
    /// with each version of the first.
    /// </summary>
    private static string[] FamiliesOf(Step step) => step switch
    {
        LayerNormParametersBackwardStep => ["layernorm_parameters_backward", "layernorm_statistics"],
        RmsNormParametersBackwardStep => ["rmsnorm_parameters_backward", "rmsnorm_statistics"],
        _ => [FamilyOf(step)],
    };

    /// <summary>What the launcher has a kernel of its own for.</summary>
    private static bool IsHalving(MaxPoolBackwardStep step) =>
        step is { Window: 2, Stride: 2 } && step.X.Shape[2] % 2 == 0 && step.X.Shape[3] % 2 == 0;

    private static string FamilyOf(Step step) => step switch
    {
        GemmStep => "gemm",
        ConvolutionStep => "convolution",
        ConvolutionWeightBackwardStep => "convolution_weight_backward",
        ConvolutionDataBackwardStep => "convolution_data_backward",
        MaxPoolStep => "max_pool",
        MaxPoolBackwardStep s => IsHalving(s) ? "max_pool_backward_2x2" : "max_pool_backward",
        AdaptiveAveragePoolStep => "adaptive_average_pool",
        BiasActivationStep { Activation: Activation.None } => "bias",
        BiasActivationStep { Activation: Activation.Relu } => "bias_relu",
        BiasActivationStep { Activation: Activation.Gelu } => "bias_gelu",
        BiasActivationStep { Activation: Activation.Tanh } => "bias_tanh",
        AddStep => "tensor_add",
        SplitHeadsStep => "heads_split",
        MergeHeadsStep => "heads_merge",
        SoftmaxStep => "softmax",
        LayerNormStep => "layernorm",
        RmsNormStep => "rmsnorm",
        EmbeddingStep => "embedding_gather",
        BertEmbeddingStep => "embedding_bert",
        AttentionMaskStep => "attention_mask",
        RelativePositionBiasStep => "relative_position_bias",
        FillZeroStep => "fill_zero",
        RowSumStep => "row_sum",
        ChannelSumStep => "channel_sum",
        BatchSumStep => "batch_sum",
        ActivationBackwardStep { Activation: Activation.Relu } => "relu_backward",
        ActivationBackwardStep { Activation: Activation.Tanh } => "tanh_backward",
        GeluBackwardStep => "gelu_backward",
        EmbeddingBackwardStep { Ids: null } => "batch_sum",
        EmbeddingBackwardStep => "embedding_backward",
        RelativePositionBiasBackwardStep => "relative_position_bias_backward",
        AdaptiveAveragePoolBackwardStep => "adaptive_average_pool_backward",
        CrossEntropyStep => "cross_entropy",
        CrossEntropyBackwardStep => "cross_entropy_backward",
        ScaledSumStep => "scaled_sum",
        DropoutStep => "dropout",
        DropoutBackwardStep => "dropout_backward",
        SoftmaxBackwardStep => "softmax_backward",
        LayerNormBackwardStep => "layernorm_backward",
        RmsNormBackwardStep => "rmsnorm_backward",
        SgdStep => "sgd",
        MomentumStep => "momentum",
        AdamStep => "adam",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "no kernel for this step"),
    };
}
