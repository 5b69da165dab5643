using Harness.Models.Analytic;
using Xunit;

namespace Harness.Models.Tests.Analytic;

/// <summary>The accounts against the tables of docs/models.md, against the published figures, and against numbers worked out by hand.</summary>
public class AccountTests
{
    internal static void HasTheBuffersAndStepsOf(SimulatedPass pass, AnalyticAccount account)
    {
        Assert.Equal(
            pass.Buffers.OrderBy(buffer => buffer.Name, StringComparer.Ordinal),
            account.Buffers.Where(buffer => buffer.Category != AnalyticCategory.Parameters)
                .Select(buffer => (buffer.Name, buffer.Bytes)).OrderBy(buffer => buffer.Name, StringComparer.Ordinal));
        Assert.Equal(pass.StepNames, account.Steps.Select(step => step.Name));
        Assert.Equal(pass.OutputNames.Order(), account.Buffers.Where(buffer => buffer.Category == AnalyticCategory.Outputs).Select(buffer => buffer.Name).Order());
        Assert.Equal(account.Bytes(AnalyticCategory.Parameters), 4 * account.ParameterCount.Value);
        Assert.Equal(account.Buffers.Length, account.Buffers.DistinctBy(buffer => buffer.Name).Count());
    }

    internal static void Is(string text, long bytes, AnalyticAccount account, string buffer)
    {
        AnalyticBuffer found = Assert.Single(account.Buffers, candidate => candidate.Name == buffer);
        Assert.Equal(text, found.Formula.ToString());
        Assert.Equal(bytes, found.Bytes);
    }

    private static AnalyticStep StepOf(AnalyticAccount account, string name) => Assert.Single(account.Steps, step => step.Name == name);

    [Theory]
    [InlineData(8, 64)]
    [InlineData(3, 37)]
    [InlineData(1, 512)]
    [InlineData(2, 1)]
    public void Bert_has_the_buffers_and_steps_of_its_tables(long batch, long sequence)
    {
        BertConfig config = BertConfig.Base(batch, sequence);
        AnalyticAccount account = BertFormulas.Of(config);
        HasTheBuffersAndStepsOf(SimulatedModels.Bert(config), account);
        Assert.Equal(SimulatedModels.Bert(config).PeakBytes(), account.Peak.Bytes);
        Assert.Equal(109_482_240, account.ParameterCount.Value);
        // The published report's 3 r(8bs) + r(3072 bs) + r(3072 b), without its rounding.
        Assert.Equal(3 * 8 * batch * sequence + 3072 * batch * sequence + 3072 * batch, account.RetainedBytes);
    }

    [Theory]
    [InlineData(8, 64, 1)]
    [InlineData(3, 37, 5)]
    [InlineData(1, 512, 1)]
    [InlineData(2, 1, 9)]
    public void T5_has_the_buffers_and_steps_of_its_tables(long batch, long sequence, long decoderSequence)
    {
        T5Config config = T5Config.Small(batch, sequence, decoderSequence);
        AnalyticAccount account = T5Formulas.Of(config);
        HasTheBuffersAndStepsOf(SimulatedModels.T5(config), account);
        Assert.Equal(SimulatedModels.T5(config).PeakBytes(), account.Peak.Bytes);
        Assert.Equal(60_506_624, account.ParameterCount.Value);
        if (decoderSequence == 1)
        {
            // The published report's formula, without its rounding.
            Assert.Equal(
                2 * 8 * batch * sequence + 8 * batch + 128_512 * batch + 13 * 2048 * batch * sequence + 12 * 2048 * batch, account.RetainedBytes);
        }
    }

    [Fact]
    public void Berts_formulas_by_hand()
    {
        AnalyticAccount account = BertFormulas.Of(BertConfig.Base(batch: 8, sequence: 64));
        Is("8*B*S", 4_096, account, "input_ids");
        Is("4*B*S", 2_048, account, "extended_attention_mask");
        Is("4*B*S*H", 1_572_864, account, "embeddings.output");
        Is("4*B*A*S*d", 1_572_864, account, "encoder.layer.11.attention.value_heads");
        Is("4*B*A*S*S", 1_572_864, account, "encoder.layer.0.attention.scores");
        Is("4*B*S*I", 6_291_456, account, "encoder.layer.5.intermediate.output");
        Is("4*B*H", 24_576, account, "pooler_output");
        Is("4*V*H", 93_763_584, account, "embeddings.word_embeddings.weight");
        Is("4*I*H", 9_437_184, account, "encoder.layer.3.intermediate.dense.weight");
        Assert.Equal("(V + P + T + 2)*H + L*(4*H*H + 2*H*I + 9*H + I) + H*H + H", account.ParameterCount.ToString());
        Assert.Equal("28*B*S + 4*B*S*H + 8*B*S*I", account.Peak.Winner.Formula.ToString());
        Assert.Equal(14_170_112, account.Peak.Bytes);
    }

