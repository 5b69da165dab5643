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
        string family = FamilyOf(step);
        KernelEntry[] versions = [.. KernelCatalog.Entries.Where(entry => entry.Name.StartsWith(family + "_v", StringComparison.Ordinal))];
        string[] entries = versions.Length == 0 ? [family] : [.. versions.Select(version => version.Name)];
        foreach (string entry in entries)
        {
            int? version = versions.Length == 0 ? null : int.Parse(entry[(family.Length + 2)..]);
            KernelVersions chosen = step switch
            {
                SoftmaxStep => new KernelVersions(Softmax: version),
                LayerNormStep => new KernelVersions(LayerNorm: version),
                RmsNormStep => new KernelVersions(RmsNorm: version),
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
        return OfStep(name, program, program.Steps[^1], seed => new SeededTensors(unchecked((ulong)seed), Drawn).Read);

        TensorValues Drawn(TensorSpec tensor) => tensor switch
        {
            { DType: DType.I64 } => new IndexValues(Tables(program).Min()),
            _ when program.Steps.OfType<AdamStep>().Any(step => tensor == step.SecondMoment || tensor == step.Corrections) => new NormalValues(1, 0.1f),
            _ => new NormalValues(0, 1),
        };
    }

    /// <summary>Rows of the tables that ids point into.</summary>
    private static IEnumerable<long> Tables(StepProgram program) => program.Steps.SelectMany(step => step switch
    {
        EmbeddingStep s => [s.Table.Shape[0]],
        BertEmbeddingStep s => (long[])[s.Word.Shape[0], s.Type.Shape[0]],
        _ => [],
    });

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
        SgdStep => "sgd",
        MomentumStep => "momentum",
        AdamStep => "adam",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "no kernel for this step"),
    };
}
