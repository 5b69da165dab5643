using System.Globalization;
using System.Text.Json.Nodes;
using Harness.Acceptance;
using Harness.Benchmarks;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;

namespace Harness.Tests.Acceptance;

/// <summary>Speeds judged from what benchmark steps and scripts write, written here by hand.</summary>
public sealed class SpeedTargetTests
{
    private const string Spread = "cold: half of the samples spread over 14 % of the median, more than 10 %";

    private static readonly string s_invalid = $$"""{"invalidates":true,"finding":"{{Spread}}"}""";

    [Fact]
    public void A_kernel_is_held_against_a_copy_at_its_best_version()
    {
        SpeedTarget[] targets = Judge(("bench-kernels", Bench(
            Kernel("softmax 8 x 4 v2", "softmax_v2", 0.8), Kernel("softmax 8 x 4 v4", "softmax_v4", 0.9), Kernel("layer norm 4 x 8 v2", "layernorm_v2", 0.89),
            """{"name":"RMS norm 2 x 2 v2","kernel":"rmsnorm_v2","compulsoryReadBytes":1024,"compulsoryWrittenBytes":1024,"copyFraction":0.99,"valid":true}""")));
        Assert.Equal(
            ["softmax 8 x 4: True", "layer norm 4 x 8: False", "rmsnorm, large shapes: "],
            targets[..3].Select(target => $"{target.What}: {target.IsMet}"));
        Assert.Equal("90.0 % (softmax_v4)", targets[0].Measured);
    }

    /// <summary>A backward kernel's name begins with its forward kernel's: neither counts for the other.</summary>
    [Fact]
    public void Backward_kernels_have_targets_of_their_own()
    {
        SpeedTarget[] targets = Judge(("bench-kernels", Bench(
            Kernel("softmax 8 x 4 v2", "softmax_v2", 0.5), Kernel("softmax backward 8 x 4 v2", "softmax_backward_v2", 0.95),
            Kernel("layer norm backward 4 x 8 v1", "layernorm_backward_v1", 0.89), Kernel("RMS norm backward 4 x 8 v1", "rmsnorm_backward_v1", 0.91),
            Kernel("layer norm parameters backward 4 x 8", "layernorm_parameters_backward", 0.53),
            Kernel("layer norm parameters backward 4 x 8 v2", "layernorm_statistics_v2", 0.55),
            Kernel("RMS norm parameters backward 4 x 8", "rmsnorm_parameters_backward", 0.59))));
        string[] words = [.. targets.Select(target => $"{target.What}: {target.MeasuredWords}, {target.MetWords}")];
        Assert.Equal(
            [
                "softmax 8 x 4: 50.0 % (softmax_v2), NO",
                "layernorm, large shapes: not measured, -",
                "rmsnorm, large shapes: not measured, -",
                "softmax backward 8 x 4: 95.0 % (softmax_backward_v2), yes",
                "layer norm backward 4 x 8: 89.0 % (layernorm_backward_v1), NO",
                "RMS norm backward 4 x 8: 91.0 % (rmsnorm_backward_v1), yes",
                "layer norm parameters backward 4 x 8: 55.0 % (layernorm_statistics_v2), yes",
                "RMS norm parameters backward 4 x 8: 59.0 % (rmsnorm_parameters_backward), NO",
            ],
            words[..8]);
    }

    /// <summary>A family that the benchmarks do not have at a shape that counts would be "not measured" for ever.</summary>
    [Fact]
    public void The_benchmarks_have_every_kernel_that_has_a_target_at_a_large_shape()
    {
        using var device = new NullDevice();
        MeasuredCase[] large = [.. BenchmarkRuns.CasesOf("kernels", graph: false, device).Where(measured => measured.Cost.Bytes >= 128 << 20)];
        Assert.All(KernelTarget.All, target =>
        {
            Assert.Contains(large, measured => target.Has(measured.Entry));
            Assert.InRange(target.Share, 0.5, 0.9);
        });
        Assert.All(
            KernelCatalog.Entries, entry => Assert.InRange(KernelTarget.All.Count(target => target.Has(entry.Name)), 0, 1));
    }

