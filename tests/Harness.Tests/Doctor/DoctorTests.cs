using System.Text.Json.Nodes;
using Harness.Kernels.Native;

namespace Harness.Tests.Doctor;

public sealed class DoctorTests
{
    [Fact]
    public void This_machine_whatever_it_has_gets_a_verdict_that_agrees_with_the_exit_code()
    {
        CliResult text = Cli.Run(NativeLibraries.Find, "doctor");
        Assert.Equal("", text.Error);
        Assert.Contains(text.ExitCode, new[] { 0, 3 });
        string last = text.Out.TrimEnd('\n').Split('\n')[^1];
        Assert.StartsWith(text.ExitCode == 0 ? "cuda works: " : "cuda does not work here. First: ", last, StringComparison.Ordinal);
        Assert.Contains("What was looked for, in this order", text.Out, StringComparison.Ordinal);

        CliResult json = Cli.Run(NativeLibraries.Find, "doctor", "--json", "-");
        Assert.Equal(text.ExitCode, json.ExitCode);
        JsonNode document = JsonNode.Parse(json.Out)!;
        Assert.Equal("harness.doctor/1", (string?)document["schema"]);
        Assert.Equal(text.ExitCode == 0, (bool?)document["works"]);
        Assert.Equal(last, (string?)document["verdict"]);
        Assert.Equal(4, document["libraries"]!.AsArray().Count);
    }

    [Fact]
    public void A_named_folder_that_is_not_there_is_an_error_of_one_line() =>
        Cli.Run(NativeLibraries.Find, "doctor", "--libraries", "/no/such/folder").IsOneLineError(3, "--libraries", "/no/such/folder", "does not exist");

    [Fact]
    public void A_machine_with_nothing_is_told_what_was_looked_for_and_what_to_do_first()
    {
        CliResult result = Cli.Run(_ => DoctorSetups.Nothing, "doctor");
        Assert.Equal((3, ""), (result.ExitCode, result.Error));
        Golden.Is("doctor-nothing.txt", result.Out);
    }

    [Fact]
    public void The_json_of_a_machine_with_nothing_is_as_it_was()
    {
        CliResult result = Cli.Run(_ => DoctorSetups.Nothing, "doctor", "--json", "-");
        Assert.Equal((3, ""), (result.ExitCode, result.Error));
        Golden.Is("doctor-nothing.json", result.Out);
    }
}
