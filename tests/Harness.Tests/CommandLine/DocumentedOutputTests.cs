namespace Harness.Tests.CommandLine;

/// <summary>What a page shows of a command's output is what the command prints, but for spaces at the ends of lines.</summary>
public sealed class DocumentedOutputTests
{
    [Theory]
    [InlineData("explain.md", 5)]
    [InlineData("fit.md", 3)]
    public void Every_command_of_the_page_prints_what_stands_below_it(string page, int commands)
    {
        List<(string Command, string Output)> shown = [.. Shown(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, page)))];
        Assert.Equal(commands, shown.Count);
        Assert.All(shown, pair =>
        {
            CliResult result = Cli.Run(pair.Command.Split(' ')[1..]);
            Assert.Equal(("", 0), (result.Error, result.ExitCode));
            Assert.Equal(pair.Output, string.Join('\n', result.Out.Trim('\n').Split('\n').Select(line => line.TrimEnd())));
        });
    }

    /// <summary>A block of one command, and the block of text right behind it.</summary>
    private static IEnumerable<(string Command, string Output)> Shown(string page)
    {
        const string start = "```sh\nharness ", between = "\n```\n```text\n", end = "\n```\n";
        string[] blocks = page.Split(start)[1..];
        foreach (string block in blocks)
        {
            string[] halves = block.Split(between);
            yield return ($"harness {halves[0]}", halves[1][..halves[1].IndexOf(end, StringComparison.Ordinal)]);
        }
    }
}
