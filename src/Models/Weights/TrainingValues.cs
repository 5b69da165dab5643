using Harness.Kernels.Programs;
using Harness.Models.Training;

namespace Harness.Models.Weights;

/// <summary>What a training step has beside the model's own weights and inputs: labels, a seed for dropout, the optimizer's start.</summary>
public static class TrainingValues
{
    /// <param name="model">of the model's own tensors</param>
    /// <param name="classes">labels are below</param>
    /// <param name="update">number of the update, from 1 on; Adam's corrections depend on it</param>
    public static Func<TensorSpec, TensorValues> Of(Func<TensorSpec, TensorValues> model, long classes, long update = 1) => tensor => tensor switch
    {
        { Category: TensorCategory.OptimizerState } => new ZeroValues(),
        { Name: "labels" } => new IndexValues(classes),
        { Name: "dropout_seed" } => new IndexValues(long.MaxValue),
        { Name: "bias_corrections" } => new GivenValues(
            [(float)(1 - Math.Pow(Hyperparameters.Beta1, update)), (float)(1 - Math.Pow(Hyperparameters.Beta2, update))]),
        _ => model(tensor),
    };
}
