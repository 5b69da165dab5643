using System.Text.Json;
using Harness.CommandLine;

namespace Harness.Tests.Benchmarks;

/// <summary><c>harness bench</c> as typed, on the software GPU with a running clock; only the smallest kernel is timed.</summary>
public sealed class BenchTests
{
    private static CliResult Run(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var host = new CommandHost(
            output, error, OutIsTerminal: false, ErrorIsTerminal: false, TimeProvider.System,
            new MachineDescription("test processor", 2, "test system", "test runtime"));
        return new CliResult(HarnessProgram.Run(args, host), output.ToString(), error.ToString());
    }

    [Fact]
    public void A_kernel_is_timed_and_told_as_a_table_as_json_and_in_benchmark_dot_nets_exports()
    {
        using var folder = new TemporaryFolder();
        string json = Path.Combine(folder.Path, "bench.json");
        CliResult result = Run("bench", "kernels", "bert-base extended_attention_mask", "--device", "sim", "--out", folder.Path, "--json", json);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("attention_mask", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("% of copy", result.Out, StringComparison.Ordinal); // nothing to compare with on this device

        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        JsonElement root = document.RootElement;
        Assert.Equal(
            ["schema", "device", "machine", "limits", "seed", "peaks", "valid", "findings", "groups", "arena"],
            root.EnumerateObject().Select(property => property.Name));
        Assert.Equal("harness.bench/1", root.GetProperty("schema").GetString());
        Assert.Equal("sim", root.GetProperty("device").GetProperty("kind").GetString());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("limits").ValueKind);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("peaks").GetProperty("copyBytesPerSecond").ValueKind);
        Assert.True(root.GetProperty("peaks").GetProperty("gemmFlopsPerSecond").GetDouble() > 0);

        JsonElement kernel = root.GetProperty("groups")[0].GetProperty("results")[0];
        Assert.Equal("attention_mask", kernel.GetProperty("kernel").GetString());
        Assert.Equal(512 * 8, kernel.GetProperty("compulsoryReadBytes").GetInt64());
        Assert.Equal(512 * 4, kernel.GetProperty("compulsoryWrittenBytes").GetInt64());
        Assert.Equal(512 * 8, kernel.GetProperty("countedReadBytes").GetInt64());
        Assert.Equal(2 * 512, kernel.GetProperty("flops").GetInt64());
        Assert.Equal(JsonValueKind.Null, kernel.GetProperty("cold").ValueKind);
        JsonElement warm = kernel.GetProperty("warm");
        Assert.True(warm.GetProperty("medianSeconds").GetDouble() > 0);
        Assert.Equal(warm.GetProperty("kept").GetInt32() + warm.GetProperty("discarded").GetInt32(), warm.GetProperty("samples").GetArrayLength());
        Assert.Equal(0, warm.GetProperty("managedBytes").GetInt64());

        string markdown = File.ReadAllText(Directory.GetFiles(Path.Combine(folder.Path, "kernels", "results"), "*.md").Single());
        Assert.Contains("bert-base extended_attention_mask", markdown, StringComparison.Ordinal);
        Assert.Contains("| best", markdown, StringComparison.Ordinal);
        using JsonDocument exported = JsonDocument.Parse(File.ReadAllText(Directory.GetFiles(Path.Combine(folder.Path, "kernels", "results"), "*.json").Single()));
        Assert.Equal(
            warm.GetProperty("medianSeconds").GetDouble() * 1e9,
            exported.RootElement.GetProperty("Benchmarks")[0].GetProperty("Statistics").GetProperty("Median").GetDouble(), 1.0);
    }

    [Theory]
    [InlineData("bench kernel", "'kernel'", "did you mean 'kernels'", "arena, conv, gemm, kernels, models")]
    [InlineData("bench kernels softmx_v2 --device sim", "'softmx_v2'", "did you mean 'softmax_v2'", "tensor_add")]
    [InlineData("bench arena online", "'online'", "arena")]
    [InlineData("bench kernels --device null", "--device null", "bench", "--device sim")]
    [InlineData("bench gemm 4096^3 --device sim", "'4096^3'", "bytes", "67108864")]
    [InlineData("bench --seed -1", "--seed", "'-1'")]
    public void Bad_input_is_one_line(string line, params string[] words)
    {
        using var folder = new TemporaryFolder();
        Cli.Run([.. line.Split(' '), "--out", folder.Path]).IsOneLineError(2, words);
    }

    [Fact]
    public void An_export_folder_that_cannot_be_is_named()
    {
        using var folder = new TemporaryFolder();
        Cli.Run("bench", "kernels", "--device", "sim", "--out", folder.Write("file", "")).IsOneLineError(2, "--out", "file");
    }
}
