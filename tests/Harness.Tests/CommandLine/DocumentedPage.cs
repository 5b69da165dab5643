using System.Collections.Concurrent;
using System.Globalization;

namespace Harness.Tests.CommandLine;

/// <summary>
/// A page that shows commands. A block <c>sh</c> is one command, and the block <c>text</c> right behind it its output; <c>text exit 1</c> if it ends so.
/// A block <c>text file NAME</c> is a file that later commands read.
/// </summary>
internal sealed record DocumentedPage(IReadOnlyList<string> Lines)
{
    private const string Fence = "```", Program = "harness ", FileMark = "text file ", OutputMark = "text", ExitMark = "text exit ";

    public static DocumentedPage Of(string name) => new(File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "docs", name)));

    /// <summary>The commands in order, with the files that each may read.</summary>
    public IEnumerable<DocumentedCommand> Commands()
    {
        Dictionary<string, string> files = [];
        (string Kind, string Body)[] blocks = [.. Blocks()];
        for (int i = 0; i < blocks.Length; i++)
        {
            (string kind, string body) = blocks[i];
            if (kind.StartsWith(FileMark, StringComparison.Ordinal))
            {
                files[kind[FileMark.Length..]] = body;
            }
            else if (kind == "sh" && body.StartsWith(Program, StringComparison.Ordinal))
            {
                (string output, string shown) = blocks[i + 1];
                int exitCode = output == OutputMark ? 0 : int.Parse(output[ExitMark.Length..], CultureInfo.InvariantCulture);
                yield return new DocumentedCommand(body, shown, exitCode, new Dictionary<string, string>(files));
            }
        }
    }

    /// <summary>The lines outside of all blocks.</summary>
    public IEnumerable<string> Prose()
    {
        bool inBlock = false;
        foreach (string line in Lines)
        {
            if (line.StartsWith(Fence, StringComparison.Ordinal))
            {
                inBlock = !inBlock;
            }
            else if (!inBlock)
            {
                yield return line;
            }
        }
    }

    private IEnumerable<(string Kind, string Body)> Blocks()
    {
        string? kind = null;
        List<string> body = [];
        foreach (string line in Lines)
        {
            if (!line.StartsWith(Fence, StringComparison.Ordinal))
            {
                body.Add(line);
            }
            else if (kind is null)
            {
                kind = line[Fence.Length..];
                body.Clear();
            }
            else
            {
                yield return (kind, string.Join('\n', body));
                kind = null;
            }
        }
    }
}

/// <summary>A command of a page, and what the page shows of its output. A line of three dots stands for lines left out, none or more.</summary>
internal sealed record DocumentedCommand(string Command, string Shown, int ExitCode, IReadOnlyDictionary<string, string> Files)
{
    private const string LeftOut = "...";
    private static readonly ConcurrentDictionary<string, Lazy<string>> s_outputs = new(StringComparer.Ordinal);

    /// <summary>What the command prints, without spaces at the ends of lines; a command that stands in several places runs once.</summary>
    public string Output() => s_outputs.GetOrAdd(
        string.Join('\n', [Command, .. Files.SelectMany(file => new[] { file.Key, file.Value })]),
        _ => new Lazy<string>(() => Run(Command, ExitCode, Files))).Value;

    /// <summary>A report's files go into a folder that is gone afterwards.</summary>
    private static string Run(string command, int exitCode, IReadOnlyDictionary<string, string> files)
    {
        using var folder = new TemporaryFolder();
        foreach ((string name, string text) in files)
        {
            folder.Write(name, text);
        }

        string[] args = [.. command.Split(' ')[1..].Select(word => files.ContainsKey(word) ? folder.At(word) : word)];
        CliResult result = Cli.Run(args[0] == "report" ? [.. args, "--out", folder.At("report")] : args);
        Assert.Equal(("", exitCode), (result.Error, result.ExitCode));
        return string.Join('\n', result.Out.Trim('\n').Split('\n').Select(line => line.TrimEnd()));
    }

    /// <summary>
    /// Lines between two lines of dots follow each other in the output, too; the first ones stand at its beginning unless dots precede them, the last ones
    /// at its end.
    /// </summary>
    /// <returns>the first stretch of lines that is not there, or null</returns>
    public string? Missing(string output)
    {
        string[] printed = output.Split('\n');
        List<string[]> stretches = [];
        List<string> stretch = [];
        foreach (string line in Shown.Split('\n'))
        {
            if (line == LeftOut)
            {
                stretches.Add([.. stretch]);
                stretch.Clear();
            }
            else
            {
                stretch.Add(line);
            }
        }

        stretches.Add([.. stretch]);
        int from = 0;
        for (int i = 0; i < stretches.Count; i++)
        {
            string[] shown = stretches[i];
            bool last = i == stretches.Count - 1;
            int at = i == 0 ? 0
                : last ? printed.Length - shown.Length
                : Enumerable.Range(from, Math.Max(0, printed.Length - shown.Length - from + 1))
                    .FirstOrDefault(start => Stands(shown, printed, start), -1);
            if (at < from || !Stands(shown, printed, at) || (last && at + shown.Length != printed.Length))
            {
                return string.Join('\n', shown);
            }

            from = at + shown.Length;
        }

        return null;
    }

    private static bool Stands(string[] shown, string[] printed, int start) => printed.AsSpan(start).StartsWith(shown);
}
