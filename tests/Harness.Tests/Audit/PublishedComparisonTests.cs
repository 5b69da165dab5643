using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Harness.Audit;
using Harness.Models.Analytic.Training;

namespace Harness.Tests.Audit;

/// <summary>The published convention in the audit: its bridge ends at the ledger, in text and JSON, and where it does not the audit fails.</summary>
public sealed class PublishedComparisonTests
{
    private static readonly PublishedLayers s_formulas = new(
        ["layer.0", "layer.1"],
        new("s", 10, [new("more", 6, "made up")], 16), new("s", 10, [new("more", 6, "made up"), new("signals", 8, "made up")], 24));

    // Of each layer 16 bytes from the forward pass on, 8 of them later alone; the layer behind, a parameter and a name that begins alike do not count.
    private static readonly ImmutableArray<BufferRow> s_rows =
    [
        Buffer("layer.0.x", 16, 0, 3), Buffer("layer.0.x.grad", 8, 3, 3), Buffer("layer.1.x", 12, 1, 2), Buffer("layer.1.y", 4, 1, 3),
        Buffer("layer.1.x.grad", 8, 2, 3), Buffer("layer.1.w", 100, null, null), Buffer("layer.10.x", 40, 0, 3),
    ];

    private static readonly ImmutableArray<StepRow> s_steps = [Step("layer.0.x"), Step("loss"), Step("layer.1.x.grad"), Step("layer.0.x.grad")];

    [Fact]
    public void Layers_as_the_formula_has_them_are_no_mismatch()
    {
        PublishedComparison comparison = PublishedComparison.Of(s_formulas, s_rows, s_steps);
        Assert.Equal([new("layer.0", 16, 24), new("layer.1", 16, 24)], comparison.Observed);
        Assert.Empty(comparison.Mismatches());
    }

    [Fact]
    public void A_buffer_that_lives_longer_or_is_larger_is_named_by_its_layer()
    {
        BufferRow grad = s_rows[4], kept = s_rows[3];
        Mismatches(s_rows.Replace(grad, grad with { FirstStep = 1 }), s_steps, ("layer.1", 16, 24));
        Mismatches(s_rows.Replace(kept, kept with { LastStep = 0 }), s_steps, ("layer.1", 16, 12));
        Mismatches(s_rows.Replace(kept, kept with { Bytes = new Pair(8, 8) }), s_steps, ("layer.1", 16, 20), ("layer.1", 24, 28));
        Mismatches(s_rows.RemoveAt(1), s_steps, ("layer.0", 24, 16));
        Mismatches(s_rows, s_steps.RemoveAt(1), ("layer.0", 16, null), ("layer.1", 16, null));
    }

    [Fact]
    public void A_bridge_that_ends_elsewhere_is_named()
    {
        PublishedLayers changed = s_formulas with { Kept = s_formulas.Kept with { Bridge = [] } };
        Mismatch mismatch = Assert.Single(PublishedComparison.Of(changed, s_rows, s_steps).Mismatches());
        Assert.Equal(("published convention", 16, 10), (mismatch.Name, mismatch.Analytic, mismatch.Observed));
    }

    [Theory]
    [InlineData("bert-base --seq 16", "s b h (34 + 5 a s / h)", "encoder.layer.10")]
    [InlineData("bert-base --seq 512 --dropout 0 --placement bump", "s b h (34 + 5 a s / h)", "encoder.layer.10")]
    [InlineData("bert-base --seq 16 --recompute block --batch 4 --micro-batch 2", "2 s b h", "encoder.layer.10")]
    [InlineData("t5-small --seq 37 --decoder-seq 5 --placement online", "s b h (34 + 5 a s / h)", "encoder.block.4")]
    [InlineData("t5-small --seq 37 --dropout 0 --batch 6 --micro-batch 3", "s b h (34 + 5 a s / h)", "encoder.block.4")]
    [InlineData("t5-small --seq 37 --recompute block", "2 s b h", "encoder.block.4")]
    public void A_transformers_pass_ends_the_bridge_at_the_ledger(string options, string notation, string last)
    {
        JsonNode published = Audit(options + " --pass training")["published"]!;
        foreach (string what in new[] { "kept", "buffers" })
        {
            JsonNode bridge = published[what]!;
            Assert.Equal(notation, (string)bridge["published"]!["notation"]!);
            long end = (long)bridge["published"]!["bytes"]! + bridge["bridge"]!.AsArray().Sum(term => (long)term!["bytes"]!);
            Assert.Equal(end, (long)bridge["ours"]!["bytes"]!);
            Assert.All(published["layers"]!.AsArray(), layer => Assert.Equal(end, (long)layer![what]!));
        }

        Assert.Equal(last, (string)published["layers"]!.AsArray()[^1]!["name"]!);
    }

    [Theory]
    [InlineData("bert-base --seq 16")]
    [InlineData("t5-small")]
    [InlineData("mnist-cnn --pass training")]
    [InlineData("mnist-mlp --pass training")]
    public void Elsewhere_it_is_null(string options)
    {
        JsonObject audit = Audit(options).AsObject();
        Assert.True(audit.ContainsKey("published") && audit["published"] is null);
    }

    /// <summary>Of a step with several passes: the samples of a pass, not of the step.</summary>
    [Fact]
    public void The_text_shows_the_pass_with_its_numbers()
    {
        string text = Cli.Run(["audit", .. "bert-base --batch 16 --micro-batch 8 --pass training --device null".Split(' ')]).Out;
        Assert.Contains("here 34*8*64*768 + 5*8*12*64*64.", text, StringComparison.Ordinal);
        Assert.Matches(@"published +34\*B\*S\*H \+ 5\*B\*A\*S\*S +15,335,424 *\n", text);
        Assert.Matches(@"= kept +34\*B\*S\*H \+ 8\*B\*S\*I \+ 9\*B\*A\*S\*S +29,491,200 +29,491,200 *\n", text);
        Assert.Matches(@"= all buffers .* 73,539,584 +73,539,584 *\n", text);
        Assert.Contains("\nfour_bytes: values of four bytes, not two.\n", text, StringComparison.Ordinal);
    }

    private static void Mismatches(ImmutableArray<BufferRow> rows, ImmutableArray<StepRow> steps, params (string Name, long? Analytic, long? Observed)[] expected) =>
        Assert.Equal(expected, PublishedComparison.Of(s_formulas, rows, steps).Mismatches()
            .Select(mismatch => (mismatch.Name, mismatch.Analytic, mismatch.Observed)));

    private static JsonNode Audit(string options)
    {
        CliResult result = Cli.Run(["audit", .. options.Split(' '), "--device", "null", "--json", "-"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return JsonNode.Parse(result.Out)!;
    }

    private static BufferRow Buffer(string name, long bytes, int? firstStep, int? lastStep) =>
        new(name, "activations", null, null, null, new Pair(bytes, bytes), bytes, 0, firstStep, lastStep, null, null);

    private static StepRow Step(string name) => new(name, null, null, default, default, null);
}
