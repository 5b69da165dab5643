using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Training;
using Xunit;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>
/// The training passes of BERT and T5: against the rules run in reverse, step by step, and against numbers worked out by hand.
/// </summary>
public class TransformerTrainingTests
{
    private const int Configurations = 2_000;

    private static TrainingPass AnyPass(Random random) => new(
        (Optimizer)random.Next(4), StepBatch: 64, Dropout: random.Next(2) * 0.1, RecomputeBlocks: random.Next(2) == 0,
        ContinuesGradients: random.Next(4) == 0, Updates: random.Next(4) > 0);

    private static BertConfig AnyBert(Random random)
    {
        long heads = random.Next(1, 5);
        return new(
            PeakTests.Any(random), PeakTests.Any(random), heads * PeakTests.Any(random), heads, Layers: random.Next(1, 4),
                PeakTests.Any(random),
            PeakTests.Any(random), MaxPositions: 512, TokenTypes: random.Next(1, 4));
    }

    private static void Agrees(SimulatedTrainingPass simulated, AnalyticAccount account, string what)
    {
        ImageTrainingPeakTests.HasTheBuffersAndStepsOf(simulated, account);
        Assert.True(simulated.PeakBytes() == account.Peak.Bytes,
            $"{what}: {account.Peak.Winner.Name} {account.Peak.Winner.Formula} = {account.Peak.Bytes}, but adding up gives {simulated.PeakBytes()}");
    }

    [Fact]
    public void Berts_buffers_steps_and_peak_are_those_of_the_rules()
    {
        var random = new Random(7);
        for (int i = 0; i < Configurations; i++)
        {
            (BertConfig config, TrainingPass pass) = (AnyBert(random), AnyPass(random));
            Agrees(SimulatedTransformerTraining.Bert(config, pass), BertTrainingFormulas.Of(config, pass), $"{config} {pass}");
        }
    }

    [Theory]
    [InlineData(0.1, false)]
    [InlineData(0.1, true)]
    [InlineData(0, false)]
    [InlineData(0, true)]
    public void Berts_moments_are_all_needed(double dropout, bool recomputes)
    {
        var random = new Random(8);
        var pass = new TrainingPass(Optimizer.Adam, StepBatch: 64, dropout, recomputes, ContinuesGradients: false, Updates: true);
        IsEveryMomentNeeded(() => AnyBert(random), config => BertTrainingFormulas.Of(config, pass),
            (config, moment) => MayWin(config, dropout > 0, recomputes, moment));
    }

    // What the reasons say of when a moment can win alone.
    private static bool MayWin(BertConfig c, bool dropout, bool recomputes, string moment)
    {
        (long s, long h, long a, long wide) = (c.Sequence, c.Hidden, c.Heads, c.Intermediate);
        return moment switch
        {
            "gelu_backward" when dropout && recomputes => wide > 3 * h && a * s <= 2 * h + 3 * wide,
            "gelu_backward" when dropout => 4 * wide > 13 * h && 4 * a * s <= 9 * h + 12 * wide,
            "gelu_backward" => wide > 3 * h && 2 * a * s <= 3 * h + 3 * wide,
            "norm_backward" when dropout && recomputes => wide <= 3 * h && a * s <= 5 * h + 2 * wide,
            "norm_backward" when dropout => 4 * wide <= 13 * h && 4 * a * s <= 22 * h + 8 * wide,
            "norm_backward" => wide <= 3 * h && a * s <= 3 * h + wide,
            "dropout_backward" when recomputes => a * s > 2 * h + 3 * wide,
            "dropout_backward" => 4 * a * s > 9 * h + 12 * wide,
            "softmax_backward" => 2 * a * s > 3 * h + 3 * wide,
            "head" => s == 1 || (h <= 2 && s <= 3),
            _ => false,
        };
    }

