using System.Text.Json.Nodes;
using CsCheck;
using Harness.Fitting;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Tests.Fitting;

/// <summary>The answer of <c>harness fit</c>, against sizes tried one by one, hand computation and what a card was measured to leave.</summary>
public sealed class FitTests
{
    private static JsonNode Ask(params string[] line)
    {
        CliResult result = Cli.Run(["fit", .. line, "--json", "-"]);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        return JsonNode.Parse(result.Out)!;
    }

    /// <summary>What a size takes, from its program and plan alone: no formula, no search.</summary>
    private static long Taken(Model model, long batch)
    {
        using var device = new NullDevice();
        StepProgram program = model.Program(model.Size(batch), device);
        return ParameterRegion.CapacityFor(program.Of(TensorCategory.Parameter))
            + MemoryPlanner.Plan(program, Placement.Planned).CapacityBytes;
    }

    private static long ByFormulas(Model model, long batch)
    {
        AnalyticAccount account = model.Account(model.Size(batch), null);
        return account.Bytes(AnalyticCategory.Parameters) + account.Peak.Bytes;
    }

    /// <param name="name">a model whose samples are small</param>
    /// <param name="batches">are tried, of which the last third needs more than any memory here, whatever its workspace</param>
    /// <param name="stepBytes">from one memory to the next</param>
    [Theory]
    [InlineData("mnist-cnn", 165, 277_777)]
    [InlineData("mnist-mlp", 60, 3_333)]
    [InlineData("mlp:4-3-2", 300, 111)]
    [InlineData("mlp:1-1-1-1-1-1", 900, 99)]
    [InlineData("mlp:10-3-50-2-70-1-9:nobias", 120, 777)]
    public void It_finds_what_trying_every_batch_finds(string name, int batches, long stepBytes)
    {
        Model model = ModelCatalog.Find(name);
        long[] taken = [.. Enumerable.Range(1, batches).Select(batch => Taken(model, batch))];
        long[] byFormulas = [.. Enumerable.Range(1, batches).Select(batch => ByFormulas(model, batch))];
        long memory = taken[0];
        for (; memory < taken[2 * batches / 3]; memory += stepBytes)
        {
            var search = new FitSearch(new Configuration(model, model.Size(1)), Dimension.Batch, null);
            Assert.Equal(1 + Array.FindLastIndex(taken, bytes => bytes <= memory), search.Largest(memory - search.PersistentBytes));
            Assert.Equal(
                1 + Array.FindLastIndex(byFormulas, bytes => bytes <= memory),
                search.LargestByFormulas(memory - search.FormulaPersistentBytes));
        }

        JsonNode json = Ask(name, "--vram", $"{memory}");
        int largest = (int)json["largest"]!;
        Assert.Equal(1 + Array.FindLastIndex(taken, bytes => bytes <= memory), largest);
        Assert.Equal((taken[largest - 1], taken[largest]), ((long)json["bytesAtLargest"]!, (long)json["bytesAtNext"]!));
    }

    /// <summary>
    /// The software GPU's workspace of 41 images is one block of 2,009 tiles, that of 42 two of 1,029: 42 fit where 41 do not, and 43 and
    /// 44 fit, too.
    /// </summary>
    [Fact]
    public void More_may_fit_where_less_does_not()
    {
        Model cnn = ModelCatalog.MnistCnn;
        Assert.True(Taken(cnn, 42) < Taken(cnn, 41));
        int largest = Enumerable.Range(1, 100).Last(batch => Taken(cnn, batch) < Taken(cnn, 41));
        Assert.True(largest > 42);
        Assert.Equal(largest, (long)Ask("mnist-cnn", "--vram", $"{Taken(cnn, 41) - 1}")["largest"]!);
        Assert.Equal(42, (long)Ask("mnist-cnn", "--vram", $"{Taken(cnn, 42)}")["largest"]!);
    }

    /// <summary>
    /// docs/formulas.md: 14,170,112 bytes live at the peak of eight sequences of 64, an eighth of that a sequence; 109,482,240 parameters; and
    /// all of them are multiples of 256 bytes, or lie beside others that are.
    /// </summary>
    [Fact]
    public void Bert_by_hand()
    {
        const long parameters = 4 * 109_482_240L, eight = parameters + 14_170_112, nine = parameters + 9 * 1_771_264;
        JsonNode json = Ask("bert-base", "--vram", $"{eight}");
        Assert.Equal((8, eight, nine), ((int)json["largest"]!, (long)json["bytesAtLargest"]!, (long)json["bytesAtNext"]!));
        Assert.Equal(8, (int)json["largestByFormulas"]!);
        Assert.Equal("28*8*64 + 4*8*64*768 + 8*8*64*3072", (string)json["atLargest"]!["peak"]!["numbers"]!);
        Assert.Equal(7, (int)Ask("bert-base", "--vram", $"{eight - 1}")["largest"]!);
        Assert.Equal(8, (int)Ask("bert-base", "--vram", $"{nine - 1}")["largest"]!);
    }

