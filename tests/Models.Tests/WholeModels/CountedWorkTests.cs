using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>
/// MACs and FLOPs of every step, counted: the pass is computed on numbers that count what is done with them, its outputs are the oracle's, and
/// the counts are those of the formulas.
/// </summary>
public sealed class CountedWorkTests
{
    private sealed class NoWorkspace : IConvolutionWorkspace
    {
        public long WorkspaceBytes(in ConvolutionShape shape) => 0;

        public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => 0;

        public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => 0;
    }

    [Fact]
    public void Of_bert() => Check(SmallModel.Of(SmallModel.Bert), BertFormulas.Of(SmallModel.Bert));

    [Fact]
    public void Of_t5() => Check(SmallModel.Of(SmallModel.T5), T5Formulas.Of(SmallModel.T5));

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
            pass.Set(tensor, SmallModel.Reals(model.Parameters[tensor.Name]));
        }

        foreach (TensorSpec tensor in model.Program.Of(TensorCategory.Input))
        {
            if (tensor.DType is DType.I64)
            {
                pass.Set(tensor, SmallModel.Ids(model.Inputs[tensor.Name]));
            }
            else
            {
                pass.Set(tensor, SmallModel.Reals(model.Inputs[tensor.Name]));
            }
        }

        List<(string Step, long Macs, long Operations)> counted = pass.Run();
        Assert.Equal(
            account.Steps.Select(step => $"{step.Name}: {step.Macs.Value} MACs, {step.Flops.Value} FLOPs"),
            counted.Select(work => $"{work.Step}: {work.Macs} MACs, {2 * work.Macs + work.Operations} FLOPs"));
        model.CheckAgainstOracle(
            model.Program.Of(TensorCategory.Output).ToDictionary(output => output.Name, pass.Values), 4 * Math.Pow(2, -24));
    }
}