    /// <summary>What the shares of a norm's parameters are made of: the operands that the first launch reads again.</summary>
    [Theory]
    [InlineData("layernorm_parameters_backward", 3, 2)]
    [InlineData("rmsnorm_parameters_backward", 2, 1)]
    public void The_gradients_of_a_norms_parameters_move_some_operands_twice(string family, int operands, int again)
    {
        using var device = new NullDevice();
        KernelTarget target = KernelTarget.All.Single(target => target.Family == family);
        Assert.All(BenchmarkRuns.CasesOf("kernels", graph: false, device).Where(measured => target.Has(measured.Entry)), measured =>
        {
            long rows = 65536, columns = measured.Name.Contains("1024", StringComparison.Ordinal) ? 1024 : 768, one = rows * columns * 4;
            Assert.Equal(operands, measured.Cost.ReadBytes / one); // and a vector of columns or none
            Assert.Equal(0.9 * operands / (operands + again), target.Share, 12);
        });
    }

    [Fact]
    public void Passes_are_held_against_pytorch()
    {
        string models = Bench(
            """{"name":"bert-base batch 8 length 64","valid":true,"warm":{"medianSeconds":0.002,"managedBytes":0}}""",
            """{"name":"t5-small batch 8 length 64","valid":true,"warm":{"medianSeconds":0.002,"managedBytes":24}}""");
        const string torch = """{"latency":{"fp32":{"eager":{"deviceSeconds":{"median":0.002},"queuedSeconds":{"median":0.001}}}}}""";
        SpeedTarget[] targets = Judge(("bench-models", models), ("bench-models-graph", models), ("torch-bert-base", torch));
        Assert.Equal(
            ["vgg16, a pass eager: ", "bert-base, a pass eager: True", "t5-small, a pass eager: "],
            targets.Where(target => target.What.EndsWith("a pass eager", StringComparison.Ordinal)).Select(target => $"{target.What}: {target.IsMet}"));
        Assert.False(Of(targets, "bert-base, a pass with --graph").IsMet);
        Assert.True(Of(targets, "bert-base, managed").IsMet);
        Assert.False(Of(targets, "t5-small, managed").IsMet);
    }

    [Fact]
    public void Training_steps_are_held_against_pytorchs_with_the_same_optimizer_and_dropout()
    {
        string training = Bench(
            """{"name":"bert-base batch 1 length 64, training with adam, dropout 0.1","valid":true,"warm":{"medianSeconds":0.001}}""",
            """{"name":"bert-base batch 8 length 64, training with sgd, dropout 0.1","valid":true,"warm":{"medianSeconds":0.002}}""",
            """{"name":"bert-base batch 8 length 64, training with adam, dropout 0.1","valid":true,"warm":{"medianSeconds":0.012}}""",
            """{"name":"t5-small batch 8 length 64 decoder length 8, training with adam, dropout 0.1","valid":true,"warm":{"medianSeconds":0.005}}""");
        const string torch = """
            {"steps":[{"optimizer":"sgd","dropout":0.1,"latency":{"deviceSeconds":{"median":0.001}}},{"optimizer":"adam","dropout":0.1,"failure":"x"}]}
            """;
        string bert = torch.Replace(
            "\"failure\":\"x\"", """ "latency":{"deviceSeconds":{"median":0.016,"relativeSpread":0.02}} """, StringComparison.Ordinal);
        SpeedTarget[] targets = [.. Judge(("bench-training", training), ("torch-bert-base-training", bert), ("torch-t5-small-training", torch))
            .Where(target => target.What.EndsWith(": a step", StringComparison.Ordinal))];
        Assert.Equal(
            [
                "vgg16 batch 8, training with adam, dropout 0.5: a step: not measured, -",
                "bert-base batch 8 length 64, training with adam, dropout 0.1: a step: 12.000 ms, PyTorch 16.000 ms (0.75 of it), yes",
                "t5-small batch 8 length 64 decoder length 8, training with adam, dropout 0.1: a step: 5.000 ms, PyTorch not measured, -",
            ],
            targets.Select(target => $"{target.What}: {target.MeasuredWords}, {target.MetWords}"));
    }

