using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Models.Training;
using Xunit;

namespace Harness.Models.Tests;

public sealed class ModelCatalogTests
{
    [Fact]
    public void Defaults_are_those_of_the_contract()
    {
        Assert.Equal(new ModelSize(1, null, null), ModelCatalog.Find("vgg16").Size(null));
        Assert.Equal(new ModelSize(1, 64, null), ModelCatalog.Find("bert-base").Size(null));
        Assert.Equal(new ModelSize(1, 64, 1), ModelCatalog.Find("t5-small").Size(null));
        Assert.Equal(new ModelSize(3, 37, 5), ModelCatalog.Find("t5-small").Size(3, 37, 5));
    }

    [Fact]
    public void What_does_not_apply_or_is_out_of_range_is_named()
    {
        static string Message(string model, long? batch, long? sequence, long? decoderSequence) =>
            Assert.Throws<CallerException>(() => ModelCatalog.Find(model).Size(batch, sequence, decoderSequence)).Message;

        Assert.Equal("--seq does not apply to vgg16", Message("vgg16", 1, 64, null));
        Assert.Equal("--decoder-seq does not apply to bert-base", Message("bert-base", 1, 64, 1));
        Assert.Equal("--batch 0 is out of range: vgg16 takes at least 1", Message("vgg16", 0, null, null));
        Assert.Equal("--seq 513 is out of range: bert-base takes from 1 to 512", Message("bert-base", 1, 513, null));
        Assert.Equal("--decoder-seq -1 is out of range: t5-small takes at least 1", Message("t5-small", 1, 1, -1));
        Assert.Equal("--seq does not apply to mnist-mlp", Message("mnist-mlp", 1, 64, null));
        Assert.Equal("--decoder-seq does not apply to mlp:3-4:nobias", Message("mlp:3-4:nobias", 1, null, 1));
        Assert.Equal("--batch 0 is out of range: mlp:3-4 takes at least 1", Message("mlp:3-4", 0, null, null));
        Assert.Equal(
            "unknown model 'bert'; known: vgg16, bert-base, t5-small, mnist-mlp, cifar-mlp, mnist-cnn, mlp:A-B-...-Z[:nobias]",
            Assert.Throws<CallerException>(() => ModelCatalog.Find("bert")).Message);
        Assert.StartsWith("unknown model 'mnist-mpl'; did you mean 'mnist-mlp'?", Assert.Throws<CallerException>(() => ModelCatalog.Find("mnist-mpl")).Message, StringComparison.Ordinal);
        Assert.StartsWith("model 'mlp:3': ", Assert.Throws<CallerException>(() => ModelCatalog.Find("mlp:3")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stack_is_called_as_the_caller_wrote_it()
    {
        Assert.All((string[])["mlp:100-50:nobias", "mlp:007-5"], name => Assert.Equal(name, ModelCatalog.Find(name).Name));
        Assert.Equal(5_000, ModelCatalog.Find("mlp:100-50:nobias").Account(new ModelSize(1, null, null), null).ParameterCount.Value);
    }

    /// <summary>Each model is given its own formulas, for the size asked for; the audit joins the two for good.</summary>
    [Theory]
    [InlineData("vgg16", 3L, null, null, null)]
    [InlineData("vgg16", 3L, null, null, 0L)]
    [InlineData("vgg16", 3L, null, null, 67_108_864L)]
    [InlineData("bert-base", 3L, 37L, null, null)]
    [InlineData("bert-base", 1L, 1L, null, null)]
    [InlineData("bert-base", 2L, 512L, null, 67_108_864L)]
    [InlineData("t5-small", 3L, 37L, 5L, null)]
    [InlineData("t5-small", 1L, 1L, 1L, 67_108_864L)]
    [InlineData("mnist-mlp", 3L, null, null, null)]
    [InlineData("cifar-mlp", 1L, null, null, null)]
    [InlineData("mnist-cnn", 1L, null, null, null)]
    [InlineData("mnist-cnn", 64L, null, null, null)]
    [InlineData("mnist-cnn", 64L, null, null, 0L)]
    [InlineData("mnist-cnn", 3L, null, null, 67_108_864L)]
    [InlineData("mlp:100-50:nobias", 2L, null, null, null)]
    [InlineData("mlp:1-1", 1L, null, null, null)]
    [InlineData("mlp:7-6-5-4-3-2", 9L, null, null, null)]
    public void Formulas_and_program_name_the_same_buffers_and_agree_on_every_byte(
        string name, long batch, long? sequence, long? decoderSequence, long? workspaceBytes)
    {
        Model model = ModelCatalog.Find(name);
        ModelSize size = model.Size(batch, sequence, decoderSequence);
        using var device = new NullDevice(workspaceBytes);
        StepProgram program = model.Program(size, device);
        AnalyticAccount account = model.Account(size, workspaceBytes);

        static string Label(TensorCategory category) => category switch
        {
            TensorCategory.Parameter => "Parameters",
            TensorCategory.Input => "Inputs",
            TensorCategory.Output => "Outputs",
            TensorCategory.Activation => "Activations",
            _ => "Workspace",
        };
        Assert.Equal(
            program.Tensors.Select(tensor => $"{tensor.Name} {Label(tensor.Category)} {tensor.Bytes}").Order(StringComparer.Ordinal),
            account.Buffers.Select(buffer => $"{buffer.Name} {buffer.Category} {buffer.Bytes}").Order(StringComparer.Ordinal));
        Assert.Equal(program.Of(TensorCategory.Parameter).Sum(tensor => tensor.Shape.Elements), account.ParameterCount.Value);
        Assert.Equal(program.Steps.Select(step => step.Name), account.Steps.Select(step => step.Name));
    }

    /// <summary>A peak had without the rest of an account is the account's, moment by moment.</summary>
    [Fact]
    public void The_peak_alone_is_that_of_the_account()
    {
        foreach (Model model in ModelCatalog.All)
        {
            ModelSize size = model.Size(3, model.Sequence is null ? null : 37, model.DecoderSequence is null ? null : 5);
            Assert.Equal(model.Account(size, null).Peak.Moments.Select(Words), model.Peak(size, null).Moments.Select(Words));
            foreach (Optimizer optimizer in Enum.GetValues<Optimizer>())
            {
                foreach ((bool recompute, bool continues, bool updates) in new[] { (false, false, true), (true, false, true), (false, true, false) })
                {
                    var pass = new TrainingPass(
                        optimizer, 6, model.Training.Dropout ?? 0, recompute && model.Training.HasBlocks, continues, updates);
                    Assert.Equal(
                        model.Training.Account(size, pass, null).Peak.Moments.Select(Words),
                        model.Training.Peak(size, pass, null).Moments.Select(Words));
                }
            }
        }

        static string Words(PeakMoment moment) => $"{moment.Name}: {moment.Formula} = {moment.Bytes}, {moment.Why}";
    }
}
