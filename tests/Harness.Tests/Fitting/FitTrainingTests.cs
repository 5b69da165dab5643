using System.Text.Json.Nodes;
using CsCheck;
using Harness.Fitting;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Training;
using Harness.Passes;

namespace Harness.Tests.Fitting;

/// <summary>What fits of a training step: parameters, gradients, optimizer state and the arena of the step's only pass.</summary>
public sealed class FitTrainingTests
{
    private static JsonNode Ask(string line)
    {
        CliResult result = Cli.Run(["fit", .. line.Split(' '), "--pass", "training", "--json", "-"]);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        return JsonNode.Parse(result.Out)!;
    }

    private static Configuration Trained(Model model, long batch, Optimizer optimizer)
    {
        var step = TrainingStep.Of(model, model.Size(batch), new TrainingChoice(optimizer));
        return new Configuration(model, step.PassSize, step.Passes.Single().Pass);
    }

    /// <summary>What a size takes, from its program and plan alone: no formula, no search.</summary>
    private static long Taken(Model model, long batch, Optimizer optimizer)
    {
        using var device = new NullDevice();
        StepProgram program = Trained(model, batch, optimizer).Program(device);
        return ParameterRegion.CapacityFor(program.Tensors.Where(tensor => tensor.Category.IsPersistent()))
            + MemoryPlanner.Plan(program, Placement.Planned).CapacityBytes;
    }

    /// <param name="batches">are tried, of which the last third needs more than any memory here, whatever its workspace</param>
    /// <param name="stepBytes">from one memory to the next</param>
    [Theory]
    [InlineData("mnist-cnn", Optimizer.Adam, 90, 577_777)]
    [InlineData("mnist-mlp", Optimizer.Momentum, 60, 7_777)]
    [InlineData("mlp:4-3-2", Optimizer.Sgd, 300, 111)]
    [InlineData("mlp:10-3-50-2-70-1-9:nobias", Optimizer.AdamW, 120, 777)]
    public void It_finds_what_trying_every_batch_finds(string name, Optimizer optimizer, int batches, long stepBytes)
    {
        Model model = ModelCatalog.Find(name);
        long[] taken = [.. Enumerable.Range(1, batches).Select(batch => Taken(model, batch, optimizer))];
        long memory = taken[0];
        for (; memory < taken[2 * batches / 3]; memory += stepBytes)
        {
            var search = new FitSearch(Trained(model, 1, optimizer), Dimension.Batch, null);
            Assert.Equal(1 + Array.FindLastIndex(taken, bytes => bytes <= memory), search.Largest(memory - search.PersistentBytes));
        }

        JsonNode json = Ask($"{name} --optimizer {TrainingLabels.Of(optimizer)} --vram {memory}");
        int largest = (int)json["largest"]!;
        Assert.Equal(1 + Array.FindLastIndex(taken, bytes => bytes <= memory), largest);
        Assert.Equal((taken[largest - 1], taken[largest]), ((long)json["bytesAtLargest"]!, (long)json["bytesAtNext"]!));
    }

    [Theory]
    [InlineData("mnist-cnn", "--optimizer adam", "1GiB", "batch", "")]
    [InlineData("vgg16", "--optimizer momentum --dropout 0 --workspace 32", "4GiB", "batch", "")]
    [InlineData("bert-base", "--optimizer adamw", "4GiB", "batch", "--seq 33")]
    [InlineData("bert-base", "--recompute block", "2GiB", "seq", "--batch 9")]
    [InlineData("t5-small", "--optimizer sgd --dropout 0.2", "2GiB", "batch", "--seq 17 --decoder-seq 5")]
    public void An_audit_of_the_largest_takes_what_was_said(string model, string options, string memory, string over, string held)
    {
        string line = $"{model} {options} {held}".TrimEnd();
        JsonNode json = Ask($"{line} --over {over} --vram {memory}");
        JsonNode audit = JsonNode.Parse(Cli.Run(
            ["audit", .. line.Split(' '), $"--{over}", $"{(long)json["largest"]!}", "--pass", "training", "--device", "null", "--json", "-"]).Out)!;
        JsonNode need = json["atLargest"]!;
        Assert.Equal((long)audit["arena"]!["capacity"]!, (long)need["arena"]!["capacity"]!);
        Assert.Equal((long)audit["peakLive"]!["observed"]!, (long)need["peak"]!["analytic"]!);
        foreach (string category in (string[])["parameters", "gradients", "optimizerState"])
        {
            Assert.Equal((long)audit["bytes"]![category]!["observed"]!, (long)need[category]!["analytic"]!);
        }

        foreach (string key in (string[])["batch", "pass", "optimizer", "microBatch", "dropout", "recompute"])
        {
            Assert.Equal(audit[key]!.ToJsonString(), json[key]!.ToJsonString());
        }

        Assert.True((long)json["bytesAtLargest"]! <= (long)json["vram"]! && (long)json["vram"]! < (long)json["bytesAtNext"]!);
    }

