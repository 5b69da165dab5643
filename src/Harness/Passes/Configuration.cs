using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Analytic;

namespace Harness.Passes;

/// <summary>One model at one size. From here two arrows go to the audit that meet nowhere else: the program, and the formulas.</summary>
internal sealed record Configuration(Model Model, ModelSize Size)
{
    /// <exception cref="CallerException">a byte count does not fit 64 bits</exception>
    public StepProgram Program(IConvolutionWorkspace device) => InBytes(() => Model.Program(Size, device));

    /// <param name="convolutionBudgetBytes">the workspace of every convolution, as the caller set it; null: the software GPU's formula</param>
    /// <exception cref="CallerException">a byte count does not fit 64 bits</exception>
    public AnalyticAccount Account(long? convolutionBudgetBytes) => InBytes(() => Model.Account(Size, convolutionBudgetBytes));

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
