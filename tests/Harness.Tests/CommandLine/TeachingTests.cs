using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Harness.Tests.CommandLine;

/// <summary>
/// <c>docs/teaching.md</c> and its Chinese twin: that their commands print what they show is <see cref="DocumentedOutputTests"/>; here, that what they say
/// of the outputs is so.
/// </summary>
public sealed partial class TeachingTests
{
    private static readonly DocumentedPage s_english = DocumentedPage.Of("teaching.md"), s_chinese = DocumentedPage.Of("teaching.zh.md");

    public static TheoryData<string> Pages => ["teaching.md", "teaching.zh.md"];

    [Fact]
    public void Both_languages_show_the_same_commands_and_outputs() => Assert.Equal(
        s_english.Commands().Select(command => (command.Command, command.Shown)),
        s_chinese.Commands().Select(command => (command.Command, command.Shown)));

    [Fact]
    public void Both_languages_calculate_the_same()
    {
        string[] english = [.. Equations(s_english)];
        Assert.True(english.Length >= 20);
        Assert.Equal(english, Equations(s_chinese));
        Assert.Equal(
            Rows(s_english).Select(row => (string.Join(' ', Numbers(row.Exact)), row.Command)),
            Rows(s_chinese).Select(row => (string.Join(' ', Numbers(row.Exact)), row.Command)));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_equation_holds(string page) =>
        Assert.All(Equations(DocumentedPage.Of(page)), equation => Assert.True(Equation.Holds(equation), equation));

    /// <summary>The closing table: every exact figure is a number that the command beside it prints; of an equation its operands are.</summary>
    [Fact]
    public void Every_exact_figure_of_the_table_is_printed_by_the_command_beside_it()
    {
        (string Exact, string Command)[] rows = [.. Rows(s_english)];
        Assert.True(rows.Length >= 40);
        Assert.All(rows, row =>
        {
            string printed = row.Exact.Contains('=', StringComparison.Ordinal) ? row.Exact[..row.Exact.LastIndexOf('=')] : row.Exact;
            HashSet<string> output = [.. Numbers(Output(row.Command))];
            Assert.NotEmpty(Numbers(printed));
            Assert.All(Numbers(printed), number =>
                Assert.True(output.Contains(number), $"{number} of '{row.Exact}' is not printed by {row.Command}"));
        });
    }

    /// <summary>A number with a comma is exact here, unless it stands in quotation marks: then somebody else said it.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_large_number_of_the_text_is_printed_or_calculated(string page)
    {
        var read = DocumentedPage.Of(page);
        HashSet<string> known =
        [
            .. read.Commands().SelectMany(command => Numbers(command.Output())),
            .. Rows(read).SelectMany(row => Numbers(Output(row.Command))),
            .. Equations(read).SelectMany(Numbers),
        ];
        IEnumerable<string> numbers = read.Prose().SelectMany(line => Numbers(Quoted().Replace(line, "")))
            .Where(number => number.Contains(',', StringComparison.Ordinal));
        Assert.All(numbers, number => Assert.True(known.Contains(number), $"{number} is neither printed nor calculated"));
    }

    /// <summary>The notes print 24M; their rows are the input, convolutions, pools and linear layers, each output once.</summary>
    [Fact]
    public void The_rows_of_the_CS231n_notes_on_VGG16_hold_15_237_608_floats()
    {
        JsonNode json = JsonNode.Parse(Output("harness summary vgg16 --json -"))!;
        long outputs = json["layers"]!.AsArray()
            .Where(layer => (string)layer!["kind"]! is "Conv2d" or "MaxPool2d" or "Linear")
            .Sum(layer => layer!["outputShape"]!.AsArray().Aggregate(1L, (product, dimension) => product * (long)dimension!));
        Assert.Equal(15_237_608, (long)json["totals"]!["inputBytes"]! / 4 + outputs);
    }

    [Theory]
    [InlineData("1 + 2 × (3 − 1) = 5", true)]
    [InlineData("1,024 × 4 = 4,096 = 2 * 2,048", true)]
    [InlineData("407,080 / 1,024 ≈ 397.54", true)]
    [InlineData("407,080 / 1,024 ≈ 397.53", false)]
    [InlineData("7 / 2 = 3.5", true)]
    [InlineData("320 + 9,248 + 802,944 + 1,290 = 813,804", false)]
    public void Equations_are_calculated(string equation, bool right) =>
        Assert.Equal((true, right), (Equation.Is(equation), Equation.Holds(equation)));

    private static string Output(string command) => new DocumentedCommand(command, "", 0, new Dictionary<string, string>()).Output();

    private static IEnumerable<string> Equations(DocumentedPage page) =>
        page.Prose().SelectMany(line => Code().Matches(line)).Select(match => match.Groups[1].Value).Where(Equation.Is);

    /// <summary>Rows of tables that end in a command, and the cell before it.</summary>
    private static IEnumerable<(string Exact, string Command)> Rows(DocumentedPage page) => page.Prose()
        .Where(line => line.StartsWith('|') && line.EndsWith("` |", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1])
        .Where(cells => cells.Length >= 3 && cells[^1].StartsWith("`harness ", StringComparison.Ordinal))
        .Select(cells => (cells[^2], cells[^1].Trim('`')));

    private static IEnumerable<string> Numbers(string text) => Number().Matches(text).Select(match => match.Value);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("\"[^\"]*\"|“[^”]*”")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(?<![\w.,\[])\d+(,\d{3})*(\.\d+)?(?![\d])")]
    private static partial Regex Number();
}
