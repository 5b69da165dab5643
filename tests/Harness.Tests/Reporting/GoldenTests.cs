namespace Harness.Tests.Reporting;

/// <summary>What the null device makes of the sweep and of one configuration, letter by letter.</summary>
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
        Golden.Is("report.md", File.ReadAllText(folder.At("report.md")));
    }

    [Fact]
    public void An_audits_json_is_as_it_was()
    {
        CliResult result = Cli.Run("audit", "vgg16", "--batch", "3", "--device", "null", "--json", "-");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Golden.Is("audit-vgg16.json", result.Out);
    }

    [Fact]
    public void An_audits_tables_are_as_they_were()
    {
        CliResult result = Cli.Run("audit", "bert-base", "--batch", "8", "--device", "null");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Golden.Is("audit-bert-base.txt", result.Out);
    }
}
