using System.Text.Json.Nodes;

namespace Harness.Tests.CommandLine;

/// <summary>Passes with real arithmetic on the software GPU.</summary>
public sealed class RunTests
{
    [Fact]
    public void What_was_saved_runs_again_to_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        string weights = folder.At("weights.safetensors"), inputs = folder.At("inputs.safetensors");
        string[] size = ["run", "t5-small", "--seq", "3", "--decoder-seq", "2", "--device", "sim", "--json", "-"];
        CliResult first = Cli.Run(
            [.. size, "--seed", "7", "--save-weights", weights, "--save-inputs", inputs, "--save-outputs", folder.At("first")]);
        CliResult second = Cli.Run([.. size, "--weights", weights, "--inputs", inputs, "--save-outputs", folder.At("second")]);
        Assert.Equal("", first.Error + second.Error);
        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Equal(File.ReadAllBytes(folder.At("first")), File.ReadAllBytes(folder.At("second")));
        Assert.NotEqual(OutputsOf(first), OutputsOf(Cli.Run([.. size, "--seed", "8"])));
        Assert.Contains("\"name\":\"past_key_values.5.encoder.value\",\"shape\":[1,8,3,64]", OutputsOf(second), StringComparison.Ordinal);
    }

    [Fact]
    public void The_software_gpu_sees_every_byte_written_and_read()
    {
        CliResult result = Cli.Run("audit", "t5-small", "--batch", "3", "--seq", "7", "--decoder-seq", "5", "--device", "sim", "--json", "-");
        Assert.Equal(0, result.ExitCode);
        JsonNode audit = JsonNode.Parse(result.Out)!;
        Assert.Equal("""{"unwritten":0,"unread":0,"outside":0}""", audit["touch"]!.ToJsonString());
        Assert.Equal(0, (int)audit["mismatches"]!);
    }

    [Fact]
    public void Auto_says_what_it_chose_and_why_on_standard_error_where_json_owns_the_output()
    {
        CliResult result = Cli.Run("audit", "bert-base", "--seq", "1", "--json", "-");
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("device: sim", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
        Assert.StartsWith("{", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_with_one_changed_instruction_fails_its_check()
    {
        using var folder = new TemporaryFolder();
        foreach (Kernels.Ptx.PtxSource source in Kernels.Ptx.KernelLibrary.Embedded.Sources)
        {
            string text = source.Name == "softmax.ptx" ? source.Text.Replace("ex2.approx", "lg2.approx", StringComparison.Ordinal) : source.Text;
            folder.Write(source.Name, text);
        }

        CliResult broken = Cli.Run("kernels", "check", "softmax_v1", "--device", "sim", "--kernels", folder.Path);
        Assert.Equal(1, broken.ExitCode);
        Assert.Contains("FAIL softmax_v1", broken.Out, StringComparison.Ordinal);
        CliResult sound = Cli.Run("kernels", "check", "softmax_v1", "--device", "sim");
        Assert.Equal(0, sound.ExitCode);
        Assert.EndsWith("all within tolerance\n", sound.Out, StringComparison.Ordinal);
    }

    private static string OutputsOf(CliResult result) => JsonNode.Parse(result.Out)!["outputs"]!.ToJsonString();
}
