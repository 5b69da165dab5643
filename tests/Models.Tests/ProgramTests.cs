using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Xunit;

namespace Harness.Models.Tests;

/// <summary>The programs against the tables of docs/models.md (written out again here, by hand) and the published parameter counts.</summary>
public sealed class ProgramTests
{
    private static readonly BertConfig s_bert = new(
        Batch: 2, Sequence: 5, Hidden: 12, Heads: 3, Layers: 2, Intermediate: 7, Vocabulary: 11, MaxPositions: 6, TokenTypes: 2);

    private static readonly T5Config s_t5 = new(
        Batch: 2, Sequence: 5, DecoderSequence: 3, Hidden: 10, Heads: 3, HeadSize: 4, FeedForward: 7, Layers: 2, Vocabulary: 11,
        Buckets: 8, MaxDistance: 20);

    /// <summary>A made-up amount: some for large images, none for the others.</summary>
    private sealed class WorkspaceOfLargeImages(long pixels = long.MaxValue) : IConvolutionWorkspace
    {
        public long WorkspaceBytes(in ConvolutionShape shape) => shape.H >= pixels ? 4 * shape.C * shape.N : 0;

        public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => shape.H >= pixels ? 4 * shape.C * shape.N : 0;

        public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => shape.H >= pixels ? 4 * shape.C * shape.N : 0;
    }

    private static StepProgram Vgg16(long batch = 1, long pixels = long.MaxValue) =>
        Vgg16Program.Build(Vgg16Config.Published(batch), new WorkspaceOfLargeImages(pixels));

    private static long ParameterCount(StepProgram program) => program.Of(TensorCategory.Parameter).Sum(tensor => tensor.Shape.Elements);

    /// <summary>A line a tensor that a step writes, <c>name[dims]</c>; the step's name is given where it is not the tensor's, outputs are marked.</summary>
    private static string[] Written(StepProgram program) =>
    [
        .. program.Steps.SelectMany(step => step.Writes.Select((tensor, i) =>
            (i == 0 && step.Name != tensor.Name ? step.Name + " -> " : "")
            + tensor.Name + tensor.Shape + (tensor.Category is TensorCategory.Output ? " output" : ""))),
    ];

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    [Fact]
    public void Parameter_counts_are_the_published_ones()
    {
        Assert.Equal(138_357_544, ParameterCount(Vgg16()));
        Assert.Equal(109_482_240, ParameterCount(BertProgram.Build(BertConfig.Base(1, 64))));
        Assert.Equal(60_506_624, ParameterCount(T5Program.Build(T5Config.Small(1, 64))));
    }

    [Fact]
    public void Numbers_of_steps_and_tensors_follow_from_the_tables()
    {
        // 13 convolutions, 5 pools, the adaptive pool, 3 products each with a bias step
        StepProgram vgg = Vgg16();
        Assert.Equal((25, 32, 21), (vgg.Steps.Length, vgg.Of(TensorCategory.Parameter).Count(), vgg.Of(TensorCategory.Activation).Count()));

        // 3 steps before, 16 a layer, 2 after; the last layer's result is an output
        StepProgram bert = BertProgram.Build(BertConfig.Base(2, 512));
        Assert.Equal((197, 199, 194), (bert.Steps.Length, bert.Of(TensorCategory.Parameter).Count(), bert.Of(TensorCategory.Activation).Count()));

        // encoder: 3 steps, 16 a block, the final norm; decoder: 2, 28 a block, the final norm, the logits
        StepProgram t5 = T5Program.Build(T5Config.Small(2, 5, 3));
        Assert.Equal((4 + 16 * 6 + 4 + 28 * 6, 131, 26), (t5.Steps.Length, t5.Of(TensorCategory.Parameter).Count(), t5.Of(TensorCategory.Output).Count()));
    }

