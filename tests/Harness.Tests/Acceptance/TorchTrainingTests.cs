using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Harness.Acceptance;

namespace Harness.Tests.Acceptance;

/// <summary>
/// The script of PyTorch's training steps, run on <c>FakeTorch</c>: what it asks of PyTorch, and what it makes of the answers. That PyTorch is
/// so can only be seen where there is one.
/// </summary>
public sealed class TorchTrainingTests
{
    /// <summary>BERT-base (published) with its head of two classes.</summary>
    private const long ParameterBytes = 4 * (109_482_240L + (2 * 768) + 2);

    private const long InputBytes = 8 * ((3 * 2 * 8) + 2); // words, token types and mask of 2 sequences of 8; labels
    private const long Activations = 10_000;
    private const long Temporary = 3_000;

    [Fact]
    public async Task Time_and_bytes_of_a_step_stand_beside_the_audits()
    {
        using var folder = new TemporaryFolder();
        string[] audits = [.. Audit(folder, "adam", "0.1"), .. Audit(folder, "sgd", "0.1"), .. Audit(folder, "adam", "0")];
        (int exitCode, string output) = await Run(folder, "", audits);
        Assert.True(exitCode == 0, output);
        Assert.Contains("a step with adam 0.1: 2.000 ms, rest 0.01 MiB (harness ", output, StringComparison.Ordinal);

        JsonArray steps = Steps(folder);
        Assert.Equal(["adam 0.1", "sgd 0.1", "adam 0.0"], steps.Select(step => $"{step!["optimizer"]} {step["dropout"]!.ToJsonString()}"));
        foreach (JsonNode? step in steps)
        {
            JsonNode memory = step!["memory"]!, parts = memory["torch"]!["parts"]!, requested = memory["torch"]!["requested"]!, beside = memory["beside"]!;
            long state = (string)step["optimizer"]! == "adam" ? 2 * ParameterBytes : 0, always = (2 * ParameterBytes) + state;
            Assert.Equal([ParameterBytes, ParameterBytes, state, InputBytes], Numbers(parts, "parameters", "gradients", "optimizerState", "inputs"));

            // Gradients go first; the forward pass has none, the backward pass all at its end beside the activations, the update its own.
            long before = always + InputBytes;
            Assert.Equal(
                [before, before - ParameterBytes + Activations, before + Activations, before + Temporary],
                Numbers(requested["peaks"]!, "zeroGradients", "forward", "backward", "update"));
            Assert.Equal([before, before + Activations, InputBytes + Activations, InputBytes], Numbers(requested, "before", "peak", "rest", "heldBesides"));
            Assert.Equal([ParameterBytes, ParameterBytes], Numbers(beside["parameters"]!, "harness", "torch"));
            Assert.Equal([ParameterBytes, ParameterBytes], Numbers(beside["gradients"]!, "harness", "torch"));
            Assert.Equal([state, state], Numbers(beside["optimizerState"]!, "harness", "torch"));
            long live = (long)JsonNode.Parse(File.ReadAllText(folder.At(FileOf(step))))!["peakLive"]!["observed"]!;
            Assert.Equal([live, InputBytes + Activations], Numbers(beside["rest"]!, "harness", "torch"));
            Assert.Equal([always + live, before + Activations], Numbers(beside["peak"]!, "harness", "torch"));

            // Rounded up to 512 bytes a tensor: three inputs of 128 bytes, labels of 16, two parameters.
            Assert.True((long)memory["torch"]!["allocated"]!["rest"]! > InputBytes + Activations);
            Assert.Equal(0.002, (double)step["latency"]!["deviceSeconds"]!["median"]!, 1e-9);
            Assert.Equal(0.002, (double)step["latency"]!["queuedSeconds"]!["median"]!, 1e-9);
            Assert.Equal(0, (double)step["latency"]!["deviceSeconds"]!["relativeSpread"]!, 1e-9);
        }
    }

    [Fact]
    public async Task A_model_with_other_parameters_fails()
    {
        using var folder = new TemporaryFolder();
        (int exitCode, string output) = await Run(folder, "1", Audit(folder, "sgd", "0.1"));
        Assert.True(exitCode == 1, output);
        Assert.Contains("sgd, dropout 0.1: the models have not the same parameters", output, StringComparison.Ordinal);
    }