    /// <summary>A row of mlp:3-1 has 12 bytes of input and 4 of logits, each rounded up as a whole; weights and bias take 256 each.</summary>
    [Fact]
    public void Alignment_that_is_in_no_formula_decides()
    {
        static long Rounded(long bytes) => (bytes + 255) / 256 * 256;
        static long Taken(long batch) => 512 + Rounded(12 * batch) + Rounded(4 * batch);
        JsonNode json = Ask("mlp:3-1", "--vram", "1MiB");
        (long largest, long byFormulas) = ((long)json["largest"]!, (long)json["largestByFormulas"]!);
        Assert.Equal((1 << 20) / 16 - 1, byFormulas);
        Assert.True(largest < byFormulas);
        Assert.True(Taken(largest) <= 1 << 20 && Taken(largest + 1) > 1 << 20);
        Assert.Equal((Taken(largest), Taken(largest + 1)), ((long)json["bytesAtLargest"]!, (long)json["bytesAtNext"]!));
    }

    [Theory]
    [InlineData("t5-small", "seq", "--batch", "3", "--vram", "300MiB")]
    [InlineData("t5-small", "seq", "--batch", "2", "--decoder-seq", "300", "--vram", "1GiB")]
    [InlineData("t5-small", "batch", "--seq", "17", "--decoder-seq", "5", "--vram", "400MiB")]
    [InlineData("bert-base", "seq", "--batch", "40", "--vram", "700MiB")]
    [InlineData("vgg16", "batch", "--vram", "2GiB")]
    [InlineData("vgg16", "batch", "--workspace", "32", "--vram", "2GiB")]
    public void An_audit_of_the_largest_takes_what_was_said(string model, string over, params string[] options)
    {
        JsonNode json = Ask([model, "--over", over, .. options]);
        string[] held = [.. options.TakeWhile(word => word != "--vram")];
        JsonNode audit = JsonNode.Parse(
            Cli.Run(["audit", model, $"--{over}", $"{(long)json["largest"]!}", .. held, "--device", "null", "--json", "-"]).Out)!;
        Assert.Equal((long)audit["arena"]!["capacity"]!, (long)json["atLargest"]!["arena"]!["capacity"]!);
        Assert.Equal((long)audit["peakLive"]!["observed"]!, (long)json["atLargest"]!["peak"]!["analytic"]!);
        Assert.Equal((long)audit["bytes"]!["parameters"]!["observed"]!, (long)json["atLargest"]!["parameters"]!["analytic"]!);
        Assert.True((long)json["bytesAtLargest"]! <= (long)json["vram"]! && (long)json["vram"]! < (long)json["bytesAtNext"]!);
        Assert.Equal("vram", (string)json["limitedBy"]!);
        Assert.True((bool)json["proof"]!["noPlacementFitsNext"]!);
    }

    [Fact]
    public void The_models_own_limit_is_said()
    {
        JsonNode json = Ask("bert-base", "--over", "seq", "--vram", "4GiB");
        Assert.Equal((512, 512, "model"), ((int)json["largest"]!, (int)json["modelMaximum"]!, (string)json["limitedBy"]!));
        Assert.Null(json["bytesAtNext"]);
        Assert.Contains(
            "512, the most that bert-base takes", Cli.Run("fit", "bert-base", "--over", "seq", "--vram", "4GiB").Out, StringComparison.Ordinal);
    }

    /// <summary>
    /// Free after the first pass in the audits on that card, which this program printed: 83,733,184,512 for vgg16, 83,894,665,216 for
    /// bert-base, 84,087,603,200 for t5-small. It is what is left of the card without all that is outside and both regions, each in whole
    /// steps of the driver.
    /// </summary>
    [Theory]
    [InlineData(553_430_272, 59_846_656, 83_733_184_512)]
    [InlineData(437_928_960, 14_170_112, 83_894_665_216)]
    [InlineData(242_026_496, 14_919_936, 84_087_603_200)]
    public void What_a_card_was_measured_to_leave(long parameterBytes, long arenaBytes, long freeBytes)
    {
        MeasuredCard card = MeasuredCard.H100;
        long Steps(long bytes) => (bytes + card.GranularityBytes - 1) / card.GranularityBytes * card.GranularityBytes;
        Assert.Equal(freeBytes, card.MemoryBytes - card.OutsideBytes - Steps(parameterBytes) - Steps(arenaBytes));
        long largestArena = (freeBytes + Steps(arenaBytes)) / card.GranularityBytes * card.GranularityBytes;
        Assert.Equal(largestArena, card.ArenaBytes(card.MemoryBytes, parameterBytes));
    }