    [Fact]
    public void Berts_layer_by_hand()
    {
        // B 8, S 64: B*S = 512 tokens, 512*768 = 393,216 elements of a state, 8*12*64*64 = 393,216 scores, 512*3072 = 1,572,864 of the
        // wide part.
        var pass = new TrainingPass(Optimizer.Adam, StepBatch: 8, Dropout: 0.1, RecomputeBlocks: false, ContinuesGradients: false,
            Updates: true);
        AnalyticAccount account = BertTrainingFormulas.Of(BertConfig.Base(batch: 8, sequence: 64), pass);
        Assert.Equal(109_482_240 + 1_538, account.ParameterCount.Value);
        (string Name, long Bytes)[] layer =
        [
            ("attention.query", 1_572_864), ("attention.query_heads", 1_572_864), ("attention.key", 1_572_864),
                ("attention.key_heads", 1_572_864),
            ("attention.value", 1_572_864), ("attention.value_heads", 1_572_864), ("attention.scores", 1_572_864),
                ("attention.probs", 1_572_864),
            ("attention.probs.dropout_mask", 393_216), ("attention.probs_dropped", 1_572_864), ("attention.context_heads", 1_572_864),
            ("attention.context", 1_572_864), ("attention.dense", 1_572_864), ("attention.dense.dropout_mask", 393_216),
                ("attention.output", 1_572_864),
            ("intermediate.dense", 6_291_456), ("intermediate.output", 6_291_456), ("output.dense", 1_572_864),
                ("output.dense.dropout_mask", 393_216),
            ("output", 1_572_864),
        ];
        (string Name, long Bytes)[] signals = [.. layer.Where(buffer => !buffer.Name.EndsWith("mask", StringComparison.Ordinal))
            .Select(buffer => ($"{buffer.Name}.grad", buffer.Bytes))];
        Assert.Equal(17, signals.Length);
        Assert.Equal(
            layer.Concat(signals).Append(("attention.output.statistics", 4_096)).Append(("output.statistics", 4_096)).Order(),
            account.Buffers.Where(buffer => buffer.Name.StartsWith("encoder.layer.5.", StringComparison.Ordinal)
                && buffer.Category is AnalyticCategory.Activations or AnalyticCategory.ErrorSignals or AnalyticCategory.Workspace)
                .Select(buffer => (buffer.Name["encoder.layer.5.".Length..], buffer.Bytes)).Order());

        AccountTests.Is("B*A*S*S", 393_216, account, "encoder.layer.5.attention.probs.dropout_mask");
        AccountTests.Is("4*I*H", 9_437_184, account, "encoder.layer.5.intermediate.dense.weight.grad");
        AccountTests.Is("4*I*H", 9_437_184, account, "encoder.layer.5.intermediate.dense.weight.exp_avg_sq");
        AccountTests.Is("8*H", 6_144, account, "classifier.weight");
        AccountTests.Is("8*B", 64, account, "logits");
        AccountTests.Is("8*B", 64, account, "labels");
        AccountTests.Is("8", 8, account, "bias_corrections");
        AccountTests.Is("4", 4, account, "loss");
        Assert.Equal(4 * 109_483_778L, account.Bytes(AnalyticCategory.Gradients));
        Assert.Equal(8 * 109_483_778L, account.Bytes(AnalyticCategory.OptimizerState));
    }

    [Fact]
    public void Berts_peak_by_hand()
    {
        // Inputs 24*512 + 8*8 + 8 + 8, the loss, the embeddings' sum and a mask.
        long always = 12_288 + 64 + 16 + 4 + 1_572_864 + 393_216;

        // Eight states, two of I, two of scores, their mask and two of states.
        long kept = 8 * 1_572_864 + 2 * 6_291_456 + 2 * 1_572_864 + 393_216 + 2 * 393_216;
        long gelu = 8 * 1_572_864 + 3 * 6_291_456 + 2 * 1_572_864 + 2 * 393_216;
        Assert.Equal(29_491_200, kept);
        Assert.Equal(35_389_440, gelu);
        var pass = new TrainingPass(Optimizer.Adam, StepBatch: 8, Dropout: 0.1, RecomputeBlocks: false, ContinuesGradients: false,
            Updates: true);
        AnalyticAccount account = BertTrainingFormulas.Of(BertConfig.Base(batch: 8, sequence: 64), pass);
        AnalyticPeak peak = account.Peak;

        // Error signals of all activations but masks and the rows of the loss: 37 masks of 393,216, the pooler's 6,144, the additive one
        // 2,048, the rows 32.
        Assert.Equal(437_305_408, account.Bytes(AnalyticCategory.ErrorSignals));
        Assert.Equal(437_305_408 + 37 * 393_216 + 6_144 + 2_048 + 32, account.Bytes(AnalyticCategory.Activations));
        Assert.Equal("gelu_backward", peak.Winner.Name);
        Assert.Equal(always + 11 * kept + gelu, peak.Bytes);
        Assert.Equal(361_771_092, peak.Bytes);
        Assert.Equal("24*B*S + 8*B + 20 + 38*B*S*H + (L - 1)*(34*B*S*H + 8*B*S*I + 9*B*A*S*S) + 12*B*S*I + 9*B*A*S*S",
            peak.Winner.Formula.ToString());

        // Recomputing keeps eleven inputs instead, and the additive mask; masks of dropout it keeps none.
        peak = BertTrainingFormulas.Of(BertConfig.Base(batch: 8, sequence: 64), pass with { RecomputeBlocks = true }).Peak;
        Assert.Equal(always + 11 * 1_572_864 + 2_048 + gelu - 3 * 393_216, peak.Bytes);
        Assert.Equal(53_491_796, peak.Bytes);
    }

