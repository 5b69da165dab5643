using System.Text.Json.Nodes;
using Harness.Kernels.Devices;
using Harness.Tests.Shared;
using Harness.Timing;

namespace Harness.Tests.CommandLine;

/// <summary>The verbs on a GPU.</summary>
[Trait(Gpu.Category, Gpu.Needed)]
[Collection(Gpu.Needed)]
public sealed class HardwareCommandTests
{
    [Fact]
    public void Doctor_says_that_cuda_works()
    {
        Gpu.Open().Dispose();
        CliResult result = Cli.Run("doctor", "--json", "-");
        Assert.Equal(0, result.ExitCode);
        Assert.True((bool)JsonNode.Parse(result.Out)!["works"]!);
    }

    [Theory]
    [InlineData]
    [InlineData("--graph")]
    [InlineData("--check")]
    public void An_audit_is_exact(params string[] options)
    {
        Gpu.Open().Dispose();
        CliResult result = Cli.Run(["audit", "t5-small", "--batch", "2", "--seq", "17", "--device", "cuda", "--json", "-", .. options]);
        Assert.True(result.ExitCode == 0, result.Error + result.Out);
        JsonNode audit = JsonNode.Parse(result.Out)!;
        Assert.Equal(0, (int)audit["mismatches"]!);
        Assert.Equal("cuda", (string?)audit["device"]!["kind"]);
    }

    [Fact]
    public void Outputs_are_those_of_the_software_gpu()
    {
        Gpu.Open().Dispose();
        using var folder = new TemporaryFolder();
        foreach (string device in new[] { "cuda", "sim" })
        {
            CliResult run = Cli.Run("run", "bert-base", "--seq", "9", "--device", device, "--save-outputs", folder.At(device));
            Assert.True(run.ExitCode == 0, run.Error);
        }

        CliResult compared = Cli.Run("compare", folder.At("sim"), folder.At("cuda"));
        Assert.True(compared.ExitCode == 0, compared.Out);
    }

    [Fact]
    public void Nvml_tells_clocks_and_temperature()
    {
        using CudaDevice device = Gpu.Open();
        using NvmlConditions? conditions = NvmlConditions.Open(Gpu.Api.Nvml, device.Properties.PciBusId, out string? whyNot);
        Assert.True(conditions is not null, whyNot);
        GpuConditions seen = conditions.Read();
        Assert.InRange(seen.SmClockMHz ?? 0, 1, 10_000);
        Assert.InRange(seen.TemperatureCelsius ?? 0, 1, 120);
    }
}
