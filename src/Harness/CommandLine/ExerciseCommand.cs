using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using Harness.Exercises;
using Harness.Models;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary><c>harness exercise</c>: questions on the accounting, and their grading; no device is opened.</summary>
internal static class ExerciseCommand
{
    private const int DefaultCount = 10;
    private const int MostQuestions = 1000;

    public static Command Create(CommandHost host)
    {
        var command = new Command(
            "exercise", "Asks questions with exact answers drawn from the accounting, and grades answers; --json has the answers, for a teacher.");
        var models = new Argument<ImmutableArray<Model>>("MODEL")
        {
            Description = $"ask about these only: {string.Join(", ", ModelCatalog.Names)} (default: all, and stacks of all sorts)",
            Arity = ArgumentArity.ZeroOrMore,
            DefaultValueFactory = _ => [],
            CustomParser = result => [.. result.Tokens.Select(token => KnownModel(result, token.Value, command)).OfType<Model>()],
        };
        Option<string> topic = Values.OneOf("--topic", "what is asked about", Topic.Words);
        Option<long?> count = Values.WholeNumber("--count", $"how many questions (default {DefaultCount})", 1, MostQuestions);
        Option<long?> seed = CommonOptions.Seed("questions are drawn from it");
        Option<string?> answers = Values.Text(
            "--answers", "grade this file: one answer a line in the order of the questions, or N: ANSWER; exit 1 unless all are right", "FILE");
        Option<string?> jsonTarget = CommonOptions.Json();
        command.Add(models);
        foreach (Option option in (Option[])[topic, count, seed, answers, jsonTarget])
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            string? path = parsed.GetValue(answers);
            string? sheet = path is null ? null : InputFile.ReadText("--answers", path);
            var exercise = Exercise.Of(
                CommonOptions.SeedOf(parsed, seed), parsed.GetValue(topic)!, parsed.GetValue(models),
                (int)(parsed.GetValue(count) ?? DefaultCount));
            ImmutableArray<Grade>? grades = sheet is null
                ? null
                : Grade.Of(exercise, AnswerSheet.Parse(sheet, path!, exercise.Questions.Length));
            if (!json.OwnsStandardOutput)
            {
                if (grades is { } given)
                {
                    ExerciseView.Write(exercise, given, host.OutConsole());
                }
                else
                {
                    ExerciseView.Write(exercise, host.OutConsole());
                }
            }

            json.Write(() => ExerciseJson.Of(exercise, grades));
            return grades is { } judged && judged.Any(grade => !grade.IsRight) ? HarnessProgram.ExitCheckFailed : HarnessProgram.ExitDone;
        });
        return command;
    }

    /// <summary>Where any number of words may stand, an option that does not exist is one of them.</summary>
    private static Model? KnownModel(ArgumentResult result, string word, Command command)
    {
        if (!word.StartsWith('-'))
        {
            return Values.Model(result, word);
        }

        result.AddError(ParseErrors.Unknown(command, word));
        return null;
    }
}
