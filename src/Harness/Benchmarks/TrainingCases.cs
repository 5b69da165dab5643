using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Training;
using Harness.Passes;

namespace Harness.Benchmarks;

/// <summary>Whole training steps: forward, backward and update.</summary>
internal static class TrainingCases
{
    /// <summary>Those of which PyTorch's stand beside ours in an acceptance, at the sizes of <c>docs/gpu.md</c>.</summary>
    private static readonly ImmutableArray<(Model Model, ModelSize Size)> s_besideTorch =
    [
        (ModelCatalog.Vgg16, ModelCatalog.Vgg16.Size(8)),
        (ModelCatalog.BertBase, ModelCatalog.BertBase.Size(8, 64)),
        (ModelCatalog.T5Small, ModelCatalog.T5Small.Size(8, 64, 8)),
    ];

    /// <summary>Steps that the software GPU does in a second, too.</summary>
    private static readonly ImmutableArray<Configuration> s_everywhere =
    [
        Of(ModelCatalog.MnistMlp, ModelCatalog.MnistMlp.Size(64), Optimizer.Adam, null),
        Of(ModelCatalog.BertBase, ModelCatalog.BertBase.Size(1, 64), Optimizer.Adam, null),
    ];

    /// <summary>
    /// What vgg16's steps are given on a GPU, and the least they are timed with. At batch 8 the reproducible algorithms that cuDNN chose on an H100 when
    /// it had twice as much take at most 442; with the default some gradients have none (results/nvidia-h100-80gb-hbm3/2026-11-27/training-vgg16.log).
    /// </summary>
    public const int GradientWorkspaceMiB = 512;

    public static ImmutableArray<Optimizer> Optimizers { get; } = [Optimizer.Sgd, Optimizer.Adam];

    /// <summary>Of each model the step that is held against PyTorch's: Adam, dropout as published.</summary>
    public static ImmutableArray<Configuration> Compared { get; } = [.. s_besideTorch.Select(step => Of(step.Model, step.Size, Optimizer.Adam, null))];

    /// <param name="graph">each step as one launch of a graph</param>
    public static IEnumerable<MeasuredCase> All(bool graph, IConvolutionWorkspace device) =>
        s_everywhere.Concat(device is IGpu ? BesideTorch() : []).Select(step => ModelCases.Of(step, graph, device) with
        {
            LacksWorkspace = device is IGpu && step.Program(device).Steps.OfType<ConvolutionWeightBackwardStep>().Any(IsStarved),
        });

    /// <summary>Each model with each optimizer, with dropout as published and without.</summary>
    private static IEnumerable<Configuration> BesideTorch() =>
        from step in s_besideTorch
        from optimizer in Optimizers
        from dropout in (double?[])[null, 0]
        select Of(step.Model, step.Size, optimizer, dropout);

    private static bool IsStarved(ConvolutionWeightBackwardStep step) => (step.Workspace?.Bytes ?? 0) < (long)GradientWorkspaceMiB << 20;

    /// <param name="dropout">null: as published</param>
    private static Configuration Of(Model model, ModelSize size, Optimizer optimizer, double? dropout) =>
        new Configuration(model, size).Passes(new TrainingChoice(optimizer, Dropout: dropout)).Single().Pass;
}
