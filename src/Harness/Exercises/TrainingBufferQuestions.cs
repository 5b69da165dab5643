using System.Collections.Immutable;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Passes;

namespace Harness.Exercises;

/// <summary>Bytes of what the backward pass needs beside the parameters' own: error signals, kept activations, masks.</summary>
internal static class TrainingBufferQuestions
{
    private const string Word = "training-bytes";
    private const string GradSuffix = ".grad", MaskSuffix = ".dropout_mask";

    public static Topic Bytes { get; } = new(Word, "docs/training.md", _ => true, Ask);

    private static Question Ask(Draw draw, Configuration inference)
    {
        Configuration configuration = TrainingDraw.Pass(draw, inference);
        AnalyticAccount account = configuration.Account(convolutionBudgetBytes: 0);
        Dictionary<string, KeptActivation> kept = configuration.Model.Training.Kept(configuration.Training!.Dropout > 0)
            .ToDictionary(one => one.Name, StringComparer.Ordinal);
        ImmutableArray<(string What, AnalyticBuffer Buffer, string Why)> all =
        [
            .. account.Buffers.Where(buffer => buffer.Category == AnalyticCategory.ErrorSignals).Select(buffer => (
                $"the error signal '{buffer.Name}'", buffer,
                $"it is the gradient of '{buffer.Name[..^GradSuffix.Length]}' and has its shape; an element is an f32 of 4 bytes")),
            .. account.Buffers.Where(buffer => kept.ContainsKey(buffer.Name)).Select(buffer =>
                buffer.Name.EndsWith(MaskSuffix, StringComparison.Ordinal)
                    ? ($"the dropout mask '{buffer.Name}'", buffer,
                        $"it has a byte for every element of '{buffer.Name[..^MaskSuffix.Length]}', the tensor that dropout reads")
                    : ($"the activation '{buffer.Name}', kept for the backward pass,", buffer,
                        $"an element is an f32 of 4 bytes; it is kept because {kept[buffer.Name].Why}")),
        ];
        string sort = draw.OneOf((string[])[.. all.Select(Sort).Distinct()]);
        (string what, AnalyticBuffer buffer, string why) =
            draw.OneOf(all.Where(one => Sort(one) == sort), one => one.Buffer.Formula.ToString());
        return new Question(
            Word, configuration.Model, $"{configuration}{Phrasing.Training(configuration)}: how many bytes does {what} have?",
            new NumberAnswer(buffer.Bytes, NumberAnswer.BytesUnit), buffer.Formula, why);
    }

    /// <summary>Error signals are as many as activations, and masks are few: each sort is asked about as often.</summary>
    private static string Sort((string What, AnalyticBuffer Buffer, string Why) one) => one.What[..one.What.IndexOf('\'')];
}
