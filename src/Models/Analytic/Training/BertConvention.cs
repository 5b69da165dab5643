using System.Collections.Immutable;
using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// A layer of BERT beside the published convention. Their norms come before the sub-layers and ours behind them; the tensors are as many:
/// they keep a norm's input, we the product that is a term of it, and the other term is a product's input, kept in any case.
/// </summary>
public static class BertConvention
{
    public static PublishedLayers Of(BertConfig config, TrainingPass pass)
    {
        var n = new BertSymbols(config);
        KorthikantiConvention kept = Kept(n, pass);
        return new(PublishedLayers.AllButTheLast("encoder.layer", config.Layers), kept, Buffers(n, pass, kept));
    }

    private static KorthikantiConvention Kept(BertSymbols n, TrainingPass pass)
    {
        if (pass.RecomputeBlocks)
        {
            return KorthikantiConvention.Recomputed(n.States);
        }

        bool dropout = pass.Dropout > 0;
        List<BridgeTerm> bridge = [];
        if (!dropout)
        {
            bridge.Add(new("no_dropout", Zero - 2 * n.States - 3 * n.Scores,
                "no masks, of two [B,S,H] and one [B,A,S,S], and no scores that dropout has left"));
        }

        bridge.Add(BridgeTerm.FourBytes(32 * n.States + (dropout ? 4 : 2) * n.Scores));
        bridge.Add(new("feed_forward_width", 8 * n.Intermediates - 32 * n.States, "I wide, not 4 h: both sides of GELU"));
        return KorthikantiConvention.Kept(
            n.States, n.Scores, [.. bridge], BertTrainingPeak.KeptOfLayer(n, dropout, masks: dropout));
    }

    private static KorthikantiConvention Buffers(BertSymbols n, TrainingPass pass, KorthikantiConvention kept)
    {
        bool dropout = pass.Dropout > 0;
        Formula scores = FloatBytes((dropout ? 3 : 2) * n.Scores), wide = FloatBytes(2 * n.Intermediates);

        // Floats of the forward pass: three products, four tensors by head, context, two products and two norms; scores before and behind
        // the softmax.
        Formula forward = FloatBytes(12 * n.States) + scores + wide;
        List<BridgeTerm> bridge = [];
        if (pass.RecomputeBlocks)
        {
            Formula others = FloatBytes(11 * n.States) + scores + wide;
            bridge.Add(new("first_run", others, "what the forward pass writes and does not keep"));
            bridge.Add(new("second_run", others, "the same again, before the backward steps; the layer's last norm does not run again"));
        }
        else
        {
            bridge.Add(new("products", FloatBytes(3 * n.States),
                "the products that Q, K and V are split from: the bias is added on the way to the heads, not in place"));
            bridge.Add(new("scores", FloatBytes(n.Scores), "Q K^T before the softmax, which is not in place"));
            bridge.Add(new("context_heads", FloatBytes(n.States), "the context before its heads are moved side by side, a copy"));
        }

        bridge.Add(new("error_signals", forward, "a gradient for each value of the forward pass"));
        bridge.Add(new("statistics", FloatBytes(4 * n.Tokens), "mean and reciprocal root of every row of both norms, backward"));
        Formula activations = pass.RecomputeBlocks ? forward + forward - FloatBytes(n.States)
            : dropout ? forward + n.Scores + 2 * n.States
            : forward;
        return kept.Further([.. bridge], activations + forward + FloatBytes(4 * n.Tokens));
    }
}