    [Theory]
    [InlineData(0.1, 512, "gelu_backward")]
    [InlineData(0.1, 912, "gelu_backward")]
    [InlineData(0.1, 913, "dropout_backward")]
    [InlineData(0, 480, "gelu_backward")]
    [InlineData(0, 481, "softmax_backward")]
    public void Berts_peak_moves_with_the_length(double dropout, long sequence, string winner)
    {
        var pass = new TrainingPass(Optimizer.Sgd, StepBatch: 8, dropout, RecomputeBlocks: false, ContinuesGradients: false, Updates: true);
        Assert.Equal(winner, BertTrainingFormulas.Of(BertConfig.Base(batch: 2, sequence), pass).Peak.Winner.Name);
    }

    [Fact]
    public void Berts_costs_by_hand()
    {
        var pass = new TrainingPass(Optimizer.AdamW, StepBatch: 4, Dropout: 0.1, RecomputeBlocks: false, ContinuesGradients: true,
            Updates: true);
        AnalyticAccount account = BertTrainingFormulas.Of(BertConfig.Base(batch: 1, sequence: 64), pass);

        // Every product has two in the backward pass, of the same size each. Recomputation runs those of the layers once more.
        const long forward = 5_511_905_280 + 2 * 768;
        Assert.Equal(3 * forward, account.Steps.Sum(step => step.Macs.Value));
        AnalyticAccount recomputed = BertTrainingFormulas.Of(BertConfig.Base(batch: 1, sequence: 64), pass with { RecomputeBlocks = true });
        Assert.Equal(3 * forward + 5_511_905_280 - 768 * 768, recomputed.Steps.Sum(step => step.Macs.Value));

        AnalyticStep StepOf(string name) => Assert.Single(account.Steps, step => step.Name == name);

        // Adds to what an earlier pass left: reads it too, and an addition an element.
        AnalyticStep weight = StepOf("encoder.layer.3.intermediate.dense.weight.grad:from:encoder.layer.3.intermediate.dense");
        Assert.Equal(64 * 3072 * 768, weight.Macs.Value);
        Assert.Equal(2 * weight.Macs.Value + 3072 * 768, weight.Flops.Value);
        Assert.Equal(4 * (64 * 3072 + 64 * 768 + 3072 * 768), weight.BytesRead.Value);
        Assert.Equal(4 * 3072 * 768, weight.BytesWritten.Value);

        // Both terms of the sum, read again, and the gain; both error signals written. No bias: dropout has added it.
        AnalyticStep norm = StepOf("encoder.layer.3.attention.dense.grad");
        Assert.Equal(4 * (3 * 64 * 768 + 768), norm.BytesRead.Value);
        Assert.Equal(4 * 2 * 64 * 768, norm.BytesWritten.Value);
        AnalyticStep dropout = StepOf("encoder.layer.3.attention.probs.grad");
        Assert.Equal(5 * 12 * 64 * 64, dropout.BytesRead.Value);

        // The pooler's product adds to the first token's row only.
        AnalyticStep pooler = StepOf("last_hidden_state.grad:from:pooler_output");
        Assert.Equal(4 * (768 + 768 * 768 + 768), pooler.BytesRead.Value);
        Assert.Equal(4 * 768, pooler.BytesWritten.Value);
        Assert.Equal(4 * 64 * 768, StepOf("last_hidden_state.grad").BytesWritten.Value);

        // 64 tokens in 64 rows at most, without a step that zeroes the table; ids of the words.
        Assert.DoesNotContain(account.Steps, step => step.Name == "embeddings.word_embeddings.weight.grad");
        AnalyticStep words = StepOf("embeddings.word_embeddings.weight.grad:from:embeddings.sum");
        Assert.Equal(4 * (64 * 768 + 64 * 768) + 8 * 64, words.BytesRead.Value);
        Assert.Equal(4 * 64 * 768, words.BytesWritten.Value);
        Assert.Equal(4 * 4 * 768 + 8, StepOf("pooler.dense.bias:adamw").BytesRead.Value);
    }

