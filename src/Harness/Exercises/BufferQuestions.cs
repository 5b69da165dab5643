using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Exercises;

/// <summary>Bytes of inputs, outputs and activations.</summary>
internal static class BufferQuestions
{
    private const string Word = "bytes";

    public static Topic Bytes { get; } = new(Word, "docs/models.md", _ => true, Ask);

    private static Question Ask(Draw draw, Configuration configuration)
    {
        AnalyticBuffer buffer = draw.OneOf(
            configuration.Account(convolutionBudgetBytes: 0).Buffers.Where(buffer => buffer.Category != AnalyticCategory.Parameters),
            buffer => buffer.Formula.ToString());
        return new Question(
            Word, configuration.Model, $"{configuration}: how many bytes does the buffer '{buffer.Name}' have?",
            new NumberAnswer(buffer.Bytes, NumberAnswer.BytesUnit), buffer.Formula,
            "elements are f32 of 4 bytes, ids and masks of the caller i64 of 8; alignment is not counted");
    }
}
