namespace Harness.Kernels.Programs.Backward;

/// <summary>The rule of every forward step that a model has; each in a file of its own, the table of all in docs/training.md.</summary>
internal static class BackwardRules
{
    /// <summary>Appends the steps of the rule.</summary>
    /// <exception cref="CheckFailedException">there is no rule, or the step has a form that the rule does not know</exception>
    public static void Apply(Backpropagation pass, Step step)
    {
        switch (step)
        {
            case GemmStep s:
                GemmRule.Apply(pass, s);
                break;
            case ConvolutionStep s:
                ConvolutionRule.Apply(pass, s);
                break;
            case MaxPoolStep s:
                PoolingRules.Apply(pass, s);
                break;
            case AdaptiveAveragePoolStep s:
                PoolingRules.Apply(pass, s);
                break;
            case BiasActivationStep s:
                BiasActivationRule.Apply(pass, s);
                break;
            case SplitHeadsStep s:
                HeadsRules.Apply(pass, s);
                break;
            case MergeHeadsStep s:
                HeadsRules.Apply(pass, s);
                break;
            case SoftmaxStep s:
                SoftmaxRule.Apply(pass, s);
                break;
            case DropoutStep s:
                DropoutRule.Apply(pass, s);
                break;
            case LayerNormStep s:
                LayerNormRule.Apply(pass, s);
                break;
            case RmsNormStep s:
                RmsNormRule.Apply(pass, s);
                break;
            case EmbeddingStep s:
                EmbeddingRules.Apply(pass, s);
                break;
            case BertEmbeddingStep s:
                EmbeddingRules.Apply(pass, s);
                break;
            case RelativePositionBiasStep s:
                RelativePositionBiasRule.Apply(pass, s);
                break;
            case CrossEntropyStep s:
                CrossEntropyRule.Apply(pass, s);
                break;
            case ScaledSumStep s:
                pass.SetLossScale(s.X, s.Scale);
                break;
            case AttentionMaskStep:
                break; // made of an input alone
            default:
                throw new CheckFailedException($"{step.GetType().Name} has no backward rule");
        }
    }
}
