using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Models.Training;
using Harness.Models.Weights;

namespace Harness.Models;

/// <summary>An option of a model: what it may be and what it is where the caller says nothing.</summary>
/// <param name="Name">as on the command line, without the dashes</param>
/// <param name="Maximum">null: as large as bytes can be counted</param>
public sealed record ModelOption(string Name, long Default, long? Maximum = null)
{
    public const long Minimum = 1;

    /// <exception cref="CallerException">out of range</exception>
    internal long Checked(string model, long? given)
    {
        long value = given ?? Default;
        if (value < Minimum || value > Maximum)
        {
            string allowed = Maximum is null ? $"at least {Minimum}" : $"from {Minimum} to {Maximum}";
            throw new CallerException($"--{Name} {value} is out of range: {model} takes {allowed}");
        }

        return value;
    }
}

/// <summary>How much work is asked of a model. Null: the option does not apply.</summary>
public readonly record struct ModelSize(long Batch, long? Sequence, long? DecoderSequence);

/// <summary>A model as the command line knows it. <see cref="ModelCatalog"/> holds them all.</summary>
/// <param name="Sequence">null: the model takes no <c>--seq</c></param>
/// <param name="DecoderSequence">null: the model takes no <c>--decoder-seq</c></param>
/// <param name="Program">the tensors and steps of a forward pass; the device says how much workspace convolutions take</param>
/// <param name="Account">
/// what the formulas say of the same pass: beside the program, never from it. The second argument is the workspace of every convolution
/// in bytes where the caller has set one (a multiple of 4), null for the software GPU's.
/// </param>
/// <param name="Values">what its weights and inputs are drawn from, and which of a caller's inputs are allowed</param>
/// <param name="Names">how checkpoints name its weights</param>
/// <param name="Summary">the same formulas layer by layer, in the terms of the reference implementation</param>
/// <param name="Training">a pass of a training step</param>
public sealed record Model(
    string Name, ModelOption Batch, ModelOption? Sequence, ModelOption? DecoderSequence,
    Func<ModelSize, IConvolutionWorkspace, StepProgram> Program, Func<ModelSize, long?, AnalyticAccount> Account,
    Func<TensorSpec, TensorValues> Values, CheckpointNames Names, Func<ModelSize, ModelSummary> Summary,
    ModelTraining Training)
{
    /// <summary>The account's peak, for those who need nothing else of it, at many sizes. Set where it can be had without the rest.</summary>
    public Func<ModelSize, long?, AnalyticPeak> Peak { get; init; } = (size, convolutionBudgetBytes) => Account(size, convolutionBudgetBytes).Peak;

    /// <summary>What the caller gave, with defaults filled in.</summary>
    /// <exception cref="CallerException">an option is out of range, or does not apply to this model</exception>
    public ModelSize Size(long? batch, long? sequence = null, long? decoderSequence = null) => new(
        Batch.Checked(Name, batch), Checked("seq", Sequence, sequence), Checked("decoder-seq", DecoderSequence, decoderSequence));

    /// <summary>Weights and inputs drawn from a seed.</summary>
    public SeededTensors Seeded(long seed) => new(unchecked((ulong)seed), Values);

    private long? Checked(string name, ModelOption? option, long? given) => option is not null
        ? option.Checked(Name, given)
        : given is null ? null : throw new CallerException($"--{name} does not apply to {Name}");
}
