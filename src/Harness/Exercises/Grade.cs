using System.Collections.Immutable;

namespace Harness.Exercises;

/// <summary>One answer, judged.</summary>
/// <param name="Given">as it was written; null where there was none</param>
/// <param name="Fault">null where it is right; else what is wrong with it beside being another answer, or empty</param>
internal sealed record Grade(Question Question, string? Given, string? Fault)
{
    public bool IsRight => Fault is null;

    public static ImmutableArray<Grade> Of(Exercise exercise, ImmutableArray<string?> given) =>
    [
        .. exercise.Questions.Zip(
            given, (question, answer) => new Grade(question, answer, answer is null ? "" : question.Answer.Fault(answer))),
    ];
}
