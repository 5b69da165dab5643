namespace Harness.Tests.CommandLine;

/// <summary>What a page shows of a command's output is what the command prints, but for spaces at the ends of lines.</summary>
public sealed class DocumentedOutputTests
{
    [Theory]
    [InlineData("explain.md", 7)]
    [InlineData("fit.md", 3)]
    [InlineData("exercise.md", 5)]
    [InlineData("teaching.md", 43)]
    [InlineData("teaching.zh.md", 43)]
    public void Every_command_of_the_page_prints_what_stands_below_it(string page, int commands)
    {
        DocumentedCommand[] shown = [.. DocumentedPage.Of(page).Commands()];
        Assert.Equal(commands, shown.Length);
        Assert.All(shown, command =>
        {
            string output = command.Output();
            if (command.Missing(output) is { } missing)
            {
                Assert.Equal($"{command.Command}\n{output}", $"{command.Command}\n{missing}");
            }
        });
    }

    /// <summary>A page can leave lines out, but not hide what it does not show rightly.</summary>
    [Theory]
    [InlineData("a\nb\nc", true)]
    [InlineData("a\n...\nc", true)]
    [InlineData("...\nb\n...", true)]
    [InlineData("...", true)]
    [InlineData("a\n...\nb\n...\nc", true)]
    [InlineData("...\na\nb\nc", true)]
    [InlineData("a\nc", false)]
    [InlineData("a\nb", false)]
    [InlineData("b\nc", false)]
    [InlineData("a\nb\nc\nd", false)]
    [InlineData("...\nb", false)]
    [InlineData("b\n...", false)]
    [InlineData("...\nb\n...\na\n...", false)]
    [InlineData("...\na\nc\n...", false)]
    [InlineData("a\nb\n...\nb\nc", false)]
    [InlineData("...\nd\n...", false)]
    public void Three_dots_stand_for_lines_left_out(string shown, bool right) =>
        Assert.Equal(right, new DocumentedCommand("harness", shown, 0, new Dictionary<string, string>()).Missing("a\nb\nc") is null);
}
