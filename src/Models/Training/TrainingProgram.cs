using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Kernels.Programs.Backward;

namespace Harness.Models.Training;

/// <summary>What every model's training pass has behind its logits: loss, backward pass and, in the last pass of a step, the update.</summary>
internal static class TrainingProgram
{
    /// <summary>A builder for the forward pass of a training pass: what the model hands over otherwise is an activation here.</summary>
    public static ProgramBuilder Builder(string name) => new(name, handsOverOutputs: false);

    /// <param name="b">has the forward pass</param>
    /// <param name="pass">which of the step's passes this is, and its options</param>
    /// <param name="logits">[...,N]: as many labels as there are rows</param>
    /// <param name="batch">samples of this pass</param>
    /// <param name="device">says how much workspace convolutions take</param>
    /// <param name="blocks">what may be computed again; null where the model has no blocks</param>
    public static StepProgram Finish(
        ProgramBuilder b, TrainingPass pass, TensorSpec logits, long batch, IConvolutionWorkspace device, IReadOnlyList<RecomputedBlock>? blocks = null)
    {
        TensorSpec labels = b.Input("labels", DType.I64, [.. logits.Shape.Take(logits.Shape.Rank - 1)]);
        long rowsOfStep = checked(logits.Shape.Rows / batch * pass.StepBatch);
        b.CrossEntropyLoss(logits, labels, scale: 1f / rowsOfStep);
        Backpropagation.Append(b, device, pass.ContinuesGradients, pass.RecomputeBlocks ? blocks : null);
        if (pass.Updates)
        {
            Update(b, pass.Optimizer);
        }

        return b.Build(pass.ContinuesGradients);
    }

    private static void Update(ProgramBuilder b, Optimizer optimizer)
    {
        switch (optimizer)
        {
            case Optimizer.Sgd:
                Updates.AppendSgd(b, Hyperparameters.LearningRate);
                break;
            case Optimizer.Momentum:
                Updates.AppendMomentum(b, Hyperparameters.LearningRate, Hyperparameters.Momentum);
                break;
            case Optimizer.Adam or Optimizer.AdamW:
                TensorSpec corrections = b.Input("bias_corrections", DType.F32, 2);
                Updates.AppendAdam(
                    b, optimizer is Optimizer.Adam ? "adam" : "adamw", corrections, Hyperparameters.LearningRate, Hyperparameters.Beta1,
                    Hyperparameters.Beta2, Hyperparameters.Epsilon, optimizer is Optimizer.Adam ? 0 : Hyperparameters.WeightDecay);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(optimizer), optimizer, null);
        }
    }
}
