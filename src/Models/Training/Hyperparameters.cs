namespace Harness.Models.Training;

/// <summary>The optimizers' constants; those of the papers (docs/training.md), and one learning rate for all.</summary>
public static class Hyperparameters
{
    public const float LearningRate = 1e-3f;
    public const float Momentum = 0.9f;
    public const float Beta1 = 0.9f;
    public const float Beta2 = 0.999f;
    public const float Epsilon = 1e-8f;
    public const float WeightDecay = 0.01f;
}
