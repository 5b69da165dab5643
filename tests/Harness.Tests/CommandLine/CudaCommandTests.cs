using System.Text.Json.Nodes;
using Harness.Kernels.Native;

namespace Harness.Tests.CommandLine;

/// <summary>
/// The verbs with <c>--device cuda</c>: the same bodies on hardware and, as their rehearsal, on a double of it, so that no test runs for the
/// first time where a GPU was hired for it.
/// </summary>
public abstract class CudaCommandTests
{
    /// <summary>NVIDIA's software of the machine that the test runs on, or a double of it. Skips the test where there is none.</summary>
    internal abstract NativeSetup Setup { get; }

    /// <summary>A model and its size.</summary>
    private protected abstract string[] Audited { get; }

    /// <summary>Likewise.</summary>
    private protected abstract string[] Computed { get; }

    [Fact]
    public void Doctor_says_that_cuda_works()
    {
        CliResult result = Run("doctor", "--json", "-");
        Assert.True(result.ExitCode == 0, result.Error + result.Out);
        JsonNode report = JsonNode.Parse(result.Out)!;
        Assert.True((bool)report["works"]!);
        Assert.NotEmpty(report["devices"]!.AsArray());
    }

    [Theory]
    [InlineData]
    [InlineData("--graph")]
    [InlineData("--check")]
    public void An_audit_is_exact(params string[] options)
    {
        CliResult result = Run(["audit", .. Audited, "--device", "cuda", "--json", "-", .. options]);
        Assert.True(result.ExitCode == 0, result.Error + result.Out);
        JsonNode audit = JsonNode.Parse(result.Out)!;
        Assert.Equal(0, (int)audit["mismatches"]!);
        Assert.Equal("cuda", (string?)audit["device"]!["kind"]);
    }

    [Fact]
    public void Outputs_are_those_of_the_software_gpu()
    {
        using var folder = new TemporaryFolder();
        foreach (string device in new[] { "cuda", "sim" })
        {
            CliResult run = Run(["run", .. Computed, "--device", device, "--save-outputs", folder.At(device)]);
            Assert.True(run.ExitCode == 0, run.Error);
        }

        CliResult compared = Run("compare", folder.At("sim"), folder.At("cuda"));
        Assert.True(compared.ExitCode == 0, compared.Out);
    }

    /// <summary>On a GPU a pass runs twice; what is saved is one step's all the same, from the weights that were given.</summary>
    [Fact]
    public void A_training_step_is_that_of_the_software_gpu()
    {
        using var folder = new TemporaryFolder();
        foreach (string device in new[] { "cuda", "sim" })
        {
            CliResult run = Run(
                "run", "mlp:12-7-5", "--batch", "3", "--pass", "training", "--optimizer", "momentum", "--device", device, "--save-outputs", folder.At(device));
            Assert.True(run.ExitCode == 0, run.Error);
        }

        CliResult compared = Run("compare", folder.At("sim"), folder.At("cuda"));
        Assert.True(compared.ExitCode == 0, compared.Out);
        Assert.Contains("layer1.weight.momentum_buffer", compared.Out, StringComparison.Ordinal);
    }

    private CliResult Run(params string[] args)
    {
        NativeSetup setup = Setup;
        return Cli.Run(_ => setup, args);
    }
}
