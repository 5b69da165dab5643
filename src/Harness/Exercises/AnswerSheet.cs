using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Harness.Kernels;

namespace Harness.Exercises;

/// <summary>
/// A file of answers: one a line in the order of the questions, an empty line for one that is left out; or <c>N: ANSWER</c> in any
/// order. A file is one or the other, since a line without a number among numbered ones could be meant for any question.
/// </summary>
internal static partial class AnswerSheet
{
    /// <param name="text">the file</param>
    /// <param name="path">of it, for messages</param>
    /// <param name="questions">how many there are</param>
    /// <returns>one a question, null where there is none</returns>
    /// <exception cref="CallerException">a line that belongs to no question, or to one that has an answer; names it</exception>
    public static ImmutableArray<string?> Parse(string text, string path, int questions)
    {
        string[] lines = [.. text.Split('\n').Select(line => line.Trim())];
        int last = Array.FindLastIndex(lines, line => line.Length > 0);
        var answers = new string?[questions];
        bool? numbered = null;
        for (int i = 0; i <= last; i++)
        {
            if (lines[i].Length == 0)
            {
                continue;
            }

            Match match = Numbered().Match(lines[i]);
            if ((numbered ??= match.Success) != match.Success)
            {
                throw Wrong(
                    path, i, "some lines begin with the number of a question and some do not: write N: ANSWER in every line, or in none");
            }

            int question = i + 1;
            if (match.Success && !int.TryParse(match.Groups["number"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out question))
            {
                question = 0;
            }

            if (question < 1 || question > questions)
            {
                string number = match.Success ? match.Groups["number"].Value : question.ToString(CultureInfo.InvariantCulture);
                throw Wrong(path, i, $"there is no question {number}, only 1 to {questions}");
            }

            if (match.Success && answers[question - 1] is not null)
            {
                throw Wrong(path, i, $"question {question} is answered twice");
            }

            string answer = match.Success ? match.Groups["answer"].Value : lines[i];
            answers[question - 1] = answer.Length == 0 ? null : answer;
        }

        return [.. answers];
    }

    private static CallerException Wrong(string path, int line, string what) => new($"--answers '{path}', line {line + 1}: {what}");

    [GeneratedRegex(@"^(?<number>[0-9]+)\s*:\s*(?<answer>.*)$")]
    private static partial Regex Numbered();
}
