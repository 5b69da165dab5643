using System.Globalization;
using Harness.Audit;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Reporting;

namespace Harness.Explain;

/// <summary>Pieces of sentences that several answers share.</summary>
internal static class Phrases
{
    /// <summary><c>4*B*S = 4*8*64 = 2,048</c>; what would be said twice is said once.</summary>
    public static string Worked(Formula formula)
    {
        string value = formula.Value.ToString(CultureInfo.InvariantCulture);
        string[] forms = [formula.ToString(), formula.WithNumbers()];
        return string.Join(" = ", [.. forms.Where(form => form != value).Distinct(), Quantities.Bytes(formula.Value)]);
    }

    /// <summary><c>step 3 'logits:bias'</c>.</summary>
    public static string Step(ExplainedPass pass, int step) => $"step {step} '{pass.Program.Steps[step].Name}'";

    public static string Steps(PassBuffer buffer) => buffer.Row.FirstStep == buffer.Row.LastStep
        ? $"{buffer.Row.FirstStep}"
        : $"{buffer.Row.FirstStep} to {buffer.Row.LastStep}";

    public static string Category(PassBuffer buffer) => CategoryLabels.Of(buffer.Tensor.Category);

    public static string Title(ExplainedPass pass) =>
        $"{pass.Configuration}: f32 {pass.Configuration.PassWords}, placement {PlacementLabels.Of(pass.Plan.Placement)}";

    /// <summary>Why it is there from its first step to its last.</summary>
    public static string WhyItLives(ExplainedPass pass, PassBuffer buffer)
    {
        string? lastRead = buffer.ReadBy.IsEmpty ? null : Step(pass, buffer.ReadBy[^1]);
        return buffer.Tensor.Category switch
        {
            TensorCategory.Parameter => "a weight is held for ever; "
                + (buffer.ReadBy.Length == 1
                    ? $"{lastRead} is the only one that reads it"
                    : $"{lastRead} is the last of {buffer.ReadBy.Length} steps that read it")
                + (buffer.WrittenBy.IsEmpty ? "" : $"; {Step(pass, buffer.WrittenBy[^1])} updates it"),
            TensorCategory.Gradient => "a gradient is held from pass to pass, as micro-batches add to it; "
                + $"{Step(pass, buffer.WrittenBy[0])} {(pass.Configuration.Training?.ContinuesGradients is true ? "is the first that adds to it" : "writes it first")}"
                + (lastRead is null ? "" : $", and {lastRead} reads it last"),
            TensorCategory.OptimizerState => $"what the optimizer remembers from update to update; {lastRead} works on it",
            TensorCategory.Input =>
                $"the caller fills it before the first step and holds it to the end of the pass; {lastRead} reads it last",
            TensorCategory.Output =>
                $"{Step(pass, buffer.WrittenBy[0])} writes it first; the caller reads it after the last step, so it lives to the end"
                + (lastRead is null ? "" : $"; {lastRead} is the last step that reads it"),
            TensorCategory.Workspace => $"scratch of {Step(pass, buffer.WrittenBy[0])}: born before it and dead after it",
            _ => $"{Step(pass, buffer.WrittenBy[0])} writes it first; "
                + (buffer.Row.LastStep == buffer.ReadBy.LastOrDefault(-1)
                    ? $"{lastRead} reads it last, and then it dies"
                    : $"{Step(pass, buffer.Row.LastStep)} writes it last"),
        };
    }
}
