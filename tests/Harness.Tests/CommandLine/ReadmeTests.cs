using System.CommandLine;
using Harness.CommandLine;

namespace Harness.Tests.CommandLine;

/// <summary>What the README tells people to type must work.</summary>
public sealed class ReadmeTests
{
    private const string Program = "harness ";
    private static readonly string[] s_verbsWithoutArithmetic = ["harness summary ", "harness explain ", "harness fit ", "harness exercise "];

    public static TheoryData<string> Commands => [.. ReadmeLines().Where(line => line.StartsWith(Program, StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_is_understood(string line)
    {
        string[] args = line[Program.Length..].Split(' ');
        var host = new CommandHost(TextWriter.Null, TextWriter.Null, false, false, TimeProvider.System, new MachineDescription(null, 1, "", ""));
        ParseErrors.ThrowIfAny(Verbs.Root(host).Parse(args, Verbs.ParserConfiguration));
    }

    [Fact]
    public void Commands_that_need_no_arithmetic_and_no_files_succeed()
    {
        string[] quick =
        [
            .. Commands.Select(row => (string)row.Data).Where(line => line.Contains("--device null", StringComparison.Ordinal)
                || line.EndsWith(" list", StringComparison.Ordinal)
                || s_verbsWithoutArithmetic.Any(verb => line.StartsWith(verb, StringComparison.Ordinal))),
        ];
        Assert.True(quick.Length >= 5);
        using var folder = new TemporaryFolder();
        Assert.All(quick, line =>
        {
            string[] args = line[Program.Length..].Split(' ');
            CliResult result = Cli.Run(args[0] == "report" ? [.. args, "--out", folder.Path] : args);
            Assert.Equal("", result.Error);
            Assert.Equal(0, result.ExitCode);
        });
    }

    [Fact]
    public void The_two_commands_to_start_with_are_there()
    {
        Assert.Contains("dotnet run -c Release --project src/Harness", ReadmeLines());
        Assert.Contains("dotnet test -c Release", ReadmeLines());
    }

    /// <summary>The lines of the README's shell blocks.</summary>
    private static IEnumerable<string> ReadmeLines()
    {
        bool inBlock = false;
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "README.md")))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inBlock = line == "```sh";
            }
            else if (inBlock)
            {
                yield return line;
            }
        }
    }
}
