using System.Collections.Immutable;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Exercises;

/// <summary>The most bytes that are live at one step, and when that is.</summary>
internal static class PeakQuestions
{
    private const string Page = "docs/formulas.md";

    public static Topic Peak { get; } = new("peak", Page, _ => true, (draw, configuration) => Ask("peak", draw, configuration));

    public static Topic TrainingPeak { get; } = new(
        "training-peak", Page, _ => true, (draw, configuration) => Ask("training-peak", draw, TrainingDraw.Pass(draw, configuration)));

    private static Question? Ask(string word, Draw draw, Configuration configuration)
    {
        AnalyticAccount account = configuration.Account(convolutionBudgetBytes: 0);
        AnalyticPeak peak = account.Peak;
        string pass = Phrasing.Pass(configuration);
        string why = $"moment '{peak.Winner.Name}': {peak.Winner.Why}";
        if (draw.Below(2) == 0)
        {
            return new Question(
                word, configuration.Model, $"{pass}: how many bytes of {Phrasing.Live(account)} are live at the peak?",
                new NumberAnswer(peak.Bytes, NumberAnswer.BytesUnit), peak.Winner.Formula, why);
        }

        // Two moments with as many bytes would be two right answers; one alone would be no question.
        ImmutableArray<string> names = [.. peak.Moments.Select(moment => moment.Name)];
        return names.Length < 2 || peak.Moments.Count(moment => moment.Bytes == peak.Bytes) > 1
            ? null
            : new Question(
                word, configuration.Model, $"{pass}: which moment makes the peak: {string.Join(", ", names)}?",
                new WordAnswer(peak.Winner.Name, names), peak.Winner.Formula, why);
    }
}
