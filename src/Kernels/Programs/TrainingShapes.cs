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

            case SoftmaxBackwardStep s:
                Rank(s.Y, 4);
                Is(s.Y, [.. s.Y.Shape]);
                Is(s.OutputGradient, [.. s.Y.Shape]);
                Is(s.Gradient, [.. s.Y.Shape]);
                Require(float.IsFinite(s.Scale), $"tensor '{s.Gradient.Name}' is scaled by {s.Scale}");
                break;

            case LayerNormParametersBackwardStep s:
                NormOperands(s.X, s.Bias, s.Residual, s.OutputGradient, s.Epsilon);
                Is(s.GammaGradient, [s.X.Shape.Last]);
                Is(s.BetaGradient, [s.X.Shape.Last]);
                Is(s.Statistics, [s.X.Shape.Rows, 2]);
                break;

            case LayerNormBackwardStep s:
                NormOperands(s.X, s.Bias, s.Residual, s.OutputGradient, s.Epsilon);
                Is(s.Gamma, [s.X.Shape.Last]);
                Is(s.XGradient, [.. s.X.Shape]);
                IsIfPresent(s.ResidualGradient, [.. s.X.Shape]);
                Require(s.ResidualGradient is not null || !s.AccumulateResidual, $"nothing is added to beside tensor '{s.XGradient.Name}'");
                break;

            case RmsNormParametersBackwardStep s:
                NormOperands(s.X, bias: null, s.Residual, s.OutputGradient, s.Epsilon);
                Is(s.GammaGradient, [s.X.Shape.Last]);
                Is(s.Statistics, [s.X.Shape.Rows]);
                break;

            case RmsNormBackwardStep s:
                NormOperands(s.X, bias: null, s.Residual, s.OutputGradient, s.Epsilon);
                Is(s.Gamma, [s.X.Shape.Last]);
                IsIfPresent(s.SumGradient, [.. s.X.Shape]);
                Is(s.XGradient, [.. s.X.Shape]);
                IsIfPresent(s.ResidualGradient, [.. s.X.Shape]);
                Require(s.ResidualGradient is not null || !s.AccumulateResidual, $"nothing is added to beside tensor '{s.XGradient.Name}'");
                break;

            case EmbeddingBackwardStep s:
                Rank(s.TableGradient, 2);
                Is(s.TableGradient, [.. s.TableGradient.Shape]);
                Is(s.OutputGradient, [.. s.OutputGradient.Shape]);
                EmbeddedRows(s);
                break;

            case RelativePositionBiasBackwardStep s:
                Rank(s.TableGradient, 2);
                Rank(s.OutputGradient, 3);
                Is(s.OutputGradient, [.. s.OutputGradient.Shape]);
                Is(s.TableGradient, [s.TableGradient.Shape[0], s.OutputGradient.Shape[0]]);
                RelativePositionBuckets(s.TableGradient, s.Causal, s.MaxDistance);
                break;

            case AdaptiveAveragePoolBackwardStep s:
                Rank(s.OutputGradient, 4);
                Rank(s.Gradient, 4);
                Is(s.Gradient, [.. s.Gradient.Shape]);
                Is(s.OutputGradient, [s.Gradient.Shape[0], s.Gradient.Shape[1], s.OutputGradient.Shape[2], s.OutputGradient.Shape[3]]);
                break;

            case CrossEntropyStep s:
                Labelled(s.Logits, s.Labels);
                Is(s.Y, [s.Logits.Shape.Rows]);
                break;

            case ScaledSumStep s:
                Is(s.X, [.. s.X.Shape]);
                Is(s.Y, [1]);
                Require(float.IsFinite(s.Scale), $"tensor '{s.Y.Name}' is scaled by {s.Scale}");
                break;

            case CrossEntropyBackwardStep s:
                Labelled(s.Logits, s.Labels);
                Is(s.Gradient, [.. s.Logits.Shape]);
                Require(float.IsFinite(s.Scale), $"tensor '{s.Gradient.Name}' is scaled by {s.Scale}");
                break;

            case DropoutStep s:
                Is(s.X, [.. s.X.Shape]);
                IsIfPresent(s.Bias, [s.X.Shape.Last]);
                Is(s.Seed, [1], DType.I64);
                if (s.Mask is not null)
                {
                    Is(s.Mask, [.. s.X.Shape], DType.U8);
                }

                Is(s.Y, [.. s.X.Shape]);
                Dropped(s.Y, s.Probability);
                Require(s.Stream >= 0, $"tensor '{s.Y.Name}' is drawn from stream {s.Stream}");
                break;

            case DropoutBackwardStep s:
                Is(s.OutputGradient, [.. s.OutputGradient.Shape]);
                Is(s.Mask, [.. s.OutputGradient.Shape], DType.U8);
                Is(s.Gradient, [.. s.OutputGradient.Shape]);
                Dropped(s.Gradient, s.Probability);
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

    private static void NormOperands(TensorSpec x, TensorSpec? bias, TensorSpec? residual, TensorSpec outputGradient, float epsilon)
    {
        Is(x, [.. x.Shape]);
        IsIfPresent(bias, [x.Shape.Last]);
        IsIfPresent(residual, [.. x.Shape]);
        Is(outputGradient, [.. x.Shape]);
        Epsilon(outputGradient, epsilon);
    }

    private static void EmbeddedRows(EmbeddingBackwardStep s)
    {
        long width = s.TableGradient.Shape[1];
        if (s.Ids is not null)
        {
            Is(s.Ids, [.. s.Ids.Shape], DType.I64);
            Is(s.OutputGradient, [.. s.Ids.Shape, width]);
            return;
        }

        Rank(s.OutputGradient, 3);
        Is(s.OutputGradient, [s.OutputGradient.Shape[0], s.OutputGradient.Shape[1], width]);
        Require(
            s.OutputGradient.Shape[1] <= s.TableGradient.Shape[0], $"tensor {s.OutputGradient} has more positions than {s.TableGradient}");
    }

    private static void Labelled(TensorSpec logits, TensorSpec labels)
    {
        Require(logits.Shape.Rank >= 2, $"tensor {logits} must have at least 2 dimensions");
        Is(logits, [.. logits.Shape]);
        Is(labels, [.. logits.Shape.Take(logits.Shape.Rank - 1)], DType.I64);
    }

    private static void Dropped(TensorSpec y, double probability) =>
        Require(probability > 0 && probability < 1, $"tensor '{y.Name}' drops with probability {probability}");

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