    private static T5Config AnyT5(Random random) => new(
        Batch: random.Next(1, 5), PeakTests.Any(random), PeakTests.Any(random), PeakTests.Any(random), Heads: random.Next(1, 5),
            PeakTests.Any(random),
        PeakTests.Any(random), Layers: random.Next(1, 5), PeakTests.Any(random), Buckets: 8, MaxDistance: 20);

    [Fact]
    public void T5s_buffers_steps_and_peak_are_those_of_the_rules()
    {
        var random = new Random(9);
        for (int i = 0; i < Configurations; i++)
        {
            (T5Config config, TrainingPass pass) = (AnyT5(random), AnyPass(random));
            Agrees(SimulatedTransformerTraining.T5(config, pass), T5TrainingFormulas.Of(config, pass), $"{config} {pass}");
        }
    }

    [Theory]
    [InlineData(0.1, false)]
    [InlineData(0.1, true)]
    [InlineData(0, false)]
    [InlineData(0, true)]
    public void T5s_moments_are_all_needed(double dropout, bool recomputes)
    {
        var random = new Random(10);
        var pass = new TrainingPass(Optimizer.Adam, StepBatch: 64, dropout, recomputes, ContinuesGradients: false, Updates: true);

        // Every other one has a decoder small enough for the encoder to win.
        T5Config Any(T5Config config) => random.Next(2) == 0 ? config
            : config with { DecoderSequence = random.Next(1, 3), HeadSize = random.Next(1, 3) };
        IsEveryMomentNeeded(
            () => Any(AnyT5(random)), config => T5TrainingFormulas.Of(config, pass),
            (config, moment) => recomputes ? MayWinRecomputing(config, moment) : MayWin(config, dropout > 0, moment));
    }

    // What the reasons say of when a moment can win alone.
    private static bool MayWin(T5Config c, bool dropout, string moment)
    {
        (long s, long t, long h, long a, long f) = (c.Sequence, c.DecoderSequence, c.Hidden, c.Heads, c.FeedForward);
        (long inner, long v, long layers) = (c.InnerSize, c.Vocabulary, c.Layers);
        return moment switch
        {
            "logits" => dropout ? 8 * v > 7 * h : v > h,
            "decoder_norm" => dropout ? 8 * v <= 7 * h && 4 * f <= 9 * h : v <= h && f <= 2 * h,
            "decoder_feed_forward" => dropout ? 4 * f > 9 * h : f > 2 * h,
            "cross_attention" => Math.Max(inner, (dropout ? 1 : 2) * a * s) > 5 * h + f,
            "cross_values" => s * Math.Max(inner + 1, h) > 5 * t * h,
            "self_softmax" => a * t > 2 * h,
            "cross_norm" => 2 * t * h > (t + 2 * s) * inner,
            "encoder_norm" => h > layers * inner,
            "encoder_feed_forward" => f > 2 * h && f > 2 * layers * inner,
            "encoder_softmax" => 2 * a * s > 3 * h + f + 2 * layers * inner,
            _ => false,
        };
    }

    private static bool MayWinRecomputing(T5Config c, string moment)
    {
        (long s, long t, long h, long a, long d, long f) = (c.Sequence, c.DecoderSequence, c.Hidden, c.Heads, c.HeadSize, c.FeedForward);
        return moment switch
        {
            "logits" => 2 * c.Vocabulary > 5 * h,
            "decoder_feed_forward" or "encoder_feed_forward" => 2 * f > h,
            "decoder_norm" or "encoder_norm" => 2 * f <= h,
            "cross_values" => a * d > 2 * h || s * a * d > t * (2 * h + a * d),
            "cross_softmax" => s > d && a * s > 2 * h,
            "self_softmax" => a * t > 2 * h,
            "encoder_context" => a * d > 2 * h,
            "encoder_softmax" => c.Layers > 1 ? a * s > 2 * h : 2 * a * s > h,
            _ => false,
        };
    }

