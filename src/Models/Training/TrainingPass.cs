namespace Harness.Models.Training;

/// <summary>How parameters are updated; docs/training.md has the rules.</summary>
public enum Optimizer
{
    Sgd,
    Momentum,
    Adam,
    AdamW,
}

/// <summary>
/// One pass of a training step: forward, backward, and in the last pass of a step the update. The pass's own samples are the batch of the
/// configuration beside it; with micro-batches a step has several passes. Programs and formulas both start from this, and meet nowhere else.
/// </summary>
/// <param name="StepBatch">samples of the whole step, by which the loss is a mean; a multiple of the pass's own</param>
/// <param name="Dropout">probability that an element is dropped, in [0,1); 0: no dropout steps, masks or seed</param>
/// <param name="RecomputeBlocks">keep only the inputs of BERT's and T5's blocks, and compute the rest again in the backward pass</param>
/// <param name="ContinuesGradients">an earlier pass of the step has written the gradients: this one adds to them</param>
/// <param name="Updates">the last pass of the step: the optimizer runs</param>
public sealed record TrainingPass(
    Optimizer Optimizer, long StepBatch, double Dropout, bool RecomputeBlocks, bool ContinuesGradients, bool Updates);
