using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Harness.Exercises;

/// <summary><c>harness.exercise/1</c>, for a teacher: questions with answers and formulas; and grades where answers were given.</summary>
internal static class ExerciseJson
{
    public static JsonObject Of(Exercise exercise, ImmutableArray<Grade>? grades) => new()
    {
        ["schema"] = "harness.exercise/1",
        ["seed"] = exercise.Seed,
        ["topic"] = exercise.Topic,
        ["models"] = new JsonArray([.. exercise.Models.Select(model => JsonValue.Create(model.Name))]),
        ["count"] = exercise.Questions.Length,
        ["right"] = grades?.Count(grade => grade.IsRight),
        ["questions"] = new JsonArray([.. exercise.Questions.Select((question, index) => Question(index + 1, question, grades?[index]))]),
    };

    private static JsonObject Question(int number, Question question, Grade? grade) => new()
    {
        ["number"] = number,
        ["topic"] = question.Topic,
        ["model"] = question.Model.Name,
        ["question"] = question.Text,
        ["expects"] = question.Answer.Expected,
        ["answer"] = question.Answer.ToJson(),
        ["unit"] = (question.Answer as NumberAnswer)?.Unit,
        ["formula"] = question.Formula?.ToString(),
        ["numbers"] = question.Formula?.WithNumbers(),
        ["why"] = question.Why,
        ["page"] = Topic.All.Single(topic => topic.Word == question.Topic).Page,
        ["given"] = grade?.Given,
        ["correct"] = grade?.IsRight,
    };
}