    /// <summary>The argument that nothing larger fits rests on this in training, too (<see cref="FitTests"/>).</summary>
    [Fact]
    public void The_peak_without_workspace_never_falls_and_never_exceeds_the_one_with_it()
    {
        Model[] models = [.. ModelCatalog.All, ModelCatalog.Find("mlp:9-2-30-1-7")];
        Gen.Select(
            Gen.Int[0, models.Length - 1], Gen.Long[1, 3000], Gen.Long[1, 462], Gen.Long[1, 300], Gen.Long[1, 50], Gen.Bool, Gen.Bool).Sample(
            (index, batch, sequence, decoder, more, longer, recompute) =>
            {
                Model model = models[index];
                ModelSize size = model.Size(
                    batch, model.Sequence is null ? null : sequence, model.DecoderSequence is null ? null : decoder);
                ModelSize larger = longer && model.Sequence is not null
                    ? size with { Sequence = sequence + more }
                    : size with { Batch = batch + more };
                var choice = new TrainingChoice(Optimizer.Adam, RecomputeBlocks: recompute && model.Training.HasBlocks);
                long Peak(ModelSize of, long? workspace) =>
                    model.Training.Account(of, TrainingStep.Of(model, of, choice).Passes.Single().Pass, workspace).Peak.Bytes;
                long without = Peak(size, 0);
                return without <= Peak(larger, 0) && without <= Peak(size, null) && Peak(size, 1 << 20) <= Peak(larger, 1 << 20);
            },
            iter: 300);
    }

    /// <summary>
    /// mlp:4-3 has 15 parameters in 2 tensors, each rounded up to 256 bytes, and as many gradients, and two states each with Adam; the optimizers without
    /// state or with one take less.
    /// </summary>
    [Theory]
    [InlineData("sgd", 1_024, "parameters and gradients")]
    [InlineData("momentum", 1_536, "parameters, gradients and optimizer state")]
    [InlineData("adam", 2_048, "parameters, gradients and optimizer state")]
    public void What_is_held_is_counted_in_what_is_missing(string optimizer, long heldBytes, string words)
    {
        string[] line = ["fit", "mlp:4-3", "--pass", "training", "--optimizer", optimizer, "--vram"];
        Cli.Run([.. line, "1000"]).IsOneLineError(2, $"the {words} of mlp:4-3 alone take {heldBytes}, {heldBytes - 1000} are missing");
        Cli.Run([.. line, $"{heldBytes}"]).IsOneLineError(2, $"({words} {heldBytes}, arena", "are missing");
    }

    [Theory]
    [InlineData("mnist-mlp --vram 1GiB --pass training --micro-batch 1", "--micro-batch fixes what fit solves")]
    [InlineData("mnist-mlp --vram 1GiB --pass training --batch 4", "--batch does not apply with --over batch")]
    [InlineData("mnist-mlp --vram 1GiB --micro-batch 1", "--micro-batch applies to a training step", "--pass training")]
    [InlineData("mnist-mlp --vram 1GiB --optimizer adam", "--optimizer applies to a training step", "--pass training")]
    public void Bad_input_is_one_line_that_names_it(string line, params string[] words) =>
        Cli.Run(["fit", .. line.Split(' ')]).IsOneLineError(2, words);
}