    [Fact]
    public void Berts_softmax_overtakes_its_gelu_beyond_224()
    {
        Assert.Equal("gelu", BertFormulas.Of(BertConfig.Base(8, 224)).Peak.Winner.Name);
        AnalyticAccount longer = BertFormulas.Of(BertConfig.Base(8, 225));
        Assert.Equal("softmax", longer.Peak.Winner.Name);
        Assert.Equal("28*B*S + 8*B*S*H + 8*B*A*S*S", longer.Peak.Winner.Formula.ToString());
        Assert.Equal(62_971_904, BertFormulas.Of(BertConfig.Base(8, 256)).Peak.Bytes);
    }

    [Fact]
    public void Berts_costs_by_hand()
    {
        AnalyticAccount account = BertFormulas.Of(BertConfig.Base(batch: 1, sequence: 64));
        // 12 layers of 64*(4*768^2 + 2*768*3072) + 2*64^2*768, and the pooler's 768^2.
        Assert.Equal(5_511_905_280, account.Steps.Sum(step => step.Macs.Value));

        AnalyticStep scores = StepOf(account, "encoder.layer.0.attention.scores");
        Assert.Equal(12 * 64 * 64 * 64, scores.Macs.Value);
        Assert.Equal(2 * scores.Macs.Value, scores.Flops.Value);
        Assert.Equal(2 * 4 * 64 * 768, scores.BytesRead.Value);
        Assert.Equal(4 * 12 * 64 * 64, scores.BytesWritten.Value);

        // Scale and mask before the five operations of the softmax itself; the mask is one row of 64.
        AnalyticStep softmax = StepOf(account, "encoder.layer.0.attention.probs");
        Assert.Equal(0, softmax.Macs.Value);
        Assert.Equal(7 * 12 * 64 * 64, softmax.Flops.Value);
        Assert.Equal(4 * 12 * 64 * 64 + 4 * 64, softmax.BytesRead.Value);

        // Two additions before the 7 n + 4 of a row; gain and bias of the norm, and the bias of the product before.
        AnalyticStep norm = StepOf(account, "encoder.layer.0.attention.output");
        Assert.Equal(64 * (9 * 768 + 4), norm.Flops.Value);
        Assert.Equal(4 * (2 * 64 * 768 + 3 * 768), norm.BytesRead.Value);

        // 64 of the 30,522 words, 64 of the 512 positions, both token types, and the ids of words and types.
        AnalyticStep embeddings = StepOf(account, "embeddings.sum");
        Assert.Equal(4 * 768 * (64 + 64 + 2) + 2 * 8 * 64, embeddings.BytesRead.Value);

        AnalyticStep tanh = StepOf(account, "pooler_output:bias_tanh");
        Assert.Equal(2 * 768, tanh.Flops.Value);
        Assert.Equal(4 * 2 * 768, tanh.BytesRead.Value);
        Assert.Equal(4 * 768, tanh.BytesWritten.Value);
    }

    [Fact]
    public void T5s_formulas_by_hand()
    {
        AnalyticAccount account = T5Formulas.Of(T5Config.Small(batch: 8, sequence: 64));
        Is("8*B*D", 64, account, "decoder_input_ids");
        Is("4*A*S*S", 131_072, account, "encoder.position_bias");
        Is("4*B*A*S*S", 1_048_576, account, "encoder.block.0.layer.0.scores");
        Is("4*B*S*F", 4_194_304, account, "encoder.block.5.layer.1.wi");
        Is("4*B*S*A*d", 1_048_576, account, "past_key_values.5.encoder.key");
        Is("4*B*D*A*d", 16_384, account, "past_key_values.0.decoder.value");
        Is("4*B*A*D*S", 16_384, account, "decoder.block.2.layer.1.probs");
        Is("4*B*D*V", 1_028_096, account, "logits");
        Is("4*R*A", 1_024, account, "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight");
        Assert.Equal("V*H + L*(12*H*A*d + 4*H*F + 5*H) + 2*R*A + 2*H", account.ParameterCount.ToString());
        Assert.Equal("cross_split_values", account.Peak.Winner.Name);
        Assert.Equal(
            "20*B*S + 8*B*D + 4*B*S*H + (L - 1)*(8*B*D*A*d + 8*B*S*A*d) + 4*B*D*H + 12*B*D*A*d + 12*B*S*A*d",
            account.Peak.Winner.Formula.ToString());
        Assert.Equal(14_864_448, account.RetainedBytes);
        Assert.Equal(14_919_744, account.Peak.Bytes);

        // What is retained, and the decoder's last state that the logits are computed from.
        PeakMoment logits = Assert.Single(account.Peak.Moments, moment => moment.Name == "logits");
        Assert.Equal("16*B*S + 8*B*D + 4*B*S*H + L*(8*B*D*A*d + 8*B*S*A*d) + 4*B*D*H + 4*B*D*V", logits.Formula.ToString());
        Assert.Equal(14_864_448 + 16_384, logits.Bytes);
    }

