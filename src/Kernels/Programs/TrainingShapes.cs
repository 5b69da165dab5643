using static Harness.Kernels.Programs.StepShapes;

namespace Harness.Kernels.Programs;

/// <summary>The shape and type rule of every step of <c>TrainingSteps.cs</c>.</summary>
internal static class TrainingShapes
{
    /// <exception cref="CheckFailedException">a tensor's shape or type does not fit the step</exception>
    public static void Check(Step step)
    {
        switch (step)
        {
            case FillZeroStep s:
                Is(s.Y, [.. s.Y.Shape]);
                break;

            case RowSumStep s:
                Is(s.X, [.. s.X.Shape]);
                Is(s.Y, [s.X.Shape.Last]);
                break;

            case ChannelSumStep s:
                Rank(s.X, 4);
                Is(s.X, [.. s.X.Shape]);
                Is(s.Y, [s.X.Shape[1]]);
                break;

            case BatchSumStep s:
                Require(s.X.Shape.Rank >= 1, $"tensor {s.X} must have at least 1 dimension");
                Is(s.X, [s.X.Shape[0], .. s.Y.Shape]);
                Is(s.Y, [.. s.Y.Shape]);
                break;

            case ActivationBackwardStep s:
                Is(s.Y, [.. s.Y.Shape]);
                Is(s.Gradient, [.. s.Y.Shape]);
                Require(
                    s.Activation is Activation.Relu or Activation.Tanh,
                    $"tensor '{s.Y.Name}' does not tell the slope of {s.Activation}; relu and tanh are told by their result");
                break;

            case GeluBackwardStep s:
                Is(s.X, [.. s.X.Shape]);
                Is(s.Bias, [s.X.Shape.Last]);
                Is(s.OutputGradient, [.. s.X.Shape]);
                Is(s.Gradient, [.. s.X.Shape]);
                break;

            case SgdStep s:
                Update(s.Weight, s.Gradient, s.LearningRate);
                break;

            case MomentumStep s:
                Update(s.Weight, s.Gradient, s.LearningRate);
                Is(s.Buffer, [.. s.Weight.Shape]);
                Decay(s.Weight, "momentum", s.Momentum);
                break;

            case AdamStep s:
                Update(s.Weight, s.Gradient, s.LearningRate);
                Is(s.FirstMoment, [.. s.Weight.Shape]);
                Is(s.SecondMoment, [.. s.Weight.Shape]);
                Is(s.Corrections, [2]);
                Decay(s.Weight, "beta1", s.Beta1);
                Decay(s.Weight, "beta2", s.Beta2);
                Epsilon(s.Weight, s.Epsilon);
                Require(
                    float.IsFinite(s.WeightDecay) && s.WeightDecay >= 0, $"tensor '{s.Weight.Name}' has weight decay {s.WeightDecay}");
                break;

            case var _ when TrainingConvolutionShapes.Check(step):
                break;

            default:
                throw new CheckFailedException($"step type {step.GetType().Name} has no shape rule");
        }
    }

    private static void Update(TensorSpec weight, TensorSpec gradient, float learningRate)
    {
        Is(weight, [.. weight.Shape]);
        Is(gradient, [.. weight.Shape]);
        Require(float.IsFinite(learningRate) && learningRate >= 0, $"tensor '{weight.Name}' has learning rate {learningRate}");
    }

    /// <summary>The share of an old average that is kept.</summary>
    private static void Decay(TensorSpec weight, string name, float value) =>
        Require(value >= 0 && value < 1, $"tensor '{weight.Name}' has {name} {value}");
}