    [Fact]
    public void A_figure_that_is_not_valid_meets_no_target_and_says_why()
    {
        string kernels = Bench(
            Kernel("softmax 8 x 4 v2", "softmax_v2", 0.95, s_invalid), Kernel("layer norm 4 x 8 v1", "layernorm_v1", 0.99, s_invalid),
            Kernel("layer norm 4 x 8 v2", "layernorm_v2", 0.91));
        string models = Bench(
            $$"""{"name":"t5-small batch 8 length 64","valid":false,"findings":[{{s_invalid}}],"warm":{"medianSeconds":0.001,"managedBytes":0} }""");
        SpeedTarget[] targets = Judge(("bench-kernels", kernels), ("bench-models", models), ("torch-t5-small", Eager(0.02)));
        Assert.Equal($"95.0 % (softmax_v2); NOT VALID: {Spread}", targets[0].MeasuredWords);
        Assert.Equal("not valid", targets[0].MetWords);
        Assert.Null(targets[0].IsMet);
        Assert.Equal("91.0 % (layernorm_v2)", targets[1].MeasuredWords); // a valid version stands before a faster one that is not
        Assert.True(targets[1].IsMet);
        Assert.Equal($"1.000 ms, PyTorch 2.000 ms (0.50 of it); NOT VALID: {Spread}", Of(targets, "t5-small, a pass eager").MeasuredWords);
        Assert.True(Of(targets, "t5-small, managed").IsMet); // bytes do not spread
    }

    [Fact]
    public void A_run_that_is_not_valid_and_a_spread_of_pytorchs_invalidate_too()
    {
        const string result = """{"name":"t5-small batch 8 length 64","valid":true,"findings":[],"warm":{"medianSeconds":0.001}}""";
        string onBattery = Bench(result).Replace(
            "\"groups\"", """ "findings":[{"invalidates":true,"finding":"on its battery"}],"groups" """, StringComparison.Ordinal);
        Assert.Equal("on its battery", Of(Judge(("bench-models", onBattery), ("torch-t5-small", Eager(0.02))), "t5-small, a pass eager").Doubt);
        Assert.Null(Of(Judge(("bench-models", Bench(result)), ("torch-t5-small", Eager(0.1))), "t5-small, a pass eager").Doubt);
        SpeedTarget wide = Of(Judge(("bench-models", Bench(result)), ("torch-t5-small", Eager(0.25))), "t5-small, a pass eager");
        Assert.Equal("PyTorch: half of the samples spread over 25.0 % of the median", wide.Doubt);
        Assert.Equal("not valid", wide.MetWords);
    }

    [Fact]
    public void The_summary_and_the_json_show_the_doubt()
    {
        var record = new AcceptanceRecord(
            "cuda", "GPU", "date", "machine", null, [], [new SpeedTarget("a", "b", "c", true, "why"), new SpeedTarget("d", "e", "f", true)]);
        Assert.Contains("| a | b | c; NOT VALID: why | not valid |", record.ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("| d | e | f | yes |", record.ToMarkdown(), StringComparison.Ordinal);
        JsonArray speed = record.ToJson()["speed"]!.AsArray();
        Assert.Equal("why", (string)speed[0]!["doubt"]!);
        Assert.Null(speed[0]!["met"]);
        Assert.True((bool)speed[1]!["met"]!);
    }

    private static SpeedTarget[] Judge(params (string Step, string Json)[] files) =>
        [.. new SpeedTargets(step => files.FirstOrDefault(file => file.Step == step).Json is { } text ? JsonNode.Parse(text) : null).All()];

    private static SpeedTarget Of(SpeedTarget[] targets, string what) => targets.First(target => target.What.StartsWith(what, StringComparison.Ordinal));

    private static string Bench(params string[] results) => $$"""{"groups":[{"group":"any","results":[{{string.Join(',', results)}}]}]}""";

    private static string Kernel(string name, string kernel, double share, string finding = "") => string.Create(CultureInfo.InvariantCulture, $$"""
        {"name":"{{name}}","kernel":"{{kernel}}","compulsoryReadBytes":268435456,"compulsoryWrittenBytes":268435456,"copyFraction":{{share}},
        "valid":{{(finding.Length == 0 ? "true" : "false")}},"findings":[{{finding}}]}
        """);

    private static string Eager(double spread) => string.Create(
        CultureInfo.InvariantCulture, $$"""{"latency":{"fp32":{"eager":{"deviceSeconds":{"median":0.002,"relativeSpread":{{spread}}} } } } }""");
}
