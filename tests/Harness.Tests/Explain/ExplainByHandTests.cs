using System.Text.Json.Nodes;

namespace Harness.Tests.Explain;

/// <summary>Answers worked out by hand on stacks so small that every buffer can be written down.</summary>
public sealed class ExplainByHandTests
{
    // mlp:4-3-2 at batch 2: inputs 2*4 floats, layer1.output 2*3, logits 2*2; steps layer1.output, its bias and ReLU, logits, its bias.
    // Live: 32 + 24, 32 + 24, 32 + 24 + 16, 32 + 16. Places are multiples of 256.
    private static readonly string[] s_stack = ["mlp:4-3-2", "--batch", "2"];

    // mlp:64-64-64-64: every buffer is 256 bytes. inputs lives in steps 0 to 5, layer1.output 0 to 2, layer2.output 2 to 4,
    // logits 4 to 5, which best fit puts into the place of layer1.output: 256 to 511.
    private static readonly string[] s_chain = ["mlp:64-64-64-64", "--placement", "online"];

    [Fact]
    public void A_tensor()
    {
        JsonNode tensor = Ask([.. s_stack, "--tensor", "layer1.output"])["tensor"]!;
        Assert.Equal("4*B*n1", (string)tensor["formula"]!);
        Assert.Equal("4*2*3", (string)tensor["numbers"]!);
        Assert.Equal((24, 24, 256), ((int)tensor["analytic"]!, (int)tensor["observed"]!, (int)tensor["reserved"]!));
        Assert.Equal((0, 2), ((int)tensor["firstStep"]!, (int)tensor["lastStep"]!));
        Assert.Equal([1, 2], tensor["readBy"]!.AsArray().Select(use => (int)use!["index"]!));
        Assert.Equal([0, 1], tensor["writtenBy"]!.AsArray().Select(use => (int)use!["index"]!));
        Assert.Equal("step 0 'layer1.output' writes it first; step 2 'logits' reads it last, and then it dies", (string)tensor["why"]!);
    }

    [Fact]
    public void A_parameter_has_a_region_of_its_own_and_never_dies()
    {
        // Behind layer1.weight (48 bytes) and layer1.bias (12), a place of 256 each.
        JsonNode tensor = Ask([.. s_stack, "--tensor", "layer2.weight"])["tensor"]!;
        Assert.Equal(("parameters", 512, 24), ((string)tensor["region"]!, (int)tensor["offset"]!, (int)tensor["observed"]!));
        Assert.Equal("logits", (string)tensor["readBy"]!.AsArray().Single()!["name"]!);
        Assert.Null(tensor["lastStep"]);
        Assert.Null(tensor["before"]);
    }

    [Fact]
    public void What_had_a_place_before_and_has_it_after()
    {
        JsonNode first = Ask([.. s_chain, "--tensor", "layer1.output"])["tensor"]!;
        Assert.Equal("""{"shares":[],"nobody":256}""", first["before"]!.ToJsonString());
        Assert.Equal(
            """{"shares":[{"name":"logits","category":"outputs","firstStep":4,"lastStep":5,"bytes":256}],"nobody":0}""",
            first["after"]!.ToJsonString());
        Assert.Equal("layer1.output", (string)Ask([.. s_chain, "--tensor", "logits"])["tensor"]!["before"]!["shares"]![0]!["name"]!);

        CliResult alone = Cli.Run("explain", "mlp:64-64-64-64", "--placement", "bump", "--tensor", "logits");
        Assert.Contains("Nobody had any byte of its place before, and nobody has one after.", alone.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 56, 24, 0)]
    [InlineData(1, 56, 24, 0)]
    [InlineData(2, 72, 24, 16)]
    [InlineData(3, 48, 0, 16)]
    public void A_step(int index, int live, int activations, int outputs)
    {
        JsonNode step = Ask([.. s_stack, "--step", $"{index}"])["step"]!;
        Assert.Equal(live, step["live"]!.AsArray().Sum(buffer => (int)buffer!["observed"]!));
        Assert.Equal(live, (int)step["bytes"]!["live"]!);
        Assert.Equal((32, activations, outputs), (Bytes("inputs"), Bytes("activations"), Bytes("outputs")));
        Assert.Equal(768, Bytes("total"));
        Assert.Equal("inputs", (string)step["live"]![0]!["name"]!);

        int Bytes(string part) => (int)step["bytes"]![part]!;
    }

