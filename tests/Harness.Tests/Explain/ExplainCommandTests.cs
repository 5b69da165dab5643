using System.Text.Json.Nodes;

namespace Harness.Tests.Explain;

/// <summary>The verb: what it prints, and what bad input gets.</summary>
public sealed class ExplainCommandTests
{
    [Theory]
    [InlineData("explain-tensor.txt", "bert-base --batch 8 --tensor encoder.layer.0.attention.scores")]
    [InlineData("explain-step.txt", "mnist-cnn --batch 64 --step conv2.output")]
    [InlineData("explain-byte.txt", "mlp:784-512-10 --offset 4000 --step 2 --placement online")]
    [InlineData("explain-peak.txt", "t5-small --batch 8 --seq 16 --peak")]
    public void What_a_person_reads_does_not_drift(string golden, string line)
    {
        CliResult result = Cli.Run(["explain", .. line.Split(' ')]);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Golden.Is(golden, result.Out);
    }

    [Theory]
    [InlineData("bert-base", 2, 17)]
    [InlineData("mnist-cnn", 4, null)]
    public void It_says_what_an_audit_says(string model, int batch, int? sequence)
    {
        string[] size = [model, "--batch", $"{batch}", .. sequence is { } s ? (string[])["--seq", $"{s}"] : []];
        JsonNode audit = JsonNode.Parse(Cli.Run(["audit", .. size, "--device", "null", "--json", "-"]).Out)!;
        JsonNode peak = ExplainByHandTests.Ask([.. size, "--peak"]);
        Assert.Equal((long)audit["peakLive"]!["observed"]!, (long)peak["peak"]!["bytes"]!);
        Assert.Equal((string)audit["peak"]!["step"]!, (string)peak["peak"]!["at"]!["name"]!);
        Assert.Equal((long)audit["arena"]!["capacity"]!, (long)peak["capacity"]!);
        foreach (JsonNode? row in audit["buffers"]!.AsArray().Where((_, index) => index % 20 == 0))
        {
            JsonNode tensor = ExplainByHandTests.Ask([.. size, "--tensor", (string)row!["name"]!])["tensor"]!;
            string[] keys =
                ["category", "dtype", "shape", "formula", "analytic", "observed", "reserved", "offset", "firstStep", "lastStep"];
            foreach (string key in keys)
            {
                Assert.Equal(row[key]?.ToJsonString(), tensor[key]?.ToJsonString());
            }
        }
    }

    [Fact]
    public void Workspace_is_what_the_caller_says()
    {
        JsonNode tensor = ExplainByHandTests.Ask("vgg16", "--workspace", "8", "--tensor", "features.0.workspace")["tensor"]!;
        Assert.Equal((8 << 20, 8 << 20), ((int)tensor["analytic"]!, (int)tensor["observed"]!));
        Cli.Run("explain", "vgg16", "--workspace", "0", "--tensor", "features.2.workspace").IsOneLineError(2, "'features.2.workspace'");
    }

    [Theory]
    [InlineData("mlp:4-3-2 --tensor layer1.outptu", "'layer1.outptu'", "did you mean 'layer1.output'?")]
    [InlineData("mlp:4-3-2 --tensor x", "no tensor 'x'", "--buffers")]
    [InlineData("mlp:4-3-2 --step logit", "no step 'logit'", "did you mean 'logits'?", "0 to 3")]
    [InlineData("mlp:4-3-2 --step 4", "--step 4", "steps 0 to 3")]
    [InlineData("mlp:4-3-2 --step -1", "--step -1", "steps 0 to 3")]
    [InlineData("mlp:4-3-2 --offset 768 --step 1", "--offset 768", "bytes 0 to 767")]
    [InlineData("mlp:4-3-2 --offset -1 --step 1", "--offset", "'-1'")]
    [InlineData("mlp:4-3-2 --offset 1", "--offset needs --step")]
    [InlineData("mlp:4-3-2 --offset 1 --peak", "--offset needs --step")]
    [InlineData("mlp:4-3-2", "nothing", "--tensor NAME", "--peak")]
    [InlineData("mlp:4-3-2 --peak --step 1", "2 things", "--tensor NAME", "--peak")]
    [InlineData("mlp:4-3-2 --peak --placement best", "'best'", "planned")]
    [InlineData("mlp:4-3-2 --peak --seq 3", "--seq does not apply")]
    [InlineData("vgg19 --peak", "'vgg19'", "did you mean 'vgg16'?")]
    [InlineData("--peak", "needs a MODEL")]
    public void Bad_input_is_one_line_that_names_it(string line, params string[] words) =>
        Cli.Run(["explain", .. line.Split(' ')]).IsOneLineError(2, words);
}
