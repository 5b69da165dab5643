using System.Collections.Immutable;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Exercises;

/// <summary>Conventions that a question must name.</summary>
internal static class Phrasing
{
    /// <summary>All that the answer depends on: model, sizes, and in training how.</summary>
    public static string Pass(Configuration configuration) =>
        $"{configuration}{Training(configuration)}{WithoutWorkspace(configuration.Model)}";

    /// <summary>How it is trained, and what training adds; empty in inference.</summary>
    public static string Training(Configuration configuration) =>
        configuration.Training is null ? "" : $", {configuration.PassWords}{WithHead(configuration.Model)}";

    /// <summary>BERT is trained with a head that its inference has not.</summary>
    public static string WithHead(Model model) => model == ModelCatalog.BertBase ? ", with the head of two classes that training adds" : "";

    /// <summary>Workspace depends on the device; questions leave it out, and say so where there would be some.</summary>
    public static string WithoutWorkspace(Model model) =>
        model.Sequence is null && model.Account(model.Size(1), 4).Buffers.Any(buffer => buffer.Category == AnalyticCategory.Workspace)
            ? ", no convolution workspace"
            : "";

    /// <summary>What counts as live, of the categories that there are bytes of: the norms of a training pass have workspace, too.</summary>
    public static string Live(AnalyticAccount account)
    {
        (AnalyticCategory Category, string Word)[] categories =
        [
            (AnalyticCategory.Inputs, "inputs"), (AnalyticCategory.Outputs, "outputs"), (AnalyticCategory.Activations, "activations"),
            (AnalyticCategory.ErrorSignals, "error signals"), (AnalyticCategory.Workspace, "workspace"),
        ];
        string[] words = [.. categories.Where(of => account.Bytes(of.Category) > 0).Select(of => of.Word)];
        return $"{string.Join(", ", words[..^1])} and {words[^1]}";
    }

    /// <summary>
    /// The sum of some buffers. Where a symbol stands for other numbers in another buffer, as the maps of VGG16 are H by W whatever size they
    /// have, the numbers take the places of the symbols.
    /// </summary>
    public static Formula Sum(IEnumerable<AnalyticBuffer> buffers)
    {
        ImmutableArray<Formula> formulas = [.. buffers.Select(buffer => buffer.Formula)];
        bool ambiguous = formulas.GroupBy(formula => formula.ToString()).Any(alike => alike.DistinctBy(formula => formula.Value).Count() > 1);
        return formulas.Aggregate(
            Formula.Zero, (sum, formula) => sum + (ambiguous ? Formula.Symbol(formula.WithNumbers(), formula.Value) : formula));
    }
}
