using System.Text.Json.Nodes;

namespace Harness.Tests.Explain;

/// <summary>A pass of a training step, explained: what is held, why error signals and masks live, and what an audit says of the same pass.</summary>
public sealed class ExplainTrainingTests
{
    private static readonly string[] s_words = ["--pass", "training", "--optimizer", "momentum"];

    [Theory]
    [InlineData("mnist-mlp --batch 3")]
    [InlineData("mnist-cnn --batch 4 --micro-batch 2")]
    [InlineData("bert-base --batch 2 --seq 9")]
    [InlineData("t5-small --batch 3 --micro-batch 1 --seq 5 --decoder-seq 4 --recompute block")]
    public void It_says_what_an_audit_says(string line)
    {
        string[] words = [.. line.Split(' '), .. s_words];
        JsonNode audit = JsonNode.Parse(Cli.Run(["audit", .. words, "--device", "null", "--json", "-"]).Out)!;
        JsonNode peak = ExplainByHandTests.Ask([.. words, "--peak"]);
        Assert.Equal((long)audit["peakLive"]!["observed"]!, (long)peak["peak"]!["bytes"]!);
        Assert.Equal((string)audit["peak"]!["step"]!, (string)peak["peak"]!["at"]!["name"]!);
        Assert.Equal((long)audit["arena"]!["capacity"]!, (long)peak["capacity"]!);
        foreach (string key in (string[])["batch", "pass", "optimizer", "microBatch", "dropout", "recompute"])
        {
            Assert.Equal(audit[key]!.ToJsonString(), peak[key]!.ToJsonString());
        }

        JsonNode?[] rows = [.. audit["buffers"]!.AsArray()];
        Assert.All(rows.Where((_, index) => index % (rows.Length / 6) == 0), row =>
        {
            JsonNode tensor = ExplainByHandTests.Ask([.. words, "--tensor", (string)row!["name"]!])["tensor"]!;
            foreach (string key in (string[])["category", "dtype", "formula", "analytic", "observed", "reserved", "offset", "firstStep", "lastStep"])
            {
                Assert.Equal(row[key]?.ToJsonString(), tensor[key]?.ToJsonString());
            }
        });
    }

    [Theory]
    [InlineData("mnist-mlp", "layer1.weight", "parameters", "step 13 'layer1.weight:momentum' updates it")]
    [InlineData("mnist-mlp", "layer1.weight.momentum_buffer", "optimizerState", "from update to update; step 13 'layer1.weight:momentum' works on it")]
    [InlineData("mnist-mlp", "layer1.weight.grad", "gradients", "step 12 'layer1.weight.grad' writes it first, and step 13 'layer1.weight:momentum' reads it last")]
    [InlineData("mnist-mlp --batch 2 --micro-batch 1", "layer1.weight.grad", "gradients", "'layer1.weight.grad:from:layer1.output' is the first that adds to it")]
    [InlineData("mnist-mlp", "layer1.output.grad", "errorSignals", "step 12 'layer1.weight.grad' reads it last, and then it dies")]
    [InlineData("bert-base", "pooler_output.dropout_mask", "activations", "'pooler_output.grad' reads it last, and then it dies")]
    [InlineData("mnist-mlp", "loss", "outputs", "so it lives to the end")]
    public void Why_a_tensor_lives_is_said_by_its_category(string model, string name, string category, string why)
    {
        JsonNode tensor = ExplainByHandTests.Ask([.. model.Split(' '), .. s_words, "--tensor", name])["tensor"]!;
        Assert.Equal(category, (string)tensor["category"]!);
        Assert.Contains(why, (string)tensor["why"]!, StringComparison.Ordinal);
        Assert.Equal(category is "parameters" or "gradients" or "optimizerState" ? "parameters" : "arena", (string)tensor["region"]!);
    }

    /// <summary>The words are sentences' words, never a type's name.</summary>
    [Theory]
    [InlineData("vgg16")]
    [InlineData("bert-base --optimizer adamw")]
    [InlineData("t5-small --optimizer sgd --recompute block")]
    [InlineData("t5-small --batch 2 --micro-batch 1")]
    [InlineData("mnist-cnn")]
    public void Every_step_is_described(string line)
    {
        string[] words = [.. line.Split(' '), "--pass", "training"];
        int steps = (int)ExplainByHandTests.Ask([.. words, "--step", "0"])["steps"]!;
        for (int step = 0; step < steps; step += Math.Max(1, steps / 20))
        {
            string kind = (string)ExplainByHandTests.Ask([.. words, "--step", $"{step}"])["step"]!["kind"]!;
            Assert.DoesNotContain("Step", kind, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("mnist-mlp --peak --optimizer adam", "--optimizer applies to a training step", "--pass training")]
    [InlineData("mnist-mlp --pass training --tensor layer1.weight.gard", "'layer1.weight.gard'", "did you mean 'layer1.weight.grad'?", "--pass training --device null --buffers")]
    [InlineData("mnist-mlp --pass training --step loss.row", "'loss.row'", "did you mean 'loss.rows'?", "--pass training --device null --steps")]
    public void Bad_input_is_one_line_that_names_it(string line, params string[] words) =>
        Cli.Run(["explain", .. line.Split(' ')]).IsOneLineError(2, words);
}