    [Fact]
    public void Bert_is_the_table()
    {
        string Layer(int i) => $"""
            encoder.layer.{i}.attention.query[2,5,12]
            encoder.layer.{i}.attention.query_heads[2,3,5,4]
            encoder.layer.{i}.attention.key[2,5,12]
            encoder.layer.{i}.attention.key_heads[2,3,5,4]
            encoder.layer.{i}.attention.value[2,5,12]
            encoder.layer.{i}.attention.value_heads[2,3,5,4]
            encoder.layer.{i}.attention.scores[2,3,5,5]
            encoder.layer.{i}.attention.probs[2,3,5,5]
            encoder.layer.{i}.attention.context_heads[2,3,5,4]
            encoder.layer.{i}.attention.context[2,5,12]
            encoder.layer.{i}.attention.dense[2,5,12]
            encoder.layer.{i}.attention.output[2,5,12]
            encoder.layer.{i}.intermediate.dense[2,5,7]
            encoder.layer.{i}.intermediate.output[2,5,7]
            encoder.layer.{i}.output.dense[2,5,12]

            """;
        string expected = $"""
            embeddings.sum[2,5,12]
            embeddings.output[2,5,12]
            extended_attention_mask[2,5]
            {Layer(0)}
            encoder.layer.0.output[2,5,12]
            {Layer(1)}
            last_hidden_state[2,5,12] output
            pooler_output[2,12] output
            pooler_output:bias_tanh -> pooler_output[2,12] output
            """;
        StepProgram program = BertProgram.Build(s_bert);
        Assert.Equal(Lines(expected), Written(program));
        Assert.Equal(
            ["input_ids i64[2,5]", "attention_mask i64[2,5]", "token_type_ids i64[2,5]"],
            program.Of(TensorCategory.Input).Select(tensor => tensor.ToString()));
        Assert.Equal(
            Lines("""
                encoder.layer.1.attention.self.query.weight f32[12,12]
                encoder.layer.1.attention.self.query.bias f32[12]
                encoder.layer.1.attention.self.key.weight f32[12,12]
                encoder.layer.1.attention.self.key.bias f32[12]
                encoder.layer.1.attention.self.value.weight f32[12,12]
                encoder.layer.1.attention.self.value.bias f32[12]
                encoder.layer.1.attention.output.dense.weight f32[12,12]
                encoder.layer.1.attention.output.dense.bias f32[12]
                encoder.layer.1.attention.output.LayerNorm.weight f32[12]
                encoder.layer.1.attention.output.LayerNorm.bias f32[12]
                encoder.layer.1.intermediate.dense.weight f32[7,12]
                encoder.layer.1.intermediate.dense.bias f32[7]
                encoder.layer.1.output.dense.weight f32[12,7]
                encoder.layer.1.output.dense.bias f32[12]
                encoder.layer.1.output.LayerNorm.weight f32[12]
                encoder.layer.1.output.LayerNorm.bias f32[12]
                pooler.dense.weight f32[12,12]
                pooler.dense.bias f32[12]
                """),
            program.Of(TensorCategory.Parameter).Select(tensor => tensor.ToString()).TakeLast(18));
        Assert.Equal(
            ["embeddings.word_embeddings.weight f32[11,12]", "embeddings.position_embeddings.weight f32[6,12]",
                "embeddings.token_type_embeddings.weight f32[2,12]", "embeddings.LayerNorm.weight f32[12]", "embeddings.LayerNorm.bias f32[12]"],
            program.Of(TensorCategory.Parameter).Select(tensor => tensor.ToString()).Take(5));
    }

