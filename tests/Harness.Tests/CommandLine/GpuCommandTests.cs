using System.Text.Json.Nodes;
using Harness.Kernels.Native;
using Harness.Tests.Shared.NativeDouble;

namespace Harness.Tests.CommandLine;

/// <summary>The verbs on a double of a GPU, from the command line to the native calls.</summary>
public sealed class GpuCommandTests
{
    [Fact]
    public void Auto_takes_a_gpu_that_works_and_an_audit_on_it_is_exact()
    {
        using var gpu = new FakeGpu();
        CliResult result = Cli.Run(gpu.Api, "audit", "t5-small", "--seq", "2", "--json", "-");
        Assert.Equal("device: cuda, NVIDIA Double (auto: it works here)\n", result.Error);
        Assert.Equal(0, result.ExitCode);
        JsonNode json = JsonNode.Parse(result.Out)!;
        Assert.Equal(0, (int)json["mismatches"]!);
        JsonNode device = json["device"]!;
        Assert.Equal(
            ["cuda", "NVIDIA Double", "33554432", "0", "8.6", "12.4", "12.6.4", "9.6.0", "fp32", "false", "false"],
            new[] { "kind", "name", "convolutionWorkspace", "index", "computeCapability", "driverCuda", "cublas", "cudnn", "math", "graph", "check" }
                .Select(key => device[key]!.ToString()));
        JsonNode driver = json["driver"]!;
        Assert.Equal(gpu.Script.MemoryBytes - gpu.Script.OtherProcessesBytes, (long)driver["before"]!);
        Assert.Equal((long)driver["before"]! - (long)driver["after"]! - (long)driver["requested"]!, (long)driver["unaccounted"]!);
        Assert.Equal(0, (long)driver["secondPassMoved"]!);
        Assert.Equal(
            ["context", "libraries", "modules", "staging", "parameters", "arena", "first pass", "second pass"],
            driver["stages"]!.AsArray().Select(stage => (string)stage!["name"]!));
        Assert.Empty(driver["warnings"]!.AsArray());
        Assert.Empty(gpu.Leftovers());
        Assert.Empty(gpu.Misuses);
    }

    [Fact]
    public void A_configuration_that_does_not_fit_ends_with_one_line_and_the_largest_batch()
    {
        using var gpu = new FakeGpu();
        Cli.Run(gpu.Api, "audit", "vgg16", "--batch", "4096", "--device", "cuda")
            .IsOneLineError(3, "vgg16, batch 4096 needs", "NVIDIA Double", "are free", "cuBLAS workspace", "the largest batch that fits is");
        Assert.Empty(gpu.Leftovers());
    }

    [Fact]
    public void A_gpu_that_is_not_there_is_named()
    {
        using var gpu = new FakeGpu();
        Cli.Run(gpu.Api, "audit", "vgg16", "--device", "cuda:3").IsOneLineError(3, "cuda", "3");
    }

    [Fact]
    public void Without_cublas_cuda_is_refused_and_auto_says_so()
    {
        using var gpu = new FakeGpu();
        CudaApi without = gpu.Api with { Cublas = new NativePart<ICublas>(null, "cuBLAS was not found; install it") };
        Cli.Run(without, "audit", "bert-base", "--device", "cuda").IsOneLineError(3, "cuBLAS was not found; install it");
        CliResult result = Cli.Run(without, "kernels", "check", "bias");
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("device: sim, the software GPU (auto: cuBLAS was not found; install it)", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_on_a_gpu_checks_the_kernels_first_and_shows_the_drivers_memory_of_every_configuration()
    {
        using var gpu = new FakeGpu();
        using var folder = new TemporaryFolder();
        CliResult result = Cli.Run(
            gpu.Api with { Cudnn = new NativePart<ICudnn>(null, "cuDNN was not found; install it") },
            "report", "--models", "t5-small", "--batches", "1", "--seqs", "1", "--device", "cuda", "--graph", "--out", folder.Path);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        string markdown = File.ReadAllText(folder.At("report.md"));
        Assert.Contains("Device: cuda (NVIDIA Double, GPU 0,", markdown, StringComparison.Ordinal);
        Assert.Contains("no cuDNN; math fp32, graph on; convolution workspace 32 MiB)", markdown, StringComparison.Ordinal);
        Assert.Contains("(without cuDNN not: convolution, convolution_weight_backward, convolution_data_backward, max_pool)", markdown, StringComparison.Ordinal);
        Assert.Contains("### The driver's memory, by configuration (bytes)", markdown, StringComparison.Ordinal);
        JsonArray configurations = JsonNode.Parse(File.ReadAllText(folder.At("report.json")))!["configurations"]!.AsArray();
        Assert.Equal(2, configurations.Count);
        Assert.All(configurations, configuration => Assert.Equal(0, (long)configuration!["driver"]!["secondPassMoved"]!));
        Assert.Empty(gpu.Leftovers());
        Assert.Empty(gpu.Misuses);
    }

    [Fact]
    public void Anybodys_ptx_runs_on_a_gpu()
    {
        using var gpu = new FakeGpu();
        using var folder = new TemporaryFolder();
        string file = folder.Write(
            "k.ptx",
            """
            .version 6.4
            .target sm_75
            .address_size 64
            .visible .entry k(.param .u64 y, .param .u32 v)
            {
                .reg .u64 %rd<2>;
                .reg .u32 %r<2>;
                ld.param.u64 %rd1, [y];
                ld.param.u32 %r1, [v];
                st.global.u32 [%rd1], %r1;
                ret;
            }

            """);
        CliResult result = Cli.Run(
            gpu.Api, "ptx", "run", file, "--entry", "k", "--grid", "1", "--block", "1", "--arg", $"out:{folder.At("y.bin")}:8", "--arg", "u32:7",
            "--device", "cuda");
        Assert.Equal("", result.Error);
        Assert.Equal("k: done on cuda (NVIDIA Double), which counts no instructions and no bytes\n", result.Out);
        Assert.Equal<byte>([7, 0, 0, 0, 0, 0, 0, 0], File.ReadAllBytes(folder.At("y.bin")));
        Assert.Empty(gpu.Leftovers());
    }

    [Fact]
    public void Kernels_are_checked_on_a_gpu_in_the_arithmetic_that_was_asked_for()
    {
        using var gpu = new FakeGpu();
        CliResult result = Cli.Run(gpu.Api, "kernels", "check", "gemm", "--device", "cuda", "--math", "tf32", "--json", "-");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("tf32", (string)JsonNode.Parse(result.Out)!["device"]!["math"]!);
    }
}