    [Fact]
    public void T5s_formulas_by_hand()
    {
        // B 8, S 64, D 32: 512 tokens in, 256 out; 262,144 and 131,072 elements of a stream, as many of the heads; F four times that.
        var pass = new TrainingPass(Optimizer.Momentum, StepBatch: 8, Dropout: 0.1, RecomputeBlocks: false, ContinuesGradients: false,
            Updates: true);
        AnalyticAccount account = T5TrainingFormulas.Of(T5Config.Small(batch: 8, sequence: 64, decoderSequence: 32), pass);
        Assert.Equal(60_506_624, account.ParameterCount.Value);
        Assert.Equal(4 * 60_506_624L, account.Bytes(AnalyticCategory.OptimizerState));
        AccountTests.Is("8*B*D", 2_048, account, "labels");
        AccountTests.Is("4*B*D*V", 32_899_072, account, "logits.grad");
        AccountTests.Is("4*A*S*S", 131_072, account, "encoder.position_bias.grad");
        AccountTests.Is("4*B*A*D*S", 524_288, account, "decoder.block.2.layer.1.probs_dropped.grad");
        AccountTests.Is("B*A*D*S", 131_072, account, "decoder.block.2.layer.1.probs.dropout_mask");
        AccountTests.Is("4*B*A*S*d", 1_048_576, account, "past_key_values.5.encoder.key.grad");
        AccountTests.Is("B*S*F", 1_048_576, account, "encoder.block.0.layer.1.wi.dropout_mask");
        AccountTests.Is("4*B*S", 2_048, account, "encoder.block.3.layer.1.normed.statistics");
        AccountTests.Is("4*B*D*H", 524_288, account, "decoder.block.4.layer.2.hidden.grad");
        AccountTests.Is("4*R*A", 1_024, account, "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight.momentum_buffer");

        // Four streams, four of the heads, four times that wide, the softmax, what dropout left and its mask, masks of two streams and of
        // the wide part.
        const long stream = 1_048_576, small = 524_288;
        long encoderBlock = 8 * stream + 4 * stream + 9 * 262_144 + (2 * stream + 4 * stream) / 4;
        long decoderBlock = 12 * small + 2 * stream + 4 * small + 9 * 65_536 + 9 * 131_072 + (3 * small + 4 * small) / 4;
        long peak = 16 * 512 + 8 * 256 + 2_048 + 8 + 4 + 6 * encoderBlock + 2 * stream + stream / 2 + 6 * decoderBlock + 2 * small
            + small / 2 + 2 * 32_899_072;
        Assert.Equal((16_515_072L, 13_172_736L, 247_869_452L), (encoderBlock, decoderBlock, peak));
        Assert.Equal(("logits", peak), (account.Peak.Winner.Name, account.Peak.Bytes));

        // Keeping the inputs alone: six blocks each, both last norms' terms and the states, both biases and the mask; no masks of dropout.
        account = T5TrainingFormulas.Of(T5Config.Small(batch: 8, sequence: 64, decoderSequence: 32), pass with { RecomputeBlocks = true });
        peak = 12_300 + 6 * stream + 3 * stream + 131_072 + 2_048 + 32_768 + 6 * small + 3 * small + 2 * 32_899_072;
        Assert.Equal(("logits", peak), (account.Peak.Winner.Name, account.Peak.Bytes));
    }

    [Theory]
    [InlineData(8, 140, 1, false, "logits")]
    [InlineData(8, 141, 1, false, "cross_values")]
    [InlineData(1, 141, 1, false, "cross_values")]
    [InlineData(8, 512, 512, false, "logits")]
    [InlineData(8, 512, 1, true, "encoder_feed_forward")]
    [InlineData(8, 64, 32, true, "logits")]
    public void T5s_peak_moves_with_the_lengths(long batch, long sequence, long decoderSequence, bool recomputes, string winner)
    {
        var pass = new TrainingPass(Optimizer.Sgd, StepBatch: 8, Dropout: 0.1, recomputes, ContinuesGradients: false, Updates: true);
        Assert.Equal(winner, T5TrainingFormulas.Of(T5Config.Small(batch, sequence, decoderSequence), pass).Peak.Winner.Name);
    }