    [Theory]
    [InlineData(1, 61, "logits")]
    [InlineData(1, 62, "cross_split_values")]
    [InlineData(1, 257, "cross_split_values")]
    [InlineData(1, 258, "encoder_softmax")]
    [InlineData(8, 61, "logits")]
    [InlineData(8, 62, "cross_split_values")]
    [InlineData(8, 362, "cross_split_values")]
    [InlineData(8, 363, "encoder_softmax")]
    public void T5s_peak_moves_with_the_length(long batch, long sequence, string winner)
    {
        Assert.Equal(winner, T5Formulas.Of(T5Config.Small(batch, sequence)).Peak.Winner.Name);
    }

    [Fact]
    public void T5s_costs_by_hand()
    {
        AnalyticAccount account = T5Formulas.Of(T5Config.Small(batch: 1, sequence: 64));
        // Encoder layers: 64*(4*512^2 + 2*512*2048) + 2*64^2*512. Decoder layers, one position: 8*512^2 - 2*512^2 (keys and values of the
        // source come from 64 positions instead) + 2*64*512^2 + 2*512*(1 + 64) + 2*512*2048. Logits: 512*32128.
        long encoder = 64 * (4 * 262_144 + 2 * 1_048_576) + 2 * 4_096 * 512;
        long decoder = 6 * 262_144 + 2 * 64 * 262_144 + 2 * 512 * 65 + 2 * 1_048_576;
        Assert.Equal(6 * (encoder + decoder) + 512 * 32_128, account.Steps.Sum(step => step.Macs.Value));

        AnalyticStep logits = StepOf(account, "logits");
        Assert.Equal(2 * 512 * 32_128 + 32_128, logits.Flops.Value);
        Assert.Equal(4 * (512 + 512 * 32_128), logits.BytesRead.Value);

        // A residual norm: one addition before the 4 n + 3 of a row; two tensors in, two out.
        AnalyticStep norm = StepOf(account, "encoder.block.0.layer.0.hidden");
        Assert.Equal(64 * (5 * 512 + 3), norm.Flops.Value);
        Assert.Equal(4 * (2 * 64 * 512 + 512), norm.BytesRead.Value);
        Assert.Equal(4 * 2 * 64 * 512, norm.BytesWritten.Value);

        // 127 distances between 64 positions, but only 32 buckets; a single decoder position looks at itself only.
        Assert.Equal(4 * 32 * 8, StepOf(account, "encoder.position_bias").BytesRead.Value);
        Assert.Equal(4 * 1 * 8, StepOf(account, "decoder.position_bias").BytesRead.Value);
        Assert.Equal(64 * 2048, StepOf(account, "encoder.block.3.layer.1.wi:relu").Flops.Value);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(32)]
    public void Vgg16_has_the_buffers_and_steps_of_its_table(long batch)
    {
        Vgg16Config config = Vgg16Config.Published(batch);
        AnalyticAccount account = Vgg16Formulas.Of(config);
        HasTheBuffersAndStepsOf(SimulatedModels.Vgg16(config), account);
        Assert.Equal(SimulatedModels.Vgg16(config).PeakBytes(), account.Peak.Bytes);
        Assert.Equal(138_357_544, account.ParameterCount.Value);
        // The published report's r(602112 b) + r(4000 b), without its rounding.
        Assert.Equal(606_112 * batch, account.RetainedBytes);
        // 15.35 G in the convolutions, 123.6 M in the classifier.
        Assert.Equal(15_470_264_320 * batch, account.Steps.Sum(step => step.Macs.Value));
    }

