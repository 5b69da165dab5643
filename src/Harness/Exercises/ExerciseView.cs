using System.Collections.Immutable;
using System.Globalization;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Exercises;

/// <summary>Questions, or grades, as a person reads them. Questions come without answers.</summary>
internal static class ExerciseView
{
    private const string Indent = "   ";

    public static void Write(Exercise exercise, IAnsiConsole console)
    {
        console.WriteLine($"{Title(exercise)}. f32 inference unless a question says otherwise; bytes are those asked for, without alignment.");
        console.WriteLine();
        foreach ((int index, Question question) in exercise.Questions.Index())
        {
            console.WriteLine($"{index + 1}. {question.Text}");
            console.WriteLine($"{Indent}Answer: {question.Answer.Expected}. Page: {Page(question)}");
        }

        console.WriteLine();
        console.WriteLine("One answer a line, or N: ANSWER, in a file; the same command with --answers FILE grades it.");
    }

    public static void Write(Exercise exercise, ImmutableArray<Grade> grades, IAnsiConsole console)
    {
        console.WriteLine($"{Title(exercise)}.");
        console.WriteLine();
        foreach ((int index, Grade grade) in grades.Index())
        {
            console.WriteLine($"{index + 1}. {Verdict(grade)}");
            if (!grade.IsRight)
            {
                console.WriteLine($"{Indent}{grade.Question.Text}");
                console.WriteLine($"{Indent}{Sentence(grade.Question.Working)}");
                console.WriteLine($"{Indent}{Sentence(grade.Question.Why)} Page: {Page(grade.Question)}");
            }
        }

        console.WriteLine();
        console.WriteLine($"{Quantities.Count(grades.Count(grade => grade.IsRight))} of {Quantities.Count(grades.Length)} right");
    }

    private static string Title(Exercise exercise)
    {
        string about = exercise.Models.IsEmpty ? "" : $" about {string.Join(", ", exercise.Models.Select(model => model.Name))}";
        int count = exercise.Questions.Length;
        return string.Create(
            CultureInfo.InvariantCulture, $"{count} question{(count == 1 ? "" : "s")}{about}, topic {exercise.Topic}, seed {exercise.Seed}");
    }

    private static string Verdict(Grade grade) => grade switch
    {
        { IsRight: true } => $"right: {grade.Question.Answer.Text}",
        { Given: null } => "no answer",
        { Fault.Length: > 0 } => $"wrong: '{grade.Given}', {grade.Fault}",
        _ => $"wrong: {grade.Given}",
    };

    private static string Page(Question question) => Topic.All.Single(topic => topic.Word == question.Topic).Page;

    private static string Sentence(string words) => $"{char.ToUpperInvariant(words[0])}{words[1..]}.";
}