    [Fact]
    public void T5_is_the_tables()
    {
        string Encoder(int i) => $"""
            encoder.block.{i}.layer.0.normed[2,5,10]
            encoder.block.{i}.layer.0.q[2,5,12]
            encoder.block.{i}.layer.0.q_heads[2,3,5,4]
            encoder.block.{i}.layer.0.k[2,5,12]
            encoder.block.{i}.layer.0.k_heads[2,3,5,4]
            encoder.block.{i}.layer.0.v[2,5,12]
            encoder.block.{i}.layer.0.v_heads[2,3,5,4]
            encoder.block.{i}.layer.0.scores[2,3,5,5]
            encoder.block.{i}.layer.0.probs[2,3,5,5]
            encoder.block.{i}.layer.0.context_heads[2,3,5,4]
            encoder.block.{i}.layer.0.context[2,5,12]
            encoder.block.{i}.layer.0.o[2,5,10]
            encoder.block.{i}.layer.0.hidden[2,5,10]
            encoder.block.{i}.layer.1.normed[2,5,10]
            encoder.block.{i}.layer.1.wi[2,5,7]
            encoder.block.{i}.layer.1.wi:relu -> encoder.block.{i}.layer.1.wi[2,5,7]
            encoder.block.{i}.layer.1.wo[2,5,10]

            """;
        string Decoder(int i) => $"""
            decoder.block.{i}.layer.0.normed[2,3,10]
            decoder.block.{i}.layer.0.q[2,3,12]
            decoder.block.{i}.layer.0.q_heads[2,3,3,4]
            decoder.block.{i}.layer.0.k[2,3,12]
            past_key_values.{i}.decoder.key[2,3,3,4] output
            decoder.block.{i}.layer.0.v[2,3,12]
            past_key_values.{i}.decoder.value[2,3,3,4] output
            decoder.block.{i}.layer.0.scores[2,3,3,3]
            decoder.block.{i}.layer.0.probs[2,3,3,3]
            decoder.block.{i}.layer.0.context_heads[2,3,3,4]
            decoder.block.{i}.layer.0.context[2,3,12]
            decoder.block.{i}.layer.0.o[2,3,10]
            decoder.block.{i}.layer.0.hidden[2,3,10]
            decoder.block.{i}.layer.1.normed[2,3,10]
            decoder.block.{i}.layer.1.q[2,3,12]
            decoder.block.{i}.layer.1.q_heads[2,3,3,4]
            decoder.block.{i}.layer.1.k[2,5,12]
            past_key_values.{i}.encoder.key[2,3,5,4] output
            decoder.block.{i}.layer.1.v[2,5,12]
            past_key_values.{i}.encoder.value[2,3,5,4] output
            decoder.block.{i}.layer.1.scores[2,3,3,5]
            decoder.block.{i}.layer.1.probs[2,3,3,5]
            decoder.block.{i}.layer.1.context_heads[2,3,3,4]
            decoder.block.{i}.layer.1.context[2,3,12]
            decoder.block.{i}.layer.1.o[2,3,10]
            decoder.block.{i}.layer.1.hidden[2,3,10]
            decoder.block.{i}.layer.2.normed[2,3,10]
            decoder.block.{i}.layer.2.wi[2,3,7]
            decoder.block.{i}.layer.2.wi:relu -> decoder.block.{i}.layer.2.wi[2,3,7]
            decoder.block.{i}.layer.2.wo[2,3,10]

            """;
        string expected = $"""
            encoder.embed_tokens[2,5,10]
            encoder.extended_attention_mask[2,5]
            encoder.position_bias[3,5,5]
            {Encoder(0)}
            encoder.block.0.layer.1.hidden[2,5,10]
            {Encoder(1)}
            encoder_last_hidden_state[2,5,10] output
            decoder.embed_tokens[2,3,10]
            decoder.position_bias[3,3,3]
            {Decoder(0)}
            decoder.block.0.layer.2.hidden[2,3,10]
            {Decoder(1)}
            decoder.output[2,3,10]
            logits[2,3,11] output
            """;
        StepProgram program = T5Program.Build(s_t5);
        Assert.Equal(Lines(expected), Written(program));
        Assert.Equal(
            Lines("""
                decoder.block.1.layer.0.layer_norm.weight f32[10]
                decoder.block.1.layer.0.SelfAttention.q.weight f32[12,10]
                decoder.block.1.layer.0.SelfAttention.k.weight f32[12,10]
                decoder.block.1.layer.0.SelfAttention.v.weight f32[12,10]
                decoder.block.1.layer.0.SelfAttention.o.weight f32[10,12]
                decoder.block.1.layer.1.layer_norm.weight f32[10]
                decoder.block.1.layer.1.EncDecAttention.q.weight f32[12,10]
                decoder.block.1.layer.1.EncDecAttention.k.weight f32[12,10]
                decoder.block.1.layer.1.EncDecAttention.v.weight f32[12,10]
                decoder.block.1.layer.1.EncDecAttention.o.weight f32[10,12]
                decoder.block.1.layer.2.layer_norm.weight f32[10]
                decoder.block.1.layer.2.DenseReluDense.wi.weight f32[7,10]
                decoder.block.1.layer.2.DenseReluDense.wo.weight f32[10,7]
                decoder.final_layer_norm.weight f32[10]
                """),
            program.Of(TensorCategory.Parameter).Select(tensor => tensor.ToString()).TakeLast(14));
        Assert.NotNull(program.Find("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"));
        Assert.NotNull(program.Find("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"));
        Assert.Null(program.Find("encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight"));
    }

