using System.Collections.Immutable;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Models.Training;
using Harness.Passes;
using Harness.Reporting;
using static Harness.Models.Analytic.Formula;

namespace Harness.Exercises;

/// <summary>What training keeps for every parameter, whatever the batch.</summary>
internal static class TrainingStateQuestions
{
    private const string Word = "training-state";

    private static readonly ImmutableArray<(Optimizer Optimizer, long Floats, string Why)> s_states =
    [
        (Optimizer.Sgd, 0, "plain sgd keeps nothing"),
        (Optimizer.Momentum, 1, "momentum is a float for every parameter"),
        (Optimizer.Adam, 2, "adam keeps two floats for every parameter, the means of the gradient and of its square"),
        (Optimizer.AdamW, 2, "adamw keeps two floats for every parameter, as adam does; its weight decay needs none"),
    ];

    private static readonly ImmutableArray<(string What, long Floats, string Why)> s_kept =
    [
        ("do the gradients of all parameters have", 1, "a gradient has a float for every parameter"),
        .. s_states.Select(of => ($"does the state of the optimizer {TrainingLabels.Of(of.Optimizer)} have", of.Floats, of.Why)),
        .. s_states.Select(of => (
            $"do parameters, gradients and the state of the optimizer {TrainingLabels.Of(of.Optimizer)} have together", 2 + of.Floats,
            $"a parameter is a float and so is its gradient, and {of.Why}")),
    ];

    public static Topic State { get; } = new(Word, "docs/training.md", _ => true, Ask);

    private static Question Ask(Draw draw, Configuration configuration)
    {
        (string what, long floats, string why) = draw.OneOf(s_kept);
        Model model = configuration.Model;
        Formula count = configuration.Passes(new TrainingChoice(Optimizer.Sgd))[^1].Pass.Account(convolutionBudgetBytes: 0).ParameterCount;
        Formula bytes = 4 * floats * Symbol("parameters", count.Value);
        long added = count.Value - configuration.Account(convolutionBudgetBytes: 0).ParameterCount.Value;
        return new Question(
            Word, model, $"{model.Name}, trained in f32{Phrasing.WithHead(model)}: how many bytes {what}?",
            new NumberAnswer(bytes.Value, NumberAnswer.BytesUnit), bytes,
            $"{why}; each float has 4 bytes" + (added > 0 ? $", and {Quantities.Count(added)} of the parameters are the head's" : ""));
    }
}
