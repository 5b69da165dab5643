using System.Collections.Immutable;
using static Harness.Models.Analytic.Training.KeptActivation;

namespace Harness.Models.Analytic.Training;

/// <summary>What T5 keeps for the backward pass, name by name; how many bytes of a block that is, is in <see cref="T5TrainingPeak"/>.</summary>
public static class T5Kept
{
    public static ImmutableArray<KeptActivation> Of(T5Config config, bool dropout)
    {
        var kept = ImmutableArray.CreateBuilder<KeptActivation>();
        Stack(kept, "encoder", feedForward: 1, config.Layers, dropout);

        // The decoder's first block is the last of the backward pass, and its rule of V comes before that of K.
        kept.Add(Operand("encoder_last_hidden_state", "decoder.block.0.layer.1.EncDecAttention.k.weight"));
        kept.AddRange(MaskOf("encoder_last_hidden_state", dropout));
        Stack(kept, "decoder", feedForward: 2, config.Layers, dropout);
        kept.Add(Operand("decoder.output", "shared.weight"));
        kept.AddRange(MaskOf("decoder.output", dropout));
        kept.Add(Logits);
        return kept.ToImmutable();
    }

    /// <param name="feedForward">the number of a block's last sub-layer; those before it are attentions</param>
    private static void Stack(ImmutableArray<KeptActivation>.Builder kept, string stack, int feedForward, long layers, bool dropout)
    {
        // The first norm is of this alone. Two steps add to its error signal, and its norm's is the later one.
        kept.Add(NormTerm($"{stack}.embed_tokens", $"{stack}.embed_tokens", $":from:{stack}.block.0.layer.0.normed"));
        kept.AddRange(MaskOf($"{stack}.embed_tokens", dropout));
        for (long block = 0; block < layers; block++)
        {
            for (int layer = 0; layer < feedForward; layer++)
            {
                Attention(kept, stack, block, layer, dropout);
            }

            string wide = $"{stack}.block.{block}.layer.{feedForward}";
            kept.Add(Operand($"{wide}.normed", $"{wide}.DenseReluDense.wi.weight"));
            kept.Add(Relu($"{wide}.wi"));
            kept.AddRange(MaskOf($"{wide}.wi", dropout));

            // The next block's norm writes its sum and reads that; the stack's last norm reads the terms of its own.
            kept.Add(NormTerm(block < layers - 1 ? $"{wide}.hidden" : $"{wide}.wo", $"{wide}.wo"));
            kept.AddRange(MaskOf($"{wide}.wo", dropout));
        }
    }

    private static void Attention(ImmutableArray<KeptActivation>.Builder kept, string stack, long block, int layer, bool dropout)
    {
        string at = $"{stack}.block.{block}.layer.{layer}", module = layer == 0 ? "SelfAttention" : "EncDecAttention";
        string heads = stack == "encoder" ? $"{at}." : $"past_key_values.{block}.{(layer == 0 ? "decoder" : "encoder")}.";
        (string k, string v) = stack == "encoder" ? ($"{heads}k_heads", $"{heads}v_heads") : ($"{heads}key", $"{heads}value");
        kept.Add(Operand($"{at}.normed", $"{at}.{module}.q.weight"));
        kept.Add(Factor($"{at}.q_heads", k));
        kept.Add(Factor(k, $"{at}.q_heads"));
        kept.Add(Factor(v, dropout ? $"{at}.probs_dropped" : $"{at}.probs"));
        kept.Add(Softmax($"{at}.probs", $"{at}.scores"));
        if (dropout)
        {
            kept.Add(Factor($"{at}.probs_dropped", v));
            kept.Add(Mask($"{at}.probs", inPlace: false));
        }

        kept.Add(Operand($"{at}.context", $"{at}.{module}.o.weight"));
        kept.Add(NormTerm($"{at}.hidden", $"{at}.o"));
        kept.AddRange(MaskOf($"{at}.o", dropout));
    }
}
