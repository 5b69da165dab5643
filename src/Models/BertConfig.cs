namespace Harness.Models;

/// <summary>BERT (Devlin et al. 2019), encoder with pooler, as Hugging Face's BertModel.</summary>
public sealed record BertConfig(
    long Batch, long Sequence, long Hidden, long Heads, long Layers, long Intermediate, long Vocabulary, long MaxPositions,
    long TokenTypes)
{
    public const float LayerNormEpsilon = 1e-12f;

    /// <summary>Of the head that is trained on the pooler's output.</summary>
    public const long Classes = 2;

    /// <summary>Width of one head.</summary>
    public long HeadSize => Hidden / Heads;

    public static BertConfig Base(long batch, long sequence) => new(
        batch, sequence, Hidden: 768, Heads: 12, Layers: 12, Intermediate: 3072, Vocabulary: 30522, MaxPositions: 512, TokenTypes: 2);
}