    [Fact]
    public void The_steps_that_carry_a_number_carry_the_right_one()
    {
        StepProgram bert = BertProgram.Build(s_bert);
        Assert.All(bert.Steps.OfType<SoftmaxStep>(), step => Assert.Equal(0.5f, step.Scale)); // 1 / sqrt(4)
        Assert.All(bert.Steps.OfType<LayerNormStep>(), step => Assert.Equal(1e-12f, step.Epsilon));
        var pooler = (GemmStep)bert.Steps.Single(step => step.Name == "pooler_output");
        Assert.Equal((60, 2, 12, 12), (pooler.LayoutA.LeadingDimension, pooler.M, pooler.N, pooler.K));

        StepProgram t5 = T5Program.Build(s_t5);
        Assert.All(t5.Steps.OfType<SoftmaxStep>(), step => Assert.Equal(1f, step.Scale));
        Assert.All(t5.Steps.OfType<RmsNormStep>(), step => Assert.Equal(1e-6f, step.Epsilon));
        Assert.Equal((float)(1 / Math.Sqrt(10)), ((GemmStep)t5.Steps[^1]).Alpha);
        Assert.Equal(
            [("encoder.position_bias", false, 20), ("decoder.position_bias", true, 20)],
            t5.Steps.OfType<RelativePositionBiasStep>().Select(step => (step.Name, step.Causal, step.MaxDistance)));
        foreach (SoftmaxStep step in t5.Steps.OfType<SoftmaxStep>())
        {
            bool cross = step.Name.Contains(".layer.1.", StringComparison.Ordinal);
            bool encoder = step.Name.StartsWith("encoder.", StringComparison.Ordinal);
            Assert.Equal(cross ? null : encoder ? "encoder.position_bias" : "decoder.position_bias", step.PositionBias?.Name);
            Assert.Equal(cross || encoder ? "encoder.extended_attention_mask" : null, step.Mask?.Name);
        }
    }

    [Fact]
    public void Vgg16_is_the_table_and_asks_for_workspace_only_where_the_device_does()
    {
        StepProgram program = Vgg16(batch: 3, pixels: 224);
        Assert.Equal(
            Lines("""
                features.1.output[3,64,224,224]
                features.0.workspace[9]
                features.3.output[3,64,224,224]
                features.2.workspace[192]
                features.4.output[3,64,112,112]
                features.6.output[3,128,112,112]
                features.8.output[3,128,112,112]
                features.9.output[3,128,56,56]
                features.11.output[3,256,56,56]
                features.13.output[3,256,56,56]
                features.15.output[3,256,56,56]
                features.16.output[3,256,28,28]
                features.18.output[3,512,28,28]
                features.20.output[3,512,28,28]
                features.22.output[3,512,28,28]
                features.23.output[3,512,14,14]
                features.25.output[3,512,14,14]
                features.27.output[3,512,14,14]
                features.29.output[3,512,14,14]
                features.30.output[3,512,7,7]
                avgpool.output[3,512,7,7]
                classifier.1.output[3,4096]
                classifier.1.output:bias_relu -> classifier.1.output[3,4096]
                classifier.4.output[3,4096]
                classifier.4.output:bias_relu -> classifier.4.output[3,4096]
                logits[3,1000] output
                logits:bias -> logits[3,1000] output
                """),
            Written(program));
        Assert.Equal(
            ["features.0.weight f32[64,3,3,3]", "features.0.bias f32[64]", "features.2.weight f32[64,64,3,3]", "features.2.bias f32[64]", "features.5.weight f32[128,64,3,3]"],
            program.Of(TensorCategory.Parameter).Take(5).Select(tensor => tensor.ToString()));
        Assert.Equal("classifier.0.weight f32[4096,25088]", program.Find("classifier.0.weight")?.ToString());
        Assert.Equal("pixel_values f32[3,3,224,224]", Assert.Single(program.Of(TensorCategory.Input)).ToString());
    }

