using System.Collections.Immutable;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.Exercises;

/// <summary>What the forward pass keeps for the backward pass, and until when.</summary>
internal static class KeptQuestions
{
    private const string Word = "training-kept";

    /// <summary>The backward pass begins here in every model.</summary>
    private const string FirstBackward = "logits.grad";

    /// <summary>The choice that an activation which dies in the forward pass has.</summary>
    private const string None = "none";

    private const int OneInAboutBytes = 3, OneInDying = 5, Nearest = 8, Wrong = 3;

    public static Topic Kept { get; } = new(Word, "docs/training.md", _ => true, Ask);

    private static Question Ask(Draw draw, Configuration inference)
    {
        Configuration configuration = TrainingDraw.Pass(draw, inference);
        AnalyticAccount account = configuration.Account(convolutionBudgetBytes: 0);
        ImmutableArray<KeptActivation> kept = configuration.Model.Training.Kept(configuration.Training!.Dropout > 0);
        return draw.Below(OneInAboutBytes) == 0 ? AskBytes(configuration, account, kept) : AskReader(draw, configuration, account, kept);
    }

    private static Question AskBytes(Configuration configuration, AnalyticAccount account, ImmutableArray<KeptActivation> kept)
    {
        HashSet<string> names = [.. kept.Select(one => one.Name)];
        ILookup<bool, AnalyticBuffer> activations = account.Buffers
            .Where(buffer => buffer.Category == AnalyticCategory.Activations).ToLookup(buffer => names.Contains(buffer.Name));
        Formula bytes = Phrasing.Sum(activations[true]);
        string masks = configuration.Training!.Dropout > 0 ? ", masks among them," : "";
        return new Question(
            Word, configuration.Model,
            $"{configuration}{Phrasing.Training(configuration)}: how many bytes of activations{masks} does the forward pass keep for the "
            + $"backward pass, those live while '{FirstBackward}', the first step of the backward pass, runs?",
            new NumberAnswer(bytes.Value, NumberAnswer.BytesUnit), bytes,
            $"{activations[true].Count()} of {activations.Sum(group => group.Count())} activations are kept, those that a backward rule reads; "
            + $"{Quantities.Bytes(activations[false].Sum(buffer => buffer.Bytes))} bytes of others, such as "
            + $"'{activations[false].MaxBy(buffer => buffer.Bytes)!.Name}', die in the forward pass");
    }

    private static Question AskReader(Draw draw, Configuration configuration, AnalyticAccount account, ImmutableArray<KeptActivation> kept)
    {
        Dictionary<string, KeptActivation> readers = kept.ToDictionary(one => one.Name, StringComparer.Ordinal);
        bool dies = draw.Below(OneInDying) == 0;
        string name = draw.OneOf(
            account.Buffers.Where(buffer => buffer.Category == AnalyticCategory.Activations && readers.ContainsKey(buffer.Name) != dies)
                .Select(buffer => buffer.Name),
            WithoutNumbers);
        string[] backward =
        [
            .. account.Steps.Select(step => step.Name).SkipWhile(step => step != FirstBackward)
                .TakeWhile(step => !step.EndsWith($":{TrainingLabels.Of(configuration.Training!.Optimizer)}", StringComparison.Ordinal)),
        ];
        string answer = dies ? None : readers[name].LastReader;

        // Of what dies nothing is read again, but its error signal shows where it would be.
        int near = Math.Max(0, Array.IndexOf(backward, dies ? $"{name}.grad" : answer));
        ImmutableArray<string> choices = [.. Choices(draw, backward, near, answer), None];
        return new Question(
            Word, configuration.Model,
            $"{configuration}{Phrasing.Training(configuration)}: which step of the backward pass is the last that reads the activation "
            + $"'{name}' ({None}: no step of it does): {string.Join(", ", choices)}?",
            new WordAnswer(answer, choices), Formula: null,
            dies
                ? "no rule of the backward pass reads it, so it dies in the forward pass"
                : $"{readers[name].Why}, and no step behind '{answer}' reads it, so it lives until then");
    }

    /// <summary>The right one and some near it, in the order in which they run.</summary>
    private static IEnumerable<string> Choices(Draw draw, string[] backward, int near, string answer)
    {
        List<int> others =
        [
            .. Enumerable.Range(0, backward.Length).Where(step => Math.Abs(step - near) <= Nearest && backward[step] != answer),
        ];
        List<int> chosen = backward[near] == answer ? [near] : [];
        for (int i = 0; i < Wrong && others.Count > 0; i++)
        {
            int next = draw.Below(others.Count);
            chosen.Add(others[next]);
            others.RemoveAt(next);
        }

        return chosen.Order().Select(step => backward[step]);
    }

    /// <summary>What comes in every layer is of one kind.</summary>
    private static string WithoutNumbers(string name) => string.Concat(name.Where(letter => !char.IsAsciiDigit(letter)));
}