    /// <summary>An audit may have failed in its own step: PyTorch's figures are there all the same, and the step fails.</summary>
    [Theory]
    [InlineData("sgd", "no-such-file")]
    [InlineData("adam", "audit-sgd-0.1")] // of another optimizer
    public async Task Without_its_audit_a_step_is_measured_and_the_run_fails(string optimizer, string file)
    {
        using var folder = new TemporaryFolder();
        Audit(folder, "sgd", "0.1");
        (int exitCode, string output) = await Run(folder, "", "--audit", optimizer, "0.1", folder.At($"{file}.json"));
        Assert.True(exitCode == 1, output);
        Assert.Contains(file, output, StringComparison.Ordinal);
        Assert.True((double)Steps(folder)[0]!["latency"]!["deviceSeconds"]!["median"]! > 0);
    }

    /// <summary>Likewise where the step that was to be compared is not there.</summary>
    [Fact]
    public async Task Without_our_step_the_others_are_measured_and_the_run_fails()
    {
        using var folder = new TemporaryFolder();
        string missing = folder.At("no-weights");
        (int exitCode, string output) = await Run(folder, "", [.. Audit(folder, "sgd", "0.1"), "--step", missing, missing, missing]);
        Assert.True(exitCode == 1, output);
        Assert.Contains("the same step: ", output, StringComparison.Ordinal);
        Assert.Contains("no-weights", output, StringComparison.Ordinal);
        Assert.True((double)Steps(folder)[0]!["latency"]!["deviceSeconds"]!["median"]! > 0);
    }

    [Theory]
    [InlineData(3, "vgg16", "sgd", "0.1")] // there is no double of torchvision
    [InlineData(2, "bert-base", "rmsprop", "0.1")]
    [InlineData(2, "bert-base", "sgd", "1")]
    [InlineData(2, "gpt", "sgd", "0.1")]
    public async Task What_is_missing_or_wrong_is_said_with_its_exit_code(int expected, string model, string optimizer, string dropout)
    {
        using var folder = new TemporaryFolder();
        (int exitCode, string output) = await Run(folder, "", model, ["--audit", optimizer, dropout, "none"]);
        Assert.True(exitCode == expected, output);
        Assert.DoesNotContain("Traceback", output, StringComparison.Ordinal);
    }

    private static string FileOf(JsonNode step) =>
        $"audit-{step["optimizer"]}-{((double)step["dropout"]!).ToString(System.Globalization.CultureInfo.InvariantCulture)}.json";

    private static long[] Numbers(JsonNode of, params string[] keys) => [.. keys.Select(key => (long)of[key]!)];

    private static JsonArray Steps(TemporaryFolder folder) => JsonNode.Parse(File.ReadAllText(folder.At("training.json")))!["steps"]!.AsArray();

    /// <summary>The option for a step, its file written by the verb itself.</summary>
    private static string[] Audit(TemporaryFolder folder, string optimizer, string dropout)
    {
        string file = folder.At($"audit-{optimizer}-{dropout}.json");
        CliResult audit = Cli.Run(
            "audit", "bert-base", "--batch", "2", "--seq", "8", "--pass", "training", "--optimizer", optimizer, "--dropout", dropout, "--device", "null",
            "--json", file);
        Assert.True(audit.ExitCode == 0, audit.Error);
        return ["--audit", optimizer, dropout, file];
    }

    private static Task<(int ExitCode, string Output)> Run(TemporaryFolder folder, string moreParameters, params string[] audits) =>
        Run(folder, moreParameters, "bert-base", audits);

    private static async Task<(int ExitCode, string Output)> Run(TemporaryFolder folder, string moreParameters, string model, string[] audits)
    {
        ToolPlaces.WriteScripts(folder.Path);
        var start = new ProcessStartInfo("python3")
        {
            // -S: without the packages that this machine may have.
            ArgumentList =
            {
                "-S", "-B", folder.At(ToolPlaces.TorchTraining), model, "--batch", "2", "--seq", "8", "--seconds", "0", "--json", folder.At("training.json"),
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONPATH"] = Path.Combine(AppContext.BaseDirectory, "Acceptance", "FakeTorch");
        start.Environment["FAKE_MORE_PARAMETERS"] = moreParameters.Length == 0 ? "0" : moreParameters;
        foreach (string argument in audits)
        {
            start.ArgumentList.Add(argument);
        }

        using Process? script = Started(start);
        Assert.SkipWhen(script is null, "needs python3");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        Task<string> output = script.StandardOutput.ReadToEndAsync(patience.Token), error = script.StandardError.ReadToEndAsync(patience.Token);
        await script.WaitForExitAsync(patience.Token);
        return (script.ExitCode, await output + await error);
    }

    private static Process? Started(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
