using System.Globalization;

namespace Harness.Tests.CommandLine;

/// <summary>
/// What a page shows of a command's output is what the command prints, but for spaces at the ends of lines. A block <c>sh</c> is one command, and the
/// block <c>text</c> right behind it its output; <c>text exit 1</c> if it ends so. A block <c>text file NAME</c> is a file that later commands read.
/// </summary>
public sealed class DocumentedOutputTests
{
    private const string Fence = "```", Program = "harness ", FileMark = "text file ", OutputMark = "text", ExitMark = "text exit ";

    [Theory]
    [InlineData("explain.md", 7)]
    [InlineData("fit.md", 3)]
    [InlineData("exercise.md", 3)]
    public void Every_command_of_the_page_prints_what_stands_below_it(string page, int commands)
    {
        using var folder = new TemporaryFolder();
        var files = new HashSet<string>(StringComparer.Ordinal);
        (string Kind, string Body)[] blocks = [.. Blocks(File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", page)))];
        int ran = 0;
        for (int i = 0; i < blocks.Length; i++)
        {
            (string kind, string body) = blocks[i];
            if (kind.StartsWith(FileMark, StringComparison.Ordinal))
            {
                folder.Write(kind[FileMark.Length..], body);
                files.Add(kind[FileMark.Length..]);
            }
            else if (kind == "sh" && body.StartsWith(Program, StringComparison.Ordinal))
            {
                (string output, string expected) = blocks[i + 1];
                int exitCode = output == OutputMark ? 0 : int.Parse(output[ExitMark.Length..], CultureInfo.InvariantCulture);
                CliResult result = Cli.Run([.. body[Program.Length..].Split(' ').Select(word => files.Contains(word) ? folder.At(word) : word)]);
                Assert.Equal(("", exitCode), (result.Error, result.ExitCode));
                Assert.Equal(expected, string.Join('\n', result.Out.Trim('\n').Split('\n').Select(line => line.TrimEnd())));
                ran++;
            }
        }

        Assert.Equal(commands, ran);
    }

    private static IEnumerable<(string Kind, string Body)> Blocks(IEnumerable<string> lines)
    {
        string? kind = null;
        List<string> body = [];
        foreach (string line in lines)
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
