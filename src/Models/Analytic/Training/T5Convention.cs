using System.Collections.Immutable;
using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// A block of T5's encoder beside the published convention. Norms come before the sub-layers in both, and both keep the input and the result
/// of each. The decoder's blocks have a second attention, of another length, which the convention does not speak of: they are not here.
/// </summary>
public static class T5Convention
{
    public static PublishedLayers Of(T5Config config, TrainingPass pass)
    {
        var n = new T5Symbols(config);
        KorthikantiConvention kept = Kept(n, pass);
        return new(PublishedLayers.AllButTheLast("encoder.block", config.Layers), kept, Buffers(n, pass, kept));
    }

    private static Formula States(T5Symbols n) => n.SourceTokens * n.Hidden;

    private static Formula Heads(T5Symbols n) => n.SourceTokens * n.Inner;

    private static Formula Wide(T5Symbols n) => n.SourceTokens * n.FeedForward;

    private static Formula Scores(T5Symbols n) => n.Batch * n.Heads * n.Source * n.Source;

    private static KorthikantiConvention Kept(T5Symbols n, TrainingPass pass)
    {
        Formula states = States(n), heads = Heads(n), wide = Wide(n), scores = Scores(n);
        if (pass.RecomputeBlocks)
        {
            return KorthikantiConvention.Recomputed(states);
        }

        bool dropout = pass.Dropout > 0;
        List<BridgeTerm> bridge = [];
        if (!dropout)
        {
            bridge.Add(new("no_dropout", Zero - 2 * states - 3 * scores,
                "no masks, of two [B,S,H] and one [B,A,S,S], and no scores that dropout has left"));
        }

        bridge.Add(BridgeTerm.FourBytes(32 * states + (dropout ? 4 : 2) * scores));
        bridge.Add(new("heads_width", 16 * heads - 16 * states, "A d wide, not h: the heads of Q, K and V, and the context"));
        bridge.Add(new("feed_forward_width", 8 * wide - 32 * states, "F wide, not 4 h: both sides of GELU"));
        bridge.Add(new("relu", Zero - 4 * wide, "ReLU instead, in place: its result says where it was positive"));
        if (dropout)
        {
            bridge.Add(new("feed_forward_dropout", wide, "the mask of a dropout behind ReLU, where they have none"));
        }

        // The stream as it enters, both norms' results and the sum between them; heads of Q, K, V, and the context; behind ReLU; the softmax.
        Formula values = FloatBytes(4 * states) + FloatBytes(4 * heads) + FloatBytes(wide) + FloatBytes((dropout ? 2 : 1) * scores);
        return KorthikantiConvention.Kept(states, scores, [.. bridge], dropout ? values + 2 * states + wide + scores : values);
    }

    private static KorthikantiConvention Buffers(T5Symbols n, TrainingPass pass, KorthikantiConvention kept)
    {
        bool dropout = pass.Dropout > 0;
        Formula states = States(n), heads = Heads(n), scores = FloatBytes((dropout ? 3 : 2) * Scores(n)), wide = FloatBytes(Wide(n));
        Formula statistics = FloatBytes(2 * n.SourceTokens);

        // Floats of the forward pass: both norms and both sums, the products behind attention and ReLU; three products and four tensors by
        // head, context; scores before and behind the softmax.
        Formula forward = FloatBytes(6 * states) + FloatBytes(8 * heads) + wide + scores;
        List<BridgeTerm> bridge = [];
        Formula activations;
        if (pass.RecomputeBlocks)
        {
            Formula first = FloatBytes(5 * states) + FloatBytes(8 * heads) + wide + scores;
            Formula second = FloatBytes(4 * states) + FloatBytes(8 * heads) + wide + scores;
            bridge.Add(new("first_run", first, "what the forward pass writes and does not keep"));
            bridge.Add(new("second_run", second, "the same again but the last product, before the backward steps"));
            activations = FloatBytes(states) + first + second;
        }
        else
        {
            bridge.Add(new("products", FloatBytes(3 * heads), "the products that Q, K and V are split from"));
            bridge.Add(new("scores", FloatBytes(Scores(n)), "Q K^T before the softmax, which is not in place"));
            bridge.Add(new("context_heads", FloatBytes(heads), "the context before its heads are moved side by side, a copy"));
            bridge.Add(new("added", FloatBytes(2 * states),
                "what attention and feed-forward part add to the stream: the norm behind reads the sum"));
            activations = dropout ? forward + 2 * states + Wide(n) + Scores(n) : forward;
        }

        bridge.Add(new("error_signals", forward, "a gradient for each value of the forward pass"));
        bridge.Add(new("statistics", statistics, "the reciprocal root of every row of both norms, backward"));
        return kept.Further([.. bridge], activations + forward + statistics);
    }
}
