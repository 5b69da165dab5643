namespace Harness.Tests.Reporting;

/// <summary>What the null device makes of the sweep and of one configuration, letter by letter. A change of the texts is made by hand, never by a test.</summary>
public sealed class GoldenTests
{
    [Fact]
    public void The_reports_markdown_is_as_it_was()
    {
        using var folder = new TemporaryFolder();
        CliResult result = Cli.Run("report", "--device", "null", "--out", folder.Path);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.EndsWith("every byte exact\n", result.Out, StringComparison.Ordinal);
        IsGolden("report.md", File.ReadAllText(folder.At("report.md")));
    }

    [Fact]
    public void An_audits_json_is_as_it_was()
    {
        CliResult result = Cli.Run("audit", "vgg16", "--batch", "3", "--device", "null", "--json", "-");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        IsGolden("audit-vgg16.json", result.Out);
    }

    [Fact]
    public void An_audits_tables_are_as_they_were()
    {
        CliResult result = Cli.Run("audit", "bert-base", "--batch", "8", "--device", "null");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        IsGolden("audit-bert-base.txt", result.Out);
    }

    private static void IsGolden(string name, string actual)
    {
        string expected = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", name));
        if (expected != actual)
        {
            string received = Path.Combine(AppContext.BaseDirectory, $"received-{name}");
            File.WriteAllText(received, actual);
            Assert.Fail($"{name} has drifted; if that is meant, review {received} and copy it to tests/Harness.Tests/Golden/{name}. First difference: {FirstDifference(expected, actual)}");
        }
    }

    private static string FirstDifference(string expected, string actual)
    {
        (string Expected, string Actual) line = expected.Split('\n').Zip(actual.Split('\n')).FirstOrDefault(pair => pair.First != pair.Second);
        return $"'{line.Expected}' is now '{line.Actual}'";
    }
}
