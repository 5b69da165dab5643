using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models.Training;
using Harness.Models.Weights;
using Xunit;

namespace Harness.Models.Tests.Weights;

/// <summary>Files against the weights of a model: names as published, names as others write them, and what is wrong where it is wrong.</summary>
public sealed class CheckpointTests : IDisposable
{
    private static readonly BertConfig s_bertConfig = new(
        Batch: 1, Sequence: 2, Hidden: 4, Heads: 2, Layers: 1, Intermediate: 3, Vocabulary: 5, MaxPositions: 2, TokenTypes: 2);

    private static readonly StepProgram s_bert = BertProgram.Build(s_bertConfig);

    private static readonly StepProgram s_t5 = T5Program.Build(new T5Config(
        Batch: 1, Sequence: 2, DecoderSequence: 1, Hidden: 4, Heads: 2, HeadSize: 2, FeedForward: 3, Layers: 1, Vocabulary: 5, Buckets: 8, MaxDistance: 16));

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"harness-checkpoint-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_path);

    private static TensorSpec[] Parameters(StepProgram program) => [.. program.Of(TensorCategory.Parameter)];

    /// <summary>Writes the parameters, each under a name of the test's choice (null: left out), and others beside them. A tensor's bytes are all its name's length.</summary>
    private void Write(StepProgram program, Func<string, string?> rename, params (string Name, DType DType, long[] Shape)[] others)
    {
        var b = new ProgramBuilder("file");
        IEnumerable<TensorSpec> own = Parameters(program)
            .Where(tensor => rename(tensor.Name) is not null)
            .Select(tensor => b.Declare(rename(tensor.Name)!, tensor.Shape, tensor.DType, TensorCategory.Parameter));
        TensorSpec[] all = [.. own, .. others.Select(other => b.Declare(other.Name, new Shape(other.Shape), other.DType, TensorCategory.Parameter))];
        SafetensorsWriter.Write(_path, all, (tensor, bytes) => bytes.Fill((byte)tensor.Name.Length));
    }

    private string[] Unused(StepProgram program, CheckpointNames names)
    {
        using SafetensorsFile file = SafetensorsFile.Open(_path);
        return [.. Checkpoint.Match(file, Parameters(program), names).Unused];
    }

    private string Flaw(StepProgram program, CheckpointNames names)
    {
        using SafetensorsFile file = SafetensorsFile.Open(_path);
        string message = Assert.Throws<CallerException>(() => Checkpoint.Match(file, Parameters(program), names)).Message;
        Assert.DoesNotContain('\n', message);
        return message.Replace($"'{_path}': ", "", StringComparison.Ordinal);
    }

    [Fact]
    public void The_published_names_match()
    {
        Write(s_bert, name => name);
        Assert.Empty(Unused(s_bert, CheckpointNames.Bert));
        Write(s_t5, name => name);
        Assert.Empty(Unused(s_t5, CheckpointNames.T5));
    }

    [Fact]
    public void A_checkpoint_with_a_head_has_prefixed_names_and_entries_of_the_head()
    {
        Write(
            s_bert, name => "bert." + name, ("cls.predictions.bias", DType.F32, [5]), ("classifier.weight", DType.F32, [2, 4]),
            ("bert.embeddings.position_ids", DType.I64, [1, 2]));
        Assert.Equal(["bert.embeddings.position_ids", "classifier.weight", "cls.predictions.bias"], Unused(s_bert, CheckpointNames.Bert));

        using SafetensorsFile file = SafetensorsFile.Open(_path);
        Checkpoint checkpoint = Checkpoint.Match(file, Parameters(s_bert), CheckpointNames.Bert);
        TensorSpec pooler = s_bert.Find("pooler.dense.bias")!;
        var bytes = new byte[pooler.Bytes];
        checkpoint.Read(pooler, bytes);
        Assert.All(bytes, one => Assert.Equal("bert.pooler.dense.bias".Length, one));
    }

    /// <summary>As a classifier is published: everything is prefixed but the head, which training wants.</summary>
    [Fact]
    public void A_head_that_the_program_has_is_read_without_a_prefix()
    {
        using var device = new NullDevice();
        StepProgram training = BertProgram.BuildTraining(
            s_bertConfig, new TrainingPass(Optimizer.Sgd, 1, Dropout: 0, RecomputeBlocks: false, ContinuesGradients: false, Updates: true), device);
        Write(training, name => name.StartsWith("classifier.", StringComparison.Ordinal) ? name : $"bert.{name}");
        Assert.Empty(Unused(training, CheckpointNames.Bert));

        Write(s_bert, name => $"bert.{name}", ("cls.predictions.bias", DType.F32, [5]));
        Assert.Contains("classifier.weight", Flaw(training, CheckpointNames.Bert), StringComparison.Ordinal);
    }