    [Fact]
    public void T5s_costs_by_hand()
    {
        var pass = new TrainingPass(Optimizer.Sgd, StepBatch: 1, Dropout: 0.1, RecomputeBlocks: true, ContinuesGradients: false,
            Updates: true);
        T5Config config = T5Config.Small(batch: 1, sequence: 64, decoderSequence: 8);
        AnalyticAccount account = T5TrainingFormulas.Of(config, pass);
        long forward = T5Formulas.Of(config).Steps.Sum(step => step.Macs.Value);
        Assert.Equal(3 * forward, T5TrainingFormulas.Of(config, pass with { RecomputeBlocks = false }).Steps.Sum(step => step.Macs.Value));

        // Everything of the blocks runs again but the last products, wo, and, in each last block, the last attention's o.
        long logits = 8 * 512 * 32_128, wo = 6 * (64 + 8) * 512 * 2_048, o = (64 + 8) * 512 * 512;
        Assert.Equal(3 * forward + forward - logits - wo - o, account.Steps.Sum(step => step.Macs.Value));

        AnalyticStep StepOf(string name) => Assert.Single(account.Steps, step => step.Name == name);

        // The tied table: the logits' product writes its gradient, scaled; the embeddings add to the rows of their ids.
        AnalyticStep table = StepOf("shared.weight.grad");
        Assert.Equal(8 * 32_128 * 512, table.Macs.Value);
        Assert.Equal(2 * table.Macs.Value + 32_128 * 512, table.Flops.Value);
        AnalyticStep embedding = StepOf("shared.weight.grad:from:encoder.embed_tokens");
        Assert.Equal(4 * 2 * 64 * 512 + 8 * 64, embedding.BytesRead.Value);
        Assert.Equal(4 * 64 * 512, embedding.BytesWritten.Value);

        // The norm's error signal, the sum, its own error signal, the gain; both terms' error signals.
        AnalyticStep norm = StepOf("encoder.block.2.layer.0.o.grad");
        Assert.Equal(4 * (3 * 64 * 512 + 512), norm.BytesRead.Value);
        Assert.Equal(4 * 2 * 64 * 512, norm.BytesWritten.Value);

        // Summed over the batch of one, and added to what later blocks gave; drawn again from the seed.
        AnalyticStep bias = StepOf("encoder.position_bias.grad:from:encoder.block.2.layer.0.probs");
        Assert.Equal(2 * 8 * 64 * 64, bias.Flops.Value);
        Assert.Equal(4 * 2 * 8 * 64 * 64, bias.BytesRead.Value);
        Assert.Equal(4 * 64 * 2_048 + 8, StepOf("encoder.block.2.layer.1.wi.grad:dropout").BytesRead.Value);
        Assert.Equal(4 * 64 * 512 + 4 * 512, StepOf("encoder.block.2.layer.0.normed.recomputed").BytesRead.Value);
        Assert.DoesNotContain(account.Steps, step => step.Name == "encoder.block.5.layer.0.o.recomputed");
        Assert.Contains(account.Steps, step => step.Name == "encoder.block.5.layer.1.normed.recomputed");
    }

    private static void IsEveryMomentNeeded<TConfig>(Func<TConfig> any, Func<TConfig, AnalyticAccount> of, Func<TConfig, string, bool> mayWin)
    {
        var wins = new Dictionary<string, int>();
        HashSet<string> moments = [];
        for (int i = 0; i < Configurations; i++)
        {
            TConfig config = any();
            AnalyticAccount account = of(config);
            moments.UnionWith(account.Peak.Moments.Select(moment => moment.Name));
            PeakMoment[] best = [.. account.Peak.Moments.Where(moment => moment.Bytes == account.Peak.Bytes)];
            if (best.Length == 1)
            {
                Assert.True(mayWin(config, best[0].Name), $"{config}: {best[0].Name} wins, which its reason rules out: {best[0].Why}");
                wins[best[0].Name] = wins.GetValueOrDefault(best[0].Name) + 1;
            }
        }

        Assert.Equal(moments.Order(), wins.Keys.Order());
    }
}
