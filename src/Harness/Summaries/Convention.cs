using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Models.Analytic;

namespace Harness.Summaries;

/// <summary>One line of the totals that another tool prints under its table.</summary>
/// <param name="Label">the tool's own words; its unit, MB, is not always the same one</param>
/// <param name="Printed">as the tool prints it</param>
/// <param name="Exact">what was rounded: bytes, or elements, or multiply-accumulates</param>
/// <param name="Ours">the figure of ours that bears the same name; null where there is none</param>
/// <param name="Why">why the two differ, or why they do not</param>
internal sealed record ConventionLine(string Label, string Printed, long Exact, long? Ours, string Why);

/// <summary>The totals of a model as one tool counts them.</summary>
internal sealed record Convention(string Tool, ImmutableArray<ConventionLine> Lines)
{
    public const string Ours = "ours";

    public static string[] Names { get; } = [Ours, Torchsummary.Name, Torchinfo.Name];

    /// <summary>Null for our own.</summary>
    /// <exception cref="CallerException">the tool cannot show this model</exception>
    public static Convention? Of(string name, string model, ModelSummary summary) => name switch
    {
        Ours => null,
        Torchsummary.Name => Known(name, model, summary.NotForTorchsummary, () => Torchsummary.Of(summary)),
        _ => Known(name, model, summary.NotForTorchinfo, () => Torchinfo.Of(summary)),
    };

    private static Convention Known(string tool, string model, string? whyNot, Func<Convention> totals) =>
        whyNot is null ? totals() : throw new CallerException($"--convention {tool} does not apply to {model}: {whyNot}; use --convention {Ours}");
}
