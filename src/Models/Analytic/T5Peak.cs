using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>
/// Where T5 has the most bytes live. Two things never go away: the inputs, and what is handed to the caller. The encoder hands over
/// nothing but its last state, so all its blocks look alike, as BERT's do. The decoder leaves four caches behind in every block, two
/// D long and two S long, so its moments rise from block to block, and its peak is in the last block or behind it.
/// <para>
/// With D = 1 and the published sizes, the 2*L cross-attention caches are most of the memory. Up to S = 61 the logits, written
/// last, make the peak. From S = 62 on it is the moment at which the last cache is split from its product, because that product is one
/// more [B,S,A*d]. Only the encoder's softmax, quadratic in S, overtakes the caches: from S = 258 on for B = 1, from 363 for B = 8 (the
/// position bias has no B, so it weighs less in a larger batch).
/// </para>
/// <para>
/// One thing works against "the last block is the worst": the decoder's position bias dies at the last block's self-attention
/// softmax. Where it is larger than one block's caches (D &gt; 2*B*d and more), the last block but one, which has the bias but not
/// yet the last caches, is the worst. The <c>max</c> in three of the moments is this choice.
/// </para>
/// </summary>
internal static class T5Peak
{
    public static PeakMoment[] Moments(T5Config config, T5Symbols n)
    {
        Formula inputs = 2 * IdBytes(n.SourceTokens) + IdBytes(n.TargetTokens);
        Formula mask = FloatBytes(n.SourceTokens);
        return [.. EncoderMoments(config, n, inputs + mask), .. DecoderMoments(config, n, inputs, mask)];
    }

    /// <summary>Like BERT's, with the position bias beside the mask. A*d need not be H, so the stream and the heads are two sizes.</summary>
    private static IEnumerable<PeakMoment> EncoderMoments(T5Config config, T5Symbols n, Formula always)
    {
        Formula stream = FloatBytes(n.SourceTokens * n.Hidden), heads = FloatBytes(n.SourceTokens * n.Inner);
        Formula scores = FloatBytes(n.Batch * n.Heads * n.Source * n.Source), bias = FloatBytes(n.Heads * n.Source * n.Source);
        Formula wide = FloatBytes(n.SourceTokens * n.FeedForward);

        yield return new("encoder_softmax", always + bias + stream + heads + 2 * scores,
            "softmax reads one [B,A,S,S] and writes another, while the stream and the value heads wait; quadratic in S, so it wins for long inputs; needs S > 2*d");
        yield return new("encoder_scores", always + bias + stream + 3 * heads + scores,
            "Q K^T is written while the heads of Q, K and V are all there; needs d < S < 2*d, few layers and F small");
        yield return new("encoder_split", always + bias + stream + 3 * heads + Max(stream, heads),
            "V is projected (stream, normed stream, two heads, V itself) or its heads are split (stream, four of A*d); needs A*S < max(H, A*d), few layers and F small");

        // The bias is gone after the last block's softmax, so a single block runs its feed-forward part without it.
        yield return new("encoder_feed_forward", always + (config.Layers > 1 ? bias : Zero) + 2 * stream + Max(2 * stream, wide),
            "the [B,S,F] between the two products with the stream and the other side of a product, or, with F < 2*H, the four streams of the residual norm before it; needs H + max(2*H, F) > A*d + 2*A*S and few layers");
    }

    private static IEnumerable<PeakMoment> DecoderMoments(T5Config config, T5Symbols n, Formula inputs, Formula mask)
    {
        Formula stream = FloatBytes(n.TargetTokens * n.Hidden), heads = FloatBytes(n.TargetTokens * n.Inner);
        Formula sourceHeads = FloatBytes(n.SourceTokens * n.Inner), encoded = FloatBytes(n.SourceTokens * n.Hidden);
        Formula selfScores = FloatBytes(n.Batch * n.Heads * n.Target * n.Target), bias = FloatBytes(n.Heads * n.Target * n.Target);
        Formula crossScores = FloatBytes(n.Batch * n.Heads * n.Target * n.Source);
        Formula wide = FloatBytes(n.TargetTokens * n.FeedForward), logits = FloatBytes(n.TargetTokens * n.Vocabulary);

        // A block leaves two caches of each kind. In the last block there are those of the L - 1 before it.
        Formula blockCaches = 2 * heads + 2 * sourceHeads;
        Formula handedOver = inputs + encoded + (n.Layers - 1) * blockCaches;

        // Behind the cross attention of the last block: its caches are there, bias and mask are not. In the block before, the other
        // way round; a network of one block has no block before.
        Formula lastOrBefore = config.Layers > 1 ? Max(blockCaches, mask + bias) : blockCaches;
        Formula lastOrBeforeAtCross = config.Layers > 1 ? mask + Max(blockCaches, bias) : mask + blockCaches;

        yield return new("logits", inputs + encoded + n.Layers * blockCaches + stream + logits,
            "all caches of all blocks and the [B,D,V] itself; wins for short inputs: while S*(A*d + 1) + D*A*d <= D*V, for t5-small with D = 1 up to S = 61");
        yield return new("cross_softmax", handedOver + lastOrBeforeAtCross + stream + 2 * crossScores,
            "softmax reads one [B,A,D,S] and writes another beside the caches; wins where D and S are both large, for it is the product of the two: needs 2*D*S > d*(D + S)");
        yield return new("cross_split_values", handedOver + mask + stream + 3 * heads + 3 * sourceHeads,
            "the last of the caches is written from its product while the query heads wait; wins for t5-small with D = 1 from S = 62 on, when one more [B,S,A*d] outweighs the logits");
        yield return new("cross_merge_or_self_split", handedOver + stream + 4 * heads + Max(2 * sourceHeads, mask + bias),
            "four tensors of D*A*d: the context is merged beside the last block's caches, or, before these exist, its own value is split; needs S < D < 2*d");
        yield return new("self_softmax", handedOver + mask + bias + stream + 2 * heads + 2 * selfScores,
            "softmax reads one [B,A,D,D] and writes another beside the position bias; quadratic in D, so it wins for D large against S and V; needs D > d");
        yield return new("decoder_feed_forward", handedOver + lastOrBefore + 2 * stream + Max(2 * stream, wide),
            "the [B,D,F] between the two products, or, with F < 2*H, the four streams of a residual norm; needs V < H + max(2*H, F), or a position bias larger than a block's caches");
    }
}
