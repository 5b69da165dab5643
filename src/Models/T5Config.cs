namespace Harness.Models;

/// <summary>T5 (Raffel et al. 2020), first version: ReLU feed-forward, tied embeddings; as Hugging Face's T5ForConditionalGeneration.</summary>
/// <param name="DecoderSequence">decoder positions in this pass</param>
/// <param name="HeadSize">width of one head; Heads * HeadSize need not be Hidden</param>
/// <param name="Layers">of the encoder and of the decoder</param>
public sealed record T5Config(
    long Batch, long Sequence, long DecoderSequence, long Hidden, long Heads, long HeadSize, long FeedForward, long Layers,
    long Vocabulary, long Buckets, int MaxDistance)
{
    public const float RmsNormEpsilon = 1e-6f;

    /// <summary>Width of all heads together.</summary>
    public long InnerSize => Heads * HeadSize;

    public static T5Config Small(long batch, long sequence, long decoderSequence = 1) => new(
        batch, sequence, decoderSequence, Hidden: 512, Heads: 8, HeadSize: 64, FeedForward: 2048, Layers: 6,
        Vocabulary: 32128, Buckets: 32, MaxDistance: 128);
}
