using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Exercises;

/// <summary>What steps compute.</summary>
internal static class StepQuestions
{
    private const string Word = "macs";

    public static Topic Macs { get; } = new(Word, "docs/formulas.md", _ => true, Ask);

    private static Question Ask(Draw draw, Configuration configuration)
    {
        AnalyticStep step = draw.OneOf(
            configuration.Account(convolutionBudgetBytes: 0).Steps.Where(step => step.Macs.Value > 0), step => step.Macs.ToString());
        return new Question(
            Word, configuration.Model,
            $"{configuration}: how many MACs (multiply-accumulates, by definition) does the step '{step.Name}' take?",
            new NumberAnswer(step.Macs.Value, "MACs"), step.Macs,
            "a product of [m,k] and [k,n] takes m*k*n; a convolution all its taps at every output, those beyond the border too; "
            + "a bias takes none");
    }
}
