using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Harness.Kernels.Native;
using Harness.Models.Weights;
using Harness.Tests.Shared.NativeDouble;

namespace Harness.Tests.CommandLine;

/// <summary>The verbs on the models that are small, and on stacks that the caller makes up.</summary>
public sealed class SmallModelTests
{
    [Theory]
    [InlineData("mnist-mlp", 1, 101_770)]
    [InlineData("mnist-mlp", 64, 101_770)]
    [InlineData("cifar-mlp", 2, 394_634)]
    [InlineData("mnist-cnn", 1, 813_802)]
    [InlineData("mnist-cnn", 5, 813_802)]
    [InlineData("mlp:100-50:nobias", 3, 5_000)]
    [InlineData("mlp:7-1-9-3", 4, 8 + 18 + 30)]
    [InlineData("mlp:1-1", 1, 2)]
    public void Every_byte_is_exact_on_both_devices_and_in_every_placement(string model, int batch, int parameters)
    {
        foreach (string device in (string[])["sim", "null"])
        {
            foreach (string placement in (string[])["planned", "online", "bump"])
            {
                CliResult result = Cli.Run("audit", model, "--batch", $"{batch}", "--device", device, "--placement", placement, "--json", "-");
                Assert.Equal(("", 0), (result.Error, result.ExitCode));
                JsonNode audit = JsonNode.Parse(result.Out)!;
                Assert.Equal(model, (string)audit["model"]!);
                Assert.Equal((parameters, parameters), ((int)audit["parameterCount"]!["analytic"]!, (int)audit["parameterCount"]!["observed"]!));
                Assert.Equal(0, (int)audit["mismatches"]!);
                Assert.Null(audit["seq"]);
                if (device == "sim")
                {
                    Assert.Equal("""{"unwritten":0,"unread":0,"outside":0}""", audit["touch"]!.ToJsonString());
                }
            }
        }
    }

    /// <summary>A stack needs no cuDNN, the network with convolutions does.</summary>
    [Theory]
    [InlineData("mnist-mlp")]
    [InlineData("mlp:100-50:nobias")]
    [InlineData("mnist-cnn")]
    public void Every_byte_is_exact_on_a_double_of_a_gpu(string model)
    {
        using var gpu = new FakeGpu();
        CliResult result = Cli.Run(gpu.Api, "audit", model, "--batch", "2", "--device", "cuda", "--json", "-");
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.Equal(0, (int)JsonNode.Parse(result.Out)!["mismatches"]!);
        Assert.Empty(gpu.Misuses);
        Assert.Empty(gpu.Leftovers());

        CudaApi without = gpu.Api with { Cudnn = new NativePart<ICudnn>(null, "cuDNN was not found; install it") };
        CliResult plain = Cli.Run(without, "audit", model, "--device", "cuda");
        Assert.Equal(model == "mnist-cnn" ? 3 : 0, plain.ExitCode);
    }

