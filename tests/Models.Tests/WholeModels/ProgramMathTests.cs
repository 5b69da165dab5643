using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>
/// The programs alone: each step is computed by its reference in double precision, so what differs from the oracle is the program's. No device and no
/// kernel takes part, and the tolerance is that of the few places where a reference rounds to f32 by definition.
/// </summary>
public sealed class ProgramMathTests
{
    /// <summary>A logit is rounded to f32 after each addition, and a scale is an f32: a few roundoffs of 2^-24.</summary>
    private static readonly double s_relative = 4 * Math.Pow(2, -24);

    [Theory]
    [InlineData(3, 7)]
    [InlineData(1, 1)]
    [InlineData(2, 11)]
    public void Bert_is_the_papers(long batch, long sequence) =>
        Check(SmallModel.Of(SmallModel.Bert with { Batch = batch, Sequence = sequence }));

    [Theory]
    [InlineData(3, 7, 5)]
    [InlineData(2, 7, 1)]
    [InlineData(1, 1, 1)]
    [InlineData(1, 33, 30)] // beyond the start of the last bucket in both stacks
    public void T5_is_the_papers(long batch, long sequence, long decoderSequence) =>
        Check(SmallModel.Of(SmallModel.T5 with { Batch = batch, Sequence = sequence, DecoderSequence = decoderSequence }));

    [Theory]
    [InlineData(2, 37)]
    [InlineData(1, 75)] // 2 x 2 before the adaptive pool
    public void Vgg16_is_the_papers(long batch, long imageSize) =>
        Check(SmallModel.Of(SmallModel.Vgg16 with { Batch = batch, ImageSize = imageSize }, new NoWorkspace()));

    public static TheoryData<MlpConfig> Stacks => SmallModel.Stacks;

    [Theory]
    [MemberData(nameof(Stacks))]
    public void A_stack_is_its_layers(MlpConfig config) => Check(SmallModel.Of(config));

    [Theory]
    [InlineData(2, 9)]
    [InlineData(1, 2)]
    [InlineData(3, 12)]
    public void Mnist_cnn_is_its_layers(long batch, long imageSize) =>
        Check(SmallModel.Of(SmallModel.MnistCnn with { Batch = batch, ImageSize = imageSize }, new NoWorkspace()));

    private static void Check(SmallModel model)
    {
        StepProgram program = model.Program;
        var reals = new double[program.Tensors.Length][];
        var ids = new long[program.Tensors.Length][];
        foreach (TensorSpec tensor in program.Of(TensorCategory.Parameter))
        {
            reals[tensor.Index] = SmallModel.Reals(model.Parameters[tensor.Name]);
        }

        foreach (TensorSpec tensor in program.Of(TensorCategory.Input))
        {
            if (tensor.DType is DType.I64)
            {
                ids[tensor.Index] = SmallModel.Ids(model.Inputs[tensor.Name]);
            }
            else
            {
                reals[tensor.Index] = SmallModel.Reals(model.Inputs[tensor.Name]);
            }
        }

        foreach (Step step in program.Steps)
        {
            Compute(step, reals, ids);
        }

        model.CheckAgainstOracle(program.Of(TensorCategory.Output).ToDictionary(output => output.Name, output => reals[output.Index]), s_relative);
    }

    private static void Compute(Step step, double[][] reals, long[][] ids)
    {
        double[] Real(TensorSpec tensor) => reals[tensor.Index];
        double[]? RealOrNull(TensorSpec? tensor) => tensor is null ? null : reals[tensor.Index];
        TensorSpec result = step.Writes[^1];
        switch (step)
        {
            case GemmStep s:
                reals[result.Index] = GemmReference.Compute(
                    Real(s.A), s.LayoutA, Real(s.B), s.LayoutB, s.LayoutC, s.C.Shape.Elements, s.Batch, s.M, s.N, s.K, s.Alpha);
                break;
            case ConvolutionStep s:
                Shape x = s.X.Shape, w = s.Weight.Shape;
                reals[result.Index] = ConvolutionReference.Compute(
                    new ConvolutionShape(x[0], x[1], x[2], x[3], w[0], w[2], w[3], s.Padding, s.Stride), Real(s.X), Real(s.Weight), Real(s.Bias), s.Relu);
                break;
            case MaxPoolStep s:
                reals[result.Index] = PoolingReference.Max(Real(s.X), s.X.Shape[0] * s.X.Shape[1], s.X.Shape[2], s.X.Shape[3], s.Window, s.Stride);
                break;
            case AdaptiveAveragePoolStep s:
                reals[result.Index] = PoolingReference.AdaptiveAverage(
                    Real(s.X), s.X.Shape[0] * s.X.Shape[1], s.X.Shape[2], s.X.Shape[3], s.Y.Shape[2], s.Y.Shape[3]);
                break;
            case BiasActivationStep s:
                reals[result.Index] = ElementwiseReference.BiasActivation(Real(s.X), RealOrNull(s.Bias), s.Activation);
                break;
            case SplitHeadsStep s:
                reals[result.Index] = HeadsReference.Split(Real(s.X), RealOrNull(s.Bias), s.Y.Shape[0], s.Y.Shape[2], s.Y.Shape[1], s.Y.Shape[3]);
                break;
            case MergeHeadsStep s:
                reals[result.Index] = HeadsReference.Merge(Real(s.X), s.X.Shape[0], s.X.Shape[2], s.X.Shape[1], s.X.Shape[3]);
                break;
            case SoftmaxStep s:
                reals[result.Index] = SoftmaxReference.Compute(
                    Real(s.X), RealOrNull(s.PositionBias), RealOrNull(s.Mask), s.X.Shape[0], s.X.Shape[1], s.X.Shape[2], s.X.Shape[3], s.Scale);
                break;
            case LayerNormStep s:
                reals[result.Index] = NormReference.LayerNorm(Real(s.X), RealOrNull(s.Bias), RealOrNull(s.Residual), Real(s.Gamma), Real(s.Beta), s.Epsilon);
                break;
            case RmsNormStep s:
                if (s.Sum is not null)
                {
                    reals[s.Sum.Index] = NormReference.Sum(Real(s.X), null, RealOrNull(s.Residual), (int)s.X.Shape.Last);
                }

                reals[result.Index] = NormReference.RmsNorm(Real(s.X), RealOrNull(s.Residual), Real(s.Gamma), s.Epsilon);
                break;
            case EmbeddingStep s:
                reals[result.Index] = EmbeddingReference.Gather(ids[s.Ids.Index], Real(s.Table), s.Table.Shape[1]);
                break;
            case BertEmbeddingStep s:
                reals[result.Index] = EmbeddingReference.Bert(
                    ids[s.Ids.Index], ids[s.TypeIds.Index], Real(s.Word), Real(s.Position), Real(s.Type), s.Ids.Shape[1], s.Word.Shape[1]);
                break;
            case AttentionMaskStep s:
                reals[result.Index] = ElementwiseReference.AttentionMask(ids[s.Mask.Index]);
                break;
            case RelativePositionBiasStep s:
                reals[result.Index] = RelativePositionBiasReference.Compute(
                    Real(s.Table), s.Y.Shape[0], s.Y.Shape[1], s.Y.Shape[2], s.Causal, s.MaxDistance);
                break;
            default:
                throw new InvalidOperationException($"no reference of {step.GetType().Name}");
        }
    }
}
