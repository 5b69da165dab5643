using System.Collections.Immutable;

namespace Harness.Models.Analytic;

// This folder is the first account: what the mathematics says, from the configuration alone. Nothing here may use a type of
// Harness.Kernels (a test enforces it), so that a formula can never be computed from a program, a plan, a ledger or a device.

/// <summary>What a buffer's bytes are for; the labels are those of the reports.</summary>
public enum AnalyticCategory
{
    Parameters,
    Inputs,
    Outputs,
    Activations,
    Workspace,
    Gradients,
    OptimizerState,
    ErrorSignals,
}

/// <summary>One buffer: its bytes as a formula that can be printed (<c>4*B*A*S*S</c>) and evaluated.</summary>
/// <param name="ReadFormula">bytes of it that anybody reads, where that is not all of them</param>
public sealed record AnalyticBuffer(string Name, AnalyticCategory Category, Formula Formula, Formula? ReadFormula = null)
{
    public long Bytes => Formula.Value;

    public long ReadBytes => (ReadFormula ?? Formula).Value;
}

/// <summary>A moment of the pass at which most bytes might be live, the formula of what is live then, and why it might win.</summary>
public sealed record PeakMoment(string Name, Formula Formula, string Why)
{
    public long Bytes => Formula.Value;
}

/// <summary>The peak of live bytes: a maximum over a named handful of moments.</summary>
public sealed record AnalyticPeak(ImmutableArray<PeakMoment> Moments)
{
    /// <summary>The first of the moments with most bytes.</summary>
    public PeakMoment Winner { get; } = Moments.MaxBy(moment => moment.Bytes)!;

    public long Bytes => Winner.Bytes;
}

/// <summary>
/// The cost of one step. A multiply-accumulate is one MAC and two FLOPs; FLOPs also count what no MAC covers (exponentials,
/// divisions and comparisons each as one). Bytes are compulsory traffic: each operand byte once.
/// </summary>
public sealed record AnalyticStep(string Name, Formula Macs, Formula Flops, Formula BytesRead, Formula BytesWritten);

/// <summary>Everything the formulas say about one configuration.</summary>
/// <param name="ParameterCount">elements, not bytes</param>
/// <param name="Steps">in the order of the paper; names are those of the program's steps</param>
public sealed record AnalyticAccount(
    string Model, Formula ParameterCount, ImmutableArray<AnalyticBuffer> Buffers, AnalyticPeak Peak, ImmutableArray<AnalyticStep> Steps)
{
    /// <summary>Sum of a category's bytes.</summary>
    public long Bytes(AnalyticCategory category) => Buffers.Where(buffer => buffer.Category == category).Sum(buffer => buffer.Bytes);

    /// <summary>What stays allocated after the pass: the caller holds inputs and outputs.</summary>
    public long RetainedBytes => Bytes(AnalyticCategory.Inputs) + Bytes(AnalyticCategory.Outputs);
}
