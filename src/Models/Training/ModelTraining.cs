using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;

namespace Harness.Models.Training;

/// <summary>How a model is trained; what <see cref="Model"/> says of its inference, for a pass of a training step.</summary>
/// <param name="Dropout">the published model's probability; null: it has no dropout, and takes no <c>--dropout</c></param>
/// <param name="HasBlocks">false: there is nothing that <c>--recompute block</c> could leave out</param>
/// <param name="Classes">labels are below</param>
/// <param name="Program">the tensors and steps of a pass</param>
/// <param name="Account">what the formulas say of the same pass: beside the program, never from it</param>
/// <param name="Kept">the activations that the forward pass keeps for the backward pass, with dropout or without; no block is computed again</param>
public sealed record ModelTraining(
    double? Dropout, bool HasBlocks, long Classes,
    Func<ModelSize, TrainingPass, IConvolutionWorkspace, StepProgram> Program,
    Func<ModelSize, TrainingPass, long?, AnalyticAccount> Account,
    Func<bool, ImmutableArray<KeptActivation>> Kept)
{
    /// <inheritdoc cref="Model.Peak"/>
    public Func<ModelSize, TrainingPass, long?, AnalyticPeak> Peak { get; init; } =
        (size, pass, convolutionBudgetBytes) => Account(size, pass, convolutionBudgetBytes).Peak;

    /// <summary>The formulas of layers beside those of the literature; null: no transformer.</summary>
    public Func<ModelSize, TrainingPass, PublishedLayers>? Published { get; init; }
}