    [Fact]
    public void Old_names_of_norms_and_the_buffer_of_positions_are_known()
    {
        static string Old(string name) => name
            .Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal);
        Write(s_bert, Old, ("embeddings.position_ids", DType.I64, [1, 2]), ("cls.seq_relationship.bias", DType.F32, [2]));
        Assert.Equal(["cls.seq_relationship.bias", "embeddings.position_ids"], Unused(s_bert, CheckpointNames.Bert));
    }

    [Fact]
    public void Tied_tables_of_T5_may_be_there_again_with_the_same_bytes()
    {
        Write(s_t5, name => name, ("lm_head.weight", DType.F32, [5, 4]));
        Assert.Equal("'lm_head.weight' differs from 'shared.weight', to which this model ties it", Flaw(s_t5, CheckpointNames.T5));

        TensorSpec[] all;
        var b = new ProgramBuilder("file");
        string[] tied = ["lm_head.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];
        all =
        [
            .. Parameters(s_t5).Select(tensor => b.Declare(tensor.Name, tensor.Shape, tensor.DType, TensorCategory.Parameter)),
            .. tied.Select(name => b.Parameter(name, 5, 4)),
            b.Parameter("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight", 8, 2),
        ];
        SafetensorsWriter.Write(_path, all, (_, bytes) => bytes.Fill(7));
        Assert.Equal(
            ["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight", "decoder.embed_tokens.weight", "encoder.embed_tokens.weight", "lm_head.weight"],
            Unused(s_t5, CheckpointNames.T5));
    }

    [Fact]
    public void A_tied_table_of_another_shape_is_named()
    {
        Write(s_t5, name => name, ("lm_head.weight", DType.F32, [4, 5]));
        Assert.Equal("'lm_head.weight' differs from 'shared.weight', to which this model ties it", Flaw(s_t5, CheckpointNames.T5));
    }

    [Fact]
    public void Missing_and_superfluous_tensors_are_counted_and_the_first_listed()
    {
        Write(s_bert, name => name == "pooler.dense.bias" ? null : name, ("extra", DType.F32, [1]));
        Assert.Equal("the tensors do not match the model's: 1 missing (pooler.dense.bias), 1 superfluous (extra)", Flaw(s_bert, CheckpointNames.Bert));

        Write(s_bert, _ => null);
        Assert.Equal(
            "the tensors do not match the model's: 23 missing (embeddings.word_embeddings.weight, embeddings.position_embeddings.weight, "
            + "embeddings.token_type_embeddings.weight, embeddings.LayerNorm.weight, embeddings.LayerNorm.bias and 18 more)",
            Flaw(s_bert, CheckpointNames.Bert));
    }

    [Fact]
    public void Wrong_shapes_and_types_are_named()
    {
        Write(s_bert, name => name == "pooler.dense.bias" ? null : name, ("pooler.dense.bias", DType.F32, [5]));
        Assert.Equal("'pooler.dense.bias' is F32[5], must be F32[4]", Flaw(s_bert, CheckpointNames.Bert));

        Write(s_bert, name => name == "pooler.dense.bias" ? null : name, ("pooler.dense.bias", DType.I64, [4]));
        Assert.Equal("'pooler.dense.bias' is I64[4], must be F32[4]", Flaw(s_bert, CheckpointNames.Bert));

        Write(s_bert, name => name.StartsWith("pooler", StringComparison.Ordinal) ? null : name, ("pooler.dense.bias", DType.F32, [1]), ("pooler.dense.weight", DType.F32, [1]));
        Assert.Equal(
            "2 tensors have the wrong type or shape: 'pooler.dense.weight' is F32[1], must be F32[4,4], 'pooler.dense.bias' is F32[1], must be F32[4]",
            Flaw(s_bert, CheckpointNames.Bert));
    }

    [Fact]
    public void A_weight_given_under_two_names_is_named()
    {
        Write(s_bert, name => name, ("embeddings.LayerNorm.gamma", DType.F32, [4]));
        Assert.Equal(
            "tensors 'embeddings.LayerNorm.gamma' and 'embeddings.LayerNorm.weight' are both embeddings.LayerNorm.weight", Flaw(s_bert, CheckpointNames.Bert));
    }

    [Fact]
    public void Files_of_inputs_hold_the_inputs_and_nothing_else()
    {
        TensorSpec[] inputs = [.. s_bert.Of(TensorCategory.Input)];
        SafetensorsWriter.Write(_path, inputs, (_, bytes) => bytes.Clear());
        using (SafetensorsFile file = SafetensorsFile.Open(_path))
        {
            Assert.Empty(Checkpoint.Match(file, inputs, CheckpointNames.Exact).Unused);
        }

        SafetensorsWriter.Write(_path, inputs[1..], (_, bytes) => bytes.Clear());
        using SafetensorsFile partial = SafetensorsFile.Open(_path);
        Assert.EndsWith("1 missing (input_ids)", Assert.Throws<CallerException>(() => Checkpoint.Match(partial, inputs, CheckpointNames.Exact)).Message, StringComparison.Ordinal);
    }
}