    [Fact]
    public void Cards_of_the_usual_sizes_answer_what_the_verb_answers()
    {
        JsonArray cards = Ask("bert-base", "--seq", "128", "--vram", "6GiB")["cards"]!.AsArray();
        Assert.Equal(
            ["4 GiB", "6 GiB", "8 GiB", "12 GiB", "16 GiB", "24 GiB", "NVIDIA H100 80GB HBM3"], cards.Select(card => (string)card!["card"]!));
        Assert.All(cards.SkipLast(1), card =>
        {
            Assert.Equal((0, false), ((int)card!["outside"]!, (bool)card["outsideMeasured"]!));
            Assert.Equal((long)Ask("bert-base", "--seq", "128", "--vram", $"{(long)card["vram"]!}")["largest"]!, (long)card["largest"]!);
            Assert.True((long)card["largestAsMeasured"]! < (long)card["largest"]!);
        });
        JsonNode measured = cards[^1]!;
        Assert.Equal((669_843_456, true), ((long)measured["outside"]!, (bool)measured["outsideMeasured"]!));
        Assert.Equal((long)measured["largest"]!, (long)measured["largestAsMeasured"]!);
    }

    [Fact]
    public void A_card_too_small_for_the_parameters_takes_nothing()
    {
        JsonArray cards = Ask("mlp:40000-40000", "--vram", "8GiB")["cards"]!.AsArray();
        Assert.Equal((0, true), ((int)cards[0]!["largest"]!, cards[0]!["bytesAtLargest"] is null));
        Assert.True((long)cards[2]!["largest"]! > 0);
    }

    /// <summary>The argument that nothing larger fits rests on this: without workspace, or with one that is given, the peak never falls.</summary>
    [Fact]
    public void The_peak_without_workspace_never_falls_and_never_exceeds_the_one_with_it()
    {
        Model[] models = [.. ModelCatalog.All, ModelCatalog.Find("mlp:9-2-30-1-7")];
        Gen.Select(Gen.Int[0, models.Length - 1], Gen.Long[1, 3000], Gen.Long[1, 462], Gen.Long[1, 300], Gen.Long[1, 50], Gen.Bool).Sample(
            (index, batch, sequence, decoder, more, longer) =>
            {
                Model model = models[index];
                ModelSize size = model.Size(
                    batch, model.Sequence is null ? null : sequence, model.DecoderSequence is null ? null : decoder);
                ModelSize larger = longer && model.Sequence is not null
                    ? size with { Sequence = sequence + more }
                    : size with { Batch = batch + more };
                long without = model.Account(size, 0).Peak.Bytes;
                return without <= model.Account(larger, 0).Peak.Bytes && without <= model.Account(size, null).Peak.Bytes
                    && model.Account(size, 1 << 20).Peak.Bytes <= model.Account(larger, 1 << 20).Peak.Bytes;
            },
            iter: 2000);
    }

    [Fact]
    public void A_rehearsal_is_the_pass_without_the_device()
    {
        Model model = ModelCatalog.T5Small;
        using var device = new NullDevice();
        StepProgram program = model.Program(model.Size(2, 9, 3), device);
        MemoryPlan plan = MemoryPlanner.Plan(program, Placement.Planned);
        using var parameters = new ParameterRegion(program.Of(TensorCategory.Parameter), device);
        using var executor = new Executor(program, plan, parameters, device);
        executor.BeginPass();
        executor.RunSteps();
        LedgerSnapshot ran = executor.EndPass().Ledger, rehearsed = Rehearsal.Run(program, plan);
        Assert.Equal(ran.Rows.AsEnumerable(), rehearsed.Rows);
        Assert.Equal(ran.Moments.AsEnumerable(), rehearsed.Moments);
        Assert.Equal((ran.CapacityBytes, ran.HighWaterBytes), (rehearsed.CapacityBytes, rehearsed.HighWaterBytes));
    }
}
