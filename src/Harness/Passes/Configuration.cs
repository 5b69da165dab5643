using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Training;
using Harness.Models.Weights;

namespace Harness.Passes;

/// <summary>One model at one size, in inference or in training. From here two arrows go to the audit that meet nowhere else: the program, and the formulas.</summary>
/// <param name="Size">of the pass</param>
/// <param name="Training">the pass of a training step; null: inference</param>
internal sealed record Configuration(Model Model, ModelSize Size, TrainingPass? Training = null)
{
    /// <summary>The distinct passes of a training step of this size, in order, with how often each runs. The last one holds all that any of them does.</summary>
    /// <param name="choice">how the step is done</param>
    /// <exception cref="CallerException">a choice that the model does not have, or a micro-batch that does not divide the batch</exception>
    public ImmutableArray<(Configuration Pass, long Times)> Passes(TrainingChoice choice)
    {
        var step = TrainingStep.Of(Model, Size, choice);
        return [.. step.Passes.Select(pass => (this with { Size = step.PassSize, Training = pass.Pass }, pass.Times))];
    }

    /// <exception cref="CallerException">a byte count does not fit 64 bits</exception>
    public StepProgram Program(IConvolutionWorkspace device) => InBytes(() => Training is null
        ? Model.Program(Size, device)
        : Model.Training.Program(Size, Training, device));

    /// <param name="convolutionBudgetBytes">the workspace of every convolution, as the caller set it; null: the software GPU's formula</param>
    /// <exception cref="CallerException">a byte count does not fit 64 bits</exception>
    public AnalyticAccount Account(long? convolutionBudgetBytes) => InBytes(() => Training is null
        ? Model.Account(Size, convolutionBudgetBytes)
        : Model.Training.Account(Size, Training, convolutionBudgetBytes));

    /// <summary>The account's peak alone, which may be had for less.</summary>
    /// <inheritdoc cref="Account"/>
    public AnalyticPeak Peak(long? convolutionBudgetBytes) => InBytes(() => Training is null
        ? Model.Peak(Size, convolutionBudgetBytes)
        : Model.Training.Peak(Size, Training, convolutionBudgetBytes));

    /// <summary>Weights and inputs drawn from a seed; in training also labels, where the optimizer starts and the first update's corrections.</summary>
    public SeededTensors Seeded(long seed) => new(unchecked((ulong)seed), Values);

    /// <summary>What each of them is drawn from, and which of a caller's are allowed.</summary>
    public Func<TensorSpec, TensorValues> Values =>
        Training is null ? Model.Values : TrainingValues.Of(Model.Values, Model.Training.Classes);

    /// <summary><c>inference</c>, or <c>training</c> with what was chosen.</summary>
    public string PassWords => Training is null ? TrainingLabels.Inference : TrainingLabels.Describe(Training, Size, Model.Training.Dropout is not null);

    /// <summary>The formulas of a training pass's layers beside those of the literature; null where there are none.</summary>
    /// <exception cref="CallerException">a byte count does not fit 64 bits</exception>
    public PublishedLayers? Published() => Training is null ? null : InBytes(() => Model.Training.Published?.Invoke(Size, Training));

    /// <exception cref="CallerException">a byte count does not fit 64 bits</exception>
    public ModelSummary Summary() => InBytes(() => Model.Summary(Size));

    public override string ToString()
    {
        string sequence = Size.Sequence is { } s ? $", sequence {s}" : "";
        string decoder = Size.DecoderSequence is { } d ? $", decoder sequence {d}" : "";
        return $"{Model.Name}, batch {Size.Batch}{sequence}{decoder}";
    }

    private T InBytes<T>(Func<T> build)
    {
        try
        {
            return build();
        }
        catch (OverflowException exception)
        {
            throw new CallerException($"{this}: more bytes than 64 bits can count; choose a smaller size", exception);
        }
    }
}
