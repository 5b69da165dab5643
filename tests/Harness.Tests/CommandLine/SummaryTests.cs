using System.Text.Json.Nodes;

namespace Harness.Tests.CommandLine;

/// <summary><c>harness summary</c>.</summary>
public sealed class SummaryTests
{
    private static JsonNode Json(string line)
    {
        CliResult result = Cli.Run([.. line.Split(' '), "--json", "-"]);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        return JsonNode.Parse(result.Out)!;
    }

    private static string Printed(JsonNode json, string label) =>
        Assert.Single(json["conventionTotals"]!.AsArray(), line => ((string)line!["line"]!).StartsWith(label, StringComparison.Ordinal))!["printed"]!.GetValue<string>();

    [Fact]
    public void Json_is_that_of_the_contract()
    {
        JsonNode json = Json("summary vgg16 --batch 2");
        Assert.Equal("harness.summary/1", (string)json["schema"]!);
        JsonNode first = json["layers"]![0]!;
        Assert.Equal(
            """{"name":"features.0","kind":"Conv2d","outputShape":[2,64,224,224],"parameters":1792,"parameterBytes":7168,"outputBytes":25690112,"macs":173408256,"flops":353239040,"bytesMoved":26901504,"arithmeticIntensity":13.130828670397015,"receptiveField":3,"stride":1,"padding":1}""",
            first.ToJsonString());
        JsonNode totals = json["totals"]!;
        Assert.Equal((138_357_544L, 553_430_176L, 1_204_224L, 120_897_344L, 30_940_528_640L),
            ((long)totals["parameters"]!, (long)totals["parameterBytes"]!, (long)totals["inputBytes"]!, (long)totals["outputBytes"]!, (long)totals["macs"]!));
        Assert.Null(json["conventionTotals"]);
    }

    /// <summary>The same label on different things: both figures are those that the tools print for torchvision's vgg16.</summary>
    [Fact]
    public void Vgg16_as_torchsummary_and_torchinfo_print_it()
    {
        JsonNode summary = Json("summary vgg16 --convention torchsummary"), info = Json("summary vgg16 --convention torchinfo");
        Assert.Equal("218.78", Printed(summary, "Forward/backward pass size"));
        Assert.Equal("527.79", Printed(summary, "Params size"));
        Assert.Equal("747.15", Printed(summary, "Estimated Total Size"));
        Assert.Equal("108.45", Printed(info, "Forward/backward pass size"));
        Assert.Equal("553.43", Printed(info, "Params size"));
        Assert.Equal("662.49", Printed(info, "Estimated Total Size"));
        Assert.Equal("15.48", Printed(info, "Total mult-adds (G)"));
    }

    /// <summary>From torchinfo's own tests, which summarise Hugging Face's BertModel with two sequences of 512.</summary>
    [Fact]
    public void Bert_as_torchinfo_prints_it()
    {
        JsonNode info = Json("summary bert-base --batch 2 --seq 512 --convention torchinfo");
        Assert.Equal("218.57", Printed(info, "Total mult-adds (M)"));
        Assert.Equal("852.50", Printed(info, "Forward/backward pass size"));
        Assert.Equal("437.93", Printed(info, "Params size"));
    }

    [Fact]
    public void A_person_sees_rows_totals_and_why_the_figures_differ()
    {
        CliResult result = Cli.Run("summary", "vgg16", "--convention", "torchsummary");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("vgg16, batch 1: f32, from the formulas alone", result.Out, StringComparison.Ordinal);
        Assert.Contains(" features.30 ", result.Out, StringComparison.Ordinal);
        Assert.Contains("138,357,544 parameters, 15,470,264,320 MACs", result.Out, StringComparison.Ordinal);
        Assert.Contains("39 layers, 138,357,544 parameters", result.Out, StringComparison.Ordinal);
        Assert.Contains("30,972,282,344 FLOPs, 99.90 % of them in MACs", result.Out, StringComparison.Ordinal);
        Assert.Contains("Forward/backward pass size (MB): every module's output counts, ReLU and Dropout too", result.Out, StringComparison.Ordinal);
    }

    /// <summary>Below a MiB two decimals say nothing; 64 images of MNIST are 196 KiB to the byte.</summary>
    [Fact]
    public void Totals_are_in_bytes_KiB_and_MiB()
    {
        string[] input = Assert.Single(
            Cli.Run("summary", "mnist-mlp", "--batch", "64").Out.Split('\n'), line => line.StartsWith(" input ", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["input", "200,704", "196.00", "0.19"], input);
    }

    [Fact]
    public void Tables_fit_a_page()
    {
        string[] rows = [.. Cli.Run("summary", "vgg16").Out.Split('\n').Where(line => line.StartsWith(' '))];
        Assert.True(rows.Length > 2 * 39);
        Assert.All(rows, row => Assert.True(row.TrimEnd().Length <= 120, row));
    }

    [Theory]
    [InlineData("summary vgg16 --seq 64", "--seq", "vgg16")]
    [InlineData("summary vgg16 --convention keras", "--convention", "'keras'", "ours, torchsummary, torchinfo")]
    [InlineData("summary bert-base --convention torchsummary", "torchsummary", "bert-base", "--convention ours")]
    [InlineData("summary t5-small --convention torchinfo", "torchinfo", "t5-small", "--convention ours")]
    [InlineData("summary vgg17", "'vgg17'", "did you mean 'vgg16'")]
    [InlineData("summary", "needs a MODEL")]
    [InlineData("summary vgg16 --batch 900000000000000", "64 bits")]
    public void A_mistake_is_one_line(string line, params string[] words) => Cli.Run(line.Split(' ')).IsOneLineError(2, words);
}
