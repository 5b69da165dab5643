using Harness.Models;
using Harness.Passes;
using static Harness.Models.Analytic.Formula;

namespace Harness.Exercises;

/// <summary>What training keeps for every parameter.</summary>
internal static class TrainingQuestions
{
    private const string Word = "training";

    private static readonly (string What, long Floats, string Why)[] s_kept =
    [
        ("do the gradients of all parameters", 1, "a gradient has a float for every parameter"),
        ("does the state of the optimizer sgd", 0, "it keeps nothing"),
        ("does the state of the optimizer momentum", 1, "momentum is a float for every parameter"),
        ("does the state of the optimizer adam", 2, "two floats for every parameter, the means of the gradient and of its square"),
        ("does the state of the optimizer adamw", 2, "two floats for every parameter, as for adam; its weight decay needs none"),
    ];

    /// <summary>BERT is trained with a head that its inference has not, so its parameters would be two numbers.</summary>
    public static Topic State { get; } = new(Word, "docs/training.md", model => model != ModelCatalog.BertBase, Ask);

    private static Question Ask(Draw draw, Configuration configuration)
    {
        (string what, long floats, string why) = draw.OneOf(s_kept);
        var bytes = 4 * floats * Symbol("parameters", configuration.Account(convolutionBudgetBytes: 0).ParameterCount.Value);
        return new Question(
            Word, configuration.Model, $"{configuration.Model.Name}, trained in f32: how many bytes {what} have?",
            new NumberAnswer(bytes.Value, NumberAnswer.BytesUnit), bytes, $"{why}, 4 bytes each");
    }
}
