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

    /// <exception cref="CallerException">a byte count does not fit 64 bits</exception>
    public AnalyticAccount Account() => InBytes(() => Model.Account(Size));

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