    [Fact]
    public void A_step_by_name()
    {
        JsonNode step = Ask([.. s_stack, "--step", "logits"])["step"]!;
        Assert.Equal(2, (int)step["index"]!);
        Assert.Equal("product of [2,3] and [3,2]", (string)step["kind"]!);
        Assert.Equal(("2*2*3", 12), ((string)step["macs"]!["numbers"]!, (int)step["macs"]!["value"]!));
        Assert.Equal("""["layer1.output","layer2.weight"]""", step["reads"]!.ToJsonString());
        Assert.Equal("""["logits"]""", step["births"]!.ToJsonString());
        Assert.Equal("""["layer1.output"]""", step["deaths"]!.ToJsonString());
    }

    [Theory]
    [InlineData(0, "tensor", "inputs", 0)]
    [InlineData(23, "tensor", "inputs", 23)] // the last byte of element [1,1]
    [InlineData(31, "tensor", "inputs", 31)]
    [InlineData(32, "padding", "inputs", 0)]
    [InlineData(255, "padding", "inputs", 223)]
    [InlineData(256, "tensor", "layer1.output", 0)]
    public void A_byte(int offset, string kind, string tensor, int within)
    {
        JsonNode answer = Ask([.. s_stack, "--offset", $"{offset}", "--step", "2"])["byte"]!;
        Assert.Equal((kind, tensor, within), ((string)answer["kind"]!, (string)answer["tensor"]!["name"]!, (int)answer["byteWithin"]!));
        if (offset == 23)
        {
            Assert.Equal(5, (int)answer["element"]!);
            Assert.Equal("[1,1]", answer["position"]!.ToJsonString());
        }
    }

    [Fact]
    public void A_hole_and_free_bytes_are_nobodys_but_have_a_past_and_a_future()
    {
        JsonNode hole = Ask([.. s_chain, "--offset", "300", "--step", "3"])["byte"]!;
        Assert.Equal("hole", (string)hole["kind"]!);
        Assert.Null(hole["tensor"]);
        Assert.Equal(("layer1.output", "logits"), ((string)hole["before"]!["name"]!, (string)hole["after"]!["name"]!));
        Assert.Equal("""{"offset":256,"bytes":256}""", hole["extent"]!.ToJsonString());
        Assert.Contains(
            "a hole, nobody's, between inputs and layer2.output",
            Cli.Run(["explain", .. s_chain, "--offset", "300", "--step", "3"]).Out, StringComparison.Ordinal);

        JsonNode free = Ask([.. s_chain, "--offset", "767", "--step", "1"])["byte"]!;
        Assert.Equal("free", (string)free["kind"]!);
        Assert.Null(free["before"]);
        Assert.Equal("layer2.output", (string)free["after"]!["name"]!);
    }

    [Fact]
    public void The_peak_and_what_would_lower_it()
    {
        // At step 2 only the input waits; without it while it waits live are 56, 24, 40, 16.
        JsonNode peak = Ask([.. s_stack, "--peak"])["peak"]!;
        Assert.Equal((72, 72), ((int)peak["bytes"]!, (int)peak["moment"]!["bytes"]!));
        Assert.Equal("[2]", peak["steps"]!.ToJsonString());
        Assert.Equal("4*2*4 + 4*2*3 + 4*2*2", (string)peak["moment"]!["numbers"]!);
        Assert.Equal(
            """[{"name":"inputs","bytes":32,"nextUse":null,"peak":{"bytes":56,"step":0}}]""", peak["withoutWaiting"]!.ToJsonString());

        // In the chain steps 2 and 4 hold 768 each; without the waiting input no step holds more than 512, and step 0 is the first.
        JsonNode chain = Ask([.. s_chain, "--peak"])["peak"]!;
        Assert.Equal("[2,4]", chain["steps"]!.ToJsonString());
        Assert.Equal("""{"bytes":512,"step":0}""", chain["withoutFirstThree"]!.ToJsonString());
    }

    [Fact]
    public void One_layer_has_nothing_that_could_die_earlier()
    {
        CliResult result = Cli.Run("explain", "mlp:4-3", "--peak");
        Assert.Contains("Nothing waits here", result.Out, StringComparison.Ordinal);
    }

    internal static JsonNode Ask(params string[] question)
    {
        CliResult result = Cli.Run(["explain", .. question, "--json", "-"]);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        JsonNode answer = JsonNode.Parse(result.Out)!;
        Assert.Equal("harness.explain/1", (string)answer["schema"]!);
        return answer;
    }
}
