using System.Text.Json.Nodes;

namespace Harness.Tests.CommandLine;

public sealed class KernelsListTests
{
    [Fact]
    public void Without_a_device_the_catalog_is_all_there_is()
    {
        CliResult result = Cli.Run("kernels", "list", "--json", "-");
        Assert.Equal(0, result.ExitCode);
        JsonNode json = JsonNode.Parse(result.Out)!;
        Assert.Contains("softmax_v2", json["entries"]!.AsArray().Select(entry => (string?)entry!["name"]));
        Assert.Null(json["device"]);
        Assert.Null(json["compiled"]);
        Assert.Equal(result.Out, Cli.Run("kernels", "--json", "-").Out);
    }

    [Fact]
    public void Only_a_GPU_has_a_compiler_to_ask()
    {
        Cli.Run("kernels", "list", "--device", "sim").IsOneLineError(2, "--device sim", "--device cuda");
        Cli.Run("kernels", "list", "--device", "null").IsOneLineError(2, "--device null");
        Cli.Run("kernels", "--device", "cuda").IsOneLineError(3, "no driver in tests");
        Cli.Run("kernels", "list", "--math", "tf32").IsOneLineError(2, "--math");
    }
}
