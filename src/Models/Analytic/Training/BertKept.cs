using System.Collections.Immutable;
using static Harness.Models.Analytic.Training.KeptActivation;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// What BERT keeps for the backward pass, name by name; how many bytes of a layer that is, is in <see cref="BertTrainingPeak"/>.
/// </summary>
public static class BertKept
{
    public static ImmutableArray<KeptActivation> Of(BertConfig config, bool dropout)
    {
        string Entering(long layer) => layer == 0 ? "embeddings.output" : $"encoder.layer.{layer - 1}.output";
        var kept = ImmutableArray.CreateBuilder<KeptActivation>();
        kept.Add(NormTerm("embeddings.sum", "embeddings.sum"));
        kept.AddRange(MaskOf("embeddings.output", dropout));
        for (long i = 0; i < config.Layers; i++)
        {
            // Rules of V and K come before that of Q, the first product of the forward pass.
            kept.Add(Operand(Entering(i), $"encoder.layer.{i}.attention.self.query.weight"));
            Attention(kept, $"encoder.layer.{i}.attention", dropout);
            FeedForward(kept, $"encoder.layer.{i}", dropout);
        }

        kept.Add(Operand("last_hidden_state", "pooler.dense.weight"));
        kept.Add(new("pooler_output", "pooler_output.grad:tanh", "tanh backward is made of its result"));
        if (dropout)
        {
            kept.Add(Mask("pooler_output", inPlace: false));
            kept.Add(Operand("pooler_dropped", "classifier.weight"));
        }

        kept.Add(Logits);
        return kept.ToImmutable();
    }

    private static void Attention(ImmutableArray<KeptActivation>.Builder kept, string at, bool dropout)
    {
        kept.Add(Factor($"{at}.query_heads", $"{at}.key_heads"));
        kept.Add(Factor($"{at}.key_heads", $"{at}.query_heads"));
        kept.Add(Factor($"{at}.value_heads", dropout ? $"{at}.probs_dropped" : $"{at}.probs"));
        kept.Add(Softmax($"{at}.probs", $"{at}.scores"));
        if (dropout)
        {
            kept.Add(Factor($"{at}.probs_dropped", $"{at}.value_heads"));
            kept.Add(Mask($"{at}.probs", inPlace: false));
        }

        kept.Add(Operand($"{at}.context", $"{at}.output.dense.weight"));
        kept.Add(NormTerm($"{at}.dense", $"{at}.dense"));
        kept.AddRange(MaskOf($"{at}.dense", dropout));
    }

    private static void FeedForward(ImmutableArray<KeptActivation>.Builder kept, string layer, bool dropout)
    {
        // Also a term of the second norm's sum, whose rule comes before.
        kept.Add(Operand($"{layer}.attention.output", $"{layer}.intermediate.dense.weight"));
        kept.Add(new($"{layer}.intermediate.dense", $"{layer}.intermediate.dense.grad", "the gradient of GELU is made of its operand"));
        kept.Add(Operand($"{layer}.intermediate.output", $"{layer}.output.dense.weight"));
        kept.Add(NormTerm($"{layer}.output.dense", $"{layer}.output.dense"));
        kept.AddRange(MaskOf($"{layer}.output.dense", dropout));
    }
}