    [Fact]
    public void What_a_report_says_of_a_model_with_hardly_any_activations_is_true()
    {
        using var folder = new TemporaryFolder();
        CliResult result = Cli.Run("report", "--models", "mnist-mlp", "--batches", "1,2", "--device", "null", "--out", folder.Path);
        Assert.Equal(0, result.ExitCode);
        string text = File.ReadAllText(folder.At("report.md"));
        Assert.Contains("and inputs, outputs and all live together never exceed 0.01 MiB; the moment that decides is logits", text, StringComparison.Ordinal);
        Assert.DoesNotContain("times less", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mnist-mlp", "pixel_values")]
    [InlineData("mnist-cnn", "pixel_values")]
    [InlineData("mlp:6-5-4:nobias", "inputs")]
    public void What_was_saved_runs_again_to_the_same_bytes(string model, string input)
    {
        using var folder = new TemporaryFolder();
        string weights = folder.At("weights"), inputs = folder.At("inputs");
        string[] size = ["run", model, "--batch", "2", "--device", "sim", "--json", "-"];
        CliResult first = Cli.Run(
            [.. size, "--seed", "7", "--save-weights", weights, "--save-inputs", inputs, "--save-outputs", folder.At("first")]);
        CliResult second = Cli.Run([.. size, "--weights", weights, "--inputs", inputs, "--save-outputs", folder.At("second")]);
        Assert.Equal(("", 0, 0), (first.Error + second.Error, first.ExitCode, second.ExitCode));
        Assert.Equal(File.ReadAllBytes(folder.At("first")), File.ReadAllBytes(folder.At("second")));
        Assert.Contains($"\"{input}\"", File.ReadAllText(inputs), StringComparison.Ordinal);
        Assert.Contains("\"name\":\"logits\"", JsonNode.Parse(second.Out)!["outputs"]!.ToJsonString(), StringComparison.Ordinal);
    }

    /// <summary>The loss, and of every parameter the gradient and what the update made of it: w less 0.001 times the gradient.</summary>
    [Theory]
    [InlineData("mnist-cnn")]
    [InlineData("mlp:6-5-4:nobias")]
    public void A_training_step_can_be_saved_and_taken_again(string model)
    {
        using var folder = new TemporaryFolder();
        string weights = folder.At("weights"), inputs = folder.At("inputs");
        string[] step = ["run", model, "--batch", "3", "--pass", "training", "--optimizer", "sgd", "--device", "sim", "--json", "-"];
        CliResult first = Cli.Run(
            [.. step, "--seed", "7", "--save-weights", weights, "--save-inputs", inputs, "--save-outputs", folder.At("first")]);
        CliResult second = Cli.Run([.. step, "--weights", weights, "--inputs", inputs, "--save-outputs", folder.At("second")]);
        Assert.Equal(("", 0, 0), (first.Error + second.Error, first.ExitCode, second.ExitCode));
        Assert.Equal(File.ReadAllBytes(folder.At("first")), File.ReadAllBytes(folder.At("second")));
        JsonNode json = JsonNode.Parse(second.Out)!;
        Assert.Equal(("training", "sgd", "loss"), ((string?)json["pass"], (string?)json["optimizer"], (string?)json["outputs"]![0]!["name"]));

        using SafetensorsFile before = SafetensorsFile.Open(weights), after = SafetensorsFile.Open(folder.At("second"));
        Assert.Equal(2 * before.Entries.Count + 1, after.Entries.Count);
        foreach (string name in before.Entries.Keys)
        {
            float[] w = Reals(before, name), gradient = Reals(after, $"{name}.grad"), updated = Reals(after, name);
            Assert.Contains(gradient, element => element != 0);
            Assert.All(updated.Zip(w, gradient), element => Assert.Equal(element.Second - 1e-3 * element.Third, element.First, 1e-7));
        }

        Cli.Run([.. step, "--micro-batch", "1"]).IsOneLineError(2, "--micro-batch", "run");
        Cli.Run("run", model, "--optimizer", "sgd").IsOneLineError(2, "--optimizer", "--pass training");
    }

    private static float[] Reals(SafetensorsFile file, string name)
    {
        SafetensorsEntry entry = file.Entries[name];
        byte[] bytes = new byte[entry.Bytes];
        file.Read(entry, 0, bytes);
        return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }

    [Fact]
    public void A_file_with_another_models_weights_is_named()
    {
        using var folder = new TemporaryFolder();
        string weights = folder.At("weights");
        Assert.Equal(0, Cli.Run("run", "mlp:6-5-4", "--device", "sim", "--save-weights", weights).ExitCode);
        Cli.Run("run", "mlp:6-5-4-3", "--device", "sim", "--weights", weights).IsOneLineError(2, "layer3.weight");
        Cli.Run("run", "mlp:6-5-4:nobias", "--device", "sim", "--weights", weights).IsOneLineError(2, "layer1.bias");
        Cli.Run("run", "mlp:6-4-4", "--device", "sim", "--weights", weights).IsOneLineError(2, "layer1.weight", "[5,6]", "[4,6]");
    }

    [Fact]
    public void A_report_takes_any_model_and_compares_it_with_the_published_ones()
    {
        using var folder = new TemporaryFolder();
        CliResult result = Cli.Run(
            "report", "--models", "mlp:100-50:nobias,mnist-cnn,vgg16,mnist-mlp", "--batches", "1,2,4", "--device", "null", "--out", folder.Path);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        JsonNode report = JsonNode.Parse(File.ReadAllText(folder.At("report.json")))!;
        Assert.Equal(
            ["vgg16", "mlp:100-50:nobias", "mnist-cnn", "mnist-mlp"],
            report["configurations"]!.AsArray().Select(configuration => (string)configuration!["model"]!).Distinct());
        Assert.Equal(12, report["configurations"]!.AsArray().Count);
        Assert.Equal(0, (int)report["mismatches"]!);
        Assert.DoesNotContain("NaN", File.ReadAllText(folder.At("report.md")), StringComparison.Ordinal);
        Assert.DoesNotContain("∞", File.ReadAllText(folder.At("report.md")), StringComparison.Ordinal);
    }
}
