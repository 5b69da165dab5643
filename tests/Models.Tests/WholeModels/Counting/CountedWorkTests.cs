using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Xunit;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>
/// MACs and FLOPs of every step, counted: the pass is computed on numbers that count what is done with them, its outputs are the oracle's, and
/// the counts are those of the formulas.
/// </summary>
public sealed class CountedWorkTests
{
    [Fact]
    public void Of_bert()
    {
        BertConfig config = SmallModel.Bert with { Batch = 4 }; // as many samples as heads would hide one behind the other
        Check(SmallModel.Of(config), BertFormulas.Of(config));
    }

    [Fact]
    public void Of_t5()
    {
        T5Config config = SmallModel.T5 with { Batch = 4, DecoderSequence = 6 };
        Check(SmallModel.Of(config), T5Formulas.Of(config));
    }

    [Theory]
    [InlineData(37)] // 1 x 1 before the adaptive pool
    [InlineData(75)] // 2 x 2
    public void Of_vgg16(long imageSize)
    {
        Vgg16Config config = SmallModel.Vgg16 with { ImageSize = imageSize };
        Check(SmallModel.Of(config, new NoWorkspace()), Vgg16Formulas.Of(config));
    }

    [Theory]
    [MemberData(nameof(SmallModel.Stacks), MemberType = typeof(SmallModel))]
    public void Of_mlps(MlpConfig config) => Check(SmallModel.Of(config), MlpFormulas.Of(config));

    [Fact]
    public void Of_the_small_cnn() => Check(SmallModel.Of(SmallModel.MnistCnn, new NoWorkspace()), MnistCnnFormulas.Of(SmallModel.MnistCnn));

    private static void Check(SmallModel model, AnalyticAccount account)
    {
        var pass = new CountedPass(model.Program);
        foreach (TensorSpec tensor in model.Program.Of(TensorCategory.Parameter))
        {
            pass.Tensors.Set(tensor, SmallModel.Reals(model.Parameters[tensor.Name]));
        }

        foreach (TensorSpec tensor in model.Program.Of(TensorCategory.Input))
        {
            pass.Tensors.SetInput(tensor, model.Inputs[tensor.Name]);
        }

        CountedStep.AreThoseOf(account, pass.Run());
        model.CheckAgainstOracle(
            model.Program.Of(TensorCategory.Output).ToDictionary(output => output.Name, pass.Tensors.Values), 4 * Math.Pow(2, -24));
    }
}
