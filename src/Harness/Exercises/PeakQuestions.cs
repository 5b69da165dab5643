using System.Collections.Immutable;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Exercises;

/// <summary>The most bytes that are live at one step, and when that is.</summary>
internal static class PeakQuestions
{
    private const string Word = "peak";

    public static Topic Peak { get; } = new(Word, "docs/formulas.md", _ => true, Ask);

    private static Question? Ask(Draw draw, Configuration configuration)
    {
        AnalyticPeak peak = configuration.Account(convolutionBudgetBytes: 0).Peak;
        string pass = $"{configuration}{Phrasing.WithoutWorkspace(configuration.Model)}";
        string why = $"moment '{peak.Winner.Name}': {peak.Winner.Why}";
        if (draw.Below(2) == 0)
        {
            return new Question(
                Word, configuration.Model,
                $"{pass}: how many bytes of inputs, outputs and activations are live at the peak?",
                new NumberAnswer(peak.Bytes, NumberAnswer.BytesUnit), peak.Winner.Formula, why);
        }

        // Two moments with as many bytes would be two right answers; one alone would be no question.
        ImmutableArray<string> names = [.. peak.Moments.Select(moment => moment.Name)];
        return names.Length < 2 || peak.Moments.Count(moment => moment.Bytes == peak.Bytes) > 1
            ? null
            : new Question(
                Word, configuration.Model, $"{pass}: which moment makes the peak: {string.Join(", ", names)}?",
                new WordAnswer(peak.Winner.Name, names), peak.Winner.Formula, why);
    }
}
