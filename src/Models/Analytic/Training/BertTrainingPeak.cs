using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// Where a training pass of BERT has the most bytes live. Every layer keeps what its backward rules read until they have run, so live bytes
/// rise to the loss and fall behind it; error signals come and go within a layer. All layers keep the same and have the same error signals:
/// the peak is in the backward steps of the last layer, when all others still keep everything, or in the head before it.
/// <para>
/// With recomputation the layers keep their inputs alone. Each layer's own is filled again before its backward steps, and emptied behind
/// them; again the last one is the worst, as most inputs are still there.
/// </para>
/// </summary>
internal static class BertTrainingPeak
{
    /// <summary>
    /// Bytes of a layer that its backward rules read: all that lives on from forward to backward, the layer's input among it.
    /// </summary>
    /// <param name="masks">whether dropout keeps its masks</param>
    public static Formula KeptOfLayer(BertSymbols n, bool dropout, bool masks)
    {
        // Input, heads of Q, K and V, context, both norms' products, the attention's result; GELU's two sides; the softmax.
        Formula kept = FloatBytes(8 * n.States) + FloatBytes(2 * n.Intermediates) + FloatBytes(n.Scores);
        return kept + (dropout ? FloatBytes(n.Scores) : Zero) + (masks ? n.Scores + 2 * n.States : Zero);
    }

    public static PeakMoment[] Moments(BertConfig config, TrainingPass pass, BertSymbols n, Formula inputs)
    {
        bool dropout = pass.Dropout > 0, recomputes = pass.RecomputeBlocks, masks = dropout && !recomputes;
        Formula state = FloatBytes(n.States), scores = FloatBytes(n.Scores), wide = FloatBytes(n.Intermediates), pooled = n.Batch * n.Hidden;
        Formula kept = KeptOfLayer(n, dropout, masks);

        // The sum of the embeddings, for its norm; dropout's mask of that; the loss, 4 bytes.
        Formula always = inputs + FloatBytes(1) + state + (masks ? n.States : Zero);

        // The additive mask is read by no backward rule, but by every softmax that runs again: until the first layer's, which a network of
        // one layer has behind it.
        Formula others = recomputes
            ? (n.Layers - 1) * state + (config.Layers > 1 ? FloatBytes(n.Tokens) : Zero)
            : (n.Layers - 1) * kept;

        // Of the layer's own, GELU's other side and the product behind it are done; with them that product's mask.
        Formula gelu = FloatBytes(8 * n.States) + 3 * wide + (dropout ? 2 : 1) * scores + (masks ? n.Scores + n.States : Zero);
        List<PeakMoment> moments =
        [
            new("gelu_backward", always + others + gelu,
                "the last layer's GELU: its input and the error signals of both its sides, three [B,S,I], beside the attention's result "
                + "and its error signal; wins while "
                + (masks ? "4*I > 13*H and 4*A*S <= 9*H + 12*I" : dropout ? "I > 3*H and A*S <= 2*H + 3*I"
                    : "I > 3*H and 2*A*S <= 3*H + 3*I")),
            new("norm_backward", always + others + kept + 3 * state,
                "the last layer's second norm: the error signal it comes from and the two it gives, and nothing of the layer is done "
                + "yet; needs "
                + (masks ? "4*I <= 13*H and 4*A*S <= 22*H + 8*I" : dropout ? "I <= 3*H and A*S <= 5*H + 2*I"
                    : "I <= 3*H and A*S <= 3*H + I")),
            dropout
                ? new("dropout_backward", always + others + FloatBytes(6 * n.States) + 3 * scores + (masks ? n.Scores : Zero),
                    "the last layer's attention: the softmax, what dropout left of it and the error signal of that, three [B,A,S,S], "
                    + "and the mask if it is kept; needs "
                    + (masks ? "4*A*S > 9*H + 12*I" : "A*S > 2*H + 3*I"))
                : new("softmax_backward", always + others + FloatBytes(5 * n.States) + 3 * scores,
                    "the last layer's softmax: its result and the error signals of both its sides, three [B,A,S,S]; needs 2*A*S > 3*H + 3*I"),
        ];
        if (!recomputes)
        {
            // Behind the last layer. With recomputation this is far below: no layer is filled.
            Formula head = dropout ? 9 * pooled + Max(4 * pooled, 16 * n.Batch) : 4 * pooled + 8 * n.Batch + Max(4 * pooled, 8 * n.Batch);
            moments.Add(new("head", always + n.Layers * kept + state + head,
                "the pooler's error signals, or, with H tiny, the logits and theirs, beside the last state and all layers; needs S = 1, "
                + "or H <= 2 and S <= 3"));
        }

        return [.. moments];
    }
}