    [Fact]
    public void Vgg16s_formulas_by_hand()
    {
        AnalyticAccount account = Vgg16Formulas.Of(Vgg16Config.Published(batch: 8));
        Is("12*B*I*I", 4_816_896, account, "pixel_values");
        Is("4*B*K*H*W", 102_760_448, account, "features.1.output");
        Is("4*B*C*floor(H/2)*floor(W/2)", 25_690_112, account, "features.4.output");
        Is("196*B*C", 802_816, account, "avgpool.output");
        Is("4*B*N", 32_000, account, "logits");
        Is("36*K*C", 2_359_296, account, "features.14.weight");
        Is("196*U*C", 411_041_792, account, "classifier.0.weight");
        Assert.DoesNotContain(account.Buffers, buffer => buffer.Name == "features.0.workspace");

        // 8 images of 56*56 tiles at 64 channels: 25 blocks of at most 1024, so 1004 a block, and the filters beside them.
        Is("144*C'*ceil(tiles/blocks) + 144*C'*K'", 144 * 64 * 1004 + 144 * 64 * 64, account, "features.2.workspace");

        Assert.Equal("stage1.convolution", account.Peak.Winner.Name);
        Assert.Equal(4_816_896 + 2 * 102_760_448 + 144 * 64 * (1004 + 64), account.Peak.Bytes);
    }

    [Fact]
    public void Vgg16s_formulas_with_a_workspace_budget_by_hand()
    {
        AnalyticAccount account = Vgg16Formulas.Of(Vgg16Config.Published(batch: 8), convolutionBudgetBytes: 64 << 20);
        Assert.Equal(13, account.Buffers.Count(buffer => buffer.Category == AnalyticCategory.Workspace));
        Is("workspace", 67_108_864, account, "features.0.workspace");
        Is("workspace", 67_108_864, account, "features.28.workspace");
        Assert.Equal("stage1.convolution", account.Peak.Winner.Name);
        Assert.Equal("12*B*I*I + 4*B*C*H*W + 4*B*K*H*W + workspace", account.Peak.Winner.Formula.ToString());
        Assert.Equal(4_816_896 + 2 * 102_760_448 + 67_108_864, account.Peak.Bytes);

        account = Vgg16Formulas.Of(Vgg16Config.Published(batch: 8), convolutionBudgetBytes: 0);
        Assert.DoesNotContain(account.Buffers, buffer => buffer.Category == AnalyticCategory.Workspace);
        Assert.Equal(4_816_896 + 2 * 102_760_448, account.Peak.Bytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => Vgg16Formulas.Of(Vgg16Config.Published(batch: 8), convolutionBudgetBytes: -4));
    }

    [Fact]
    public void Vgg16s_costs_by_hand()
    {
        AnalyticAccount account = Vgg16Formulas.Of(Vgg16Config.Published(batch: 1));
        AnalyticStep first = StepOf(account, "features.1.output");
        Assert.Equal(9 * 3 * 64 * 224 * 224, first.Macs.Value);
        Assert.Equal(2 * first.Macs.Value + 2 * 64 * 224 * 224, first.Flops.Value);
        Assert.Equal(4 * (3 * 224 * 224 + 64 * 27 + 64), first.BytesRead.Value);
        Assert.Equal(4 * 64 * 224 * 224, first.BytesWritten.Value);

        Assert.Equal(3 * 64 * 112 * 112, StepOf(account, "features.4.output").Flops.Value);
        Assert.Equal(2 * 4096, StepOf(account, "classifier.4.output:bias_relu").Flops.Value);
        Assert.Equal(4 * (1000 + 1000), StepOf(account, "logits:bias").BytesRead.Value);

        // 7 x 7 and 1 x 1 to 7 x 7: 49 cells of one element. 2 x 2: cells of 1, 1, 1, 2, 1, 1, 1 rows, as many columns.
        Assert.Equal(512 * (49 + 49), StepOf(account, "avgpool.output").Flops.Value);
        Vgg16Config small = Vgg16Config.Published(1) with { ImageSize = 32 };
        Assert.Equal(512 * (49 + 49), StepOf(Vgg16Formulas.Of(small), "avgpool.output").Flops.Value);
        Assert.Equal(512 * (64 + 49), StepOf(Vgg16Formulas.Of(small with { ImageSize = 64 }), "avgpool.output").Flops.Value);
    }
}
