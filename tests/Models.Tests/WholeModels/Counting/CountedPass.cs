using Harness.Kernels.Programs;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>
/// A pass of a program on numbers that count, each step written out from its definition (the comments of the step records, docs/models.md,
/// docs/training.md; what counts as an operation: docs/formulas.md).
/// </summary>
internal sealed class CountedPass(StepProgram program)
{
    /// <summary>What is given is put here before, and results are found here after the run.</summary>
    public CountedTensors Tensors { get; } = new();

    /// <summary>Every step's work, in order.</summary>
    public List<CountedStep> Run()
    {
        var work = new List<CountedStep>();
        Tally tally = Tensors.Tally;
        foreach (Step step in program.Steps)
        {
            (tally.Macs, tally.Operations) = (0, 0);
            Compute(Tensors, step);
            work.Add(new(step.Name, tally.Macs, tally.Operations));
        }

        return work;
    }

    private static void Compute(CountedTensors t, Step step)
    {
        switch (step)
        {
            case GemmStep s: CountedProducts.Compute(t, s); break;
            case ConvolutionStep s: CountedConvolutions.Forward(t, s); break;
            case ConvolutionWeightBackwardStep s: CountedConvolutions.Weight(t, s); break;
            case ConvolutionDataBackwardStep s: CountedConvolutions.Data(t, s); break;
            case MaxPoolStep s: CountedPools.Max(t, s); break;
            case MaxPoolBackwardStep s: CountedPools.MaxBackward(t, s); break;
            case AdaptiveAveragePoolStep s: CountedPools.Average(t, s); break;
            case AdaptiveAveragePoolBackwardStep s: CountedPools.AverageBackward(t, s); break;

            case BiasActivationStep s: CountedElements.BiasActivation(t, s); break;
            case ActivationBackwardStep s: CountedElements.ActivationBackward(t, s); break;
            case GeluBackwardStep s: CountedElements.GeluBackward(t, s); break;
            case AddStep s: t.Write(s.Y, t.Read(s.A).Zip(t.Read(s.B), (a, b) => a + b)); break;
            case AttentionMaskStep s: CountedElements.AttentionMask(t, s); break;
            case FillZeroStep s: t.Set(s.Y, new double[s.Y.Shape.Elements]); break; // stores, computes nothing
            case SplitHeadsStep s: CountedElements.SplitHeads(t, s); break;
            case MergeHeadsStep s: CountedElements.MergeHeads(t, s); break;
            case DropoutStep s: CountedElements.Dropout(t, s); break;
            case DropoutBackwardStep s: CountedElements.DropoutBackward(t, s); break;

            case SoftmaxStep s: CountedRowSteps.Softmax(t, s); break;
            case SoftmaxBackwardStep s: CountedRowSteps.SoftmaxBackward(t, s); break;
            case LayerNormStep s: CountedRowSteps.LayerNorm(t, s); break;
            case LayerNormParametersBackwardStep s: CountedRowSteps.LayerNormParameters(t, s); break;
            case LayerNormBackwardStep s: CountedRowSteps.LayerNormOperands(t, s); break;
            case RmsNormStep s: CountedRowSteps.RmsNorm(t, s); break;
            case RmsNormParametersBackwardStep s: CountedRowSteps.RmsNormParameters(t, s); break;
            case RmsNormBackwardStep s: CountedRowSteps.RmsNormOperands(t, s); break;
            case CrossEntropyStep s: CountedRowSteps.CrossEntropy(t, s); break;
            case CrossEntropyBackwardStep s: CountedRowSteps.CrossEntropyBackward(t, s); break;

            case RowSumStep s: CountedSums.OverRows(t, s.X, s.Y, s.Accumulate); break;
            case BatchSumStep s: CountedSums.OverRows(t, s.X, s.Y, s.Accumulate); break; // a row is a sample
            case ChannelSumStep s: CountedSums.OfChannels(t, s); break;
            case ScaledSumStep s: t.Write(s.Y, [CountedRows.Sum(t, t.Read(s.X)) * t.Number(s.Scale)]); break;

            case EmbeddingStep s: CountedTables.Embedding(t, s); break;
            case BertEmbeddingStep s: CountedTables.BertEmbedding(t, s); break;
            case EmbeddingBackwardStep s: CountedTables.EmbeddingBackward(t, s); break;
            case RelativePositionBiasStep s: CountedTables.PositionBias(t, s); break;
            case RelativePositionBiasBackwardStep s: CountedTables.PositionBiasBackward(t, s); break;

            case SgdStep s: CountedUpdates.Sgd(t, s); break;
            case MomentumStep s: CountedUpdates.Momentum(t, s); break;
            case AdamStep s: CountedUpdates.Adam(t, s); break;
            default: throw new InvalidOperationException($"{step.GetType().Name} has no counted definition");
        }
    }
}