    [Fact]
    public void Vgg16_with_one_last_filter_still_takes_an_image_as_one_row()
    {
        StepProgram program = Vgg16Program.Build(Vgg16Config.Published(2) with { ImageSize = 32, Widths = [[2], [2], [2], [2], [1]] }, new WorkspaceOfLargeImages());
        Assert.Equal("classifier.1.output f32[2,4096]", program.Find("classifier.1.output")?.ToString());
    }

    [Theory]
    [InlineData(0, 5, "bert: batch is 0, must be at least 1")]
    [InlineData(-1, 5, "bert: batch is -1, must be at least 1")]
    [InlineData(1, 0, "bert: sequence length is 0, must be at least 1")]
    [InlineData(1, 513, "bert: sequence length 513 is beyond the model's 512 positions, at most 512 is allowed")]
    public void Bert_names_what_it_cannot_do(long batch, long sequence, string message)
    {
        Assert.Equal(message, Assert.Throws<CallerException>(() => BertProgram.Build(BertConfig.Base(batch, sequence))).Message);
    }

    [Fact]
    public void Other_configurations_that_cannot_be_are_named()
    {
        Assert.Equal("bert: 5 heads do not divide the hidden size 12", Assert.Throws<CallerException>(() => BertProgram.Build(s_bert with { Heads = 5 })).Message);
        Assert.Equal("t5: decoder sequence length is 0, must be at least 1", Assert.Throws<CallerException>(() => T5Program.Build(s_t5 with { DecoderSequence = 0 })).Message);
        Assert.Equal("t5: batch is 0, must be at least 1", Assert.Throws<CallerException>(() => T5Program.Build(s_t5 with { Batch = 0 })).Message);
        Assert.Equal("vgg16: batch is 0, must be at least 1", Assert.Throws<CallerException>(() => Vgg16(0)).Message);
        Assert.Contains("must be at least 2^5", Assert.Throws<CallerException>(
            () => Vgg16Program.Build(Vgg16Config.Published(1) with { ImageSize = 31 }, new WorkspaceOfLargeImages())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_whose_bytes_overflow_is_the_callers_mistake()
    {
        Assert.Throws<CallerException>(() => BertProgram.Build(BertConfig.Base(long.MaxValue / 16, 512)));
        Assert.Throws<CallerException>(() => T5Program.Build(T5Config.Small(long.MaxValue / 16, 512)));
        Assert.Throws<CallerException>(() => Vgg16(long.MaxValue / 16));
        Assert.Throws<CallerException>(() => T5Program.Build(T5Config.Small(1, 3_000_000_000)));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 37, 5)]
    [InlineData(16, 512, 2)]
    public void Any_batch_and_length_passes_the_checker(long batch, long sequence, long decoderSequence)
    {
        Assert.NotEmpty(BertProgram.Build(BertConfig.Base(batch, sequence)).Steps);
        Assert.NotEmpty(T5Program.Build(T5Config.Small(batch, sequence, decoderSequence)).Steps);
        Assert.NotEmpty(Vgg16(batch).Steps);
    }
}
