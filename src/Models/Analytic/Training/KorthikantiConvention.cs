using System.Collections.Immutable;
using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// One step from the published figure to ours: bytes that are counted there and not here (negative), or the other way round.
/// </summary>
public sealed record BridgeTerm(string Name, Formula Formula, string Why)
{
    public long Bytes => Formula.Value;
}

/// <summary>
/// The activations of one layer as Korthikanti et al. 2022 count them (Reducing Activation Recomputation in Large Transformer Models,
/// section 4): s b h (34 + 5 a s / h) bytes with values of two bytes, masks of one and a feed-forward part of 4 h; with full recomputation
/// 2 s b h, the layer's input. Beside it our bytes of a layer of BERT, and every term of the difference.
/// </summary>
/// <param name="Published">their formula, in our symbols</param>
/// <param name="Bridge">adds up to <paramref name="Ours"/> less <paramref name="Published"/></param>
public sealed record KorthikantiConvention(Formula Published, ImmutableArray<BridgeTerm> Bridge, Formula Ours)
{
    /// <summary>
    /// What a layer keeps from the forward pass for the backward pass, which is what they count. Theirs are norms before the sub-layers and
    /// ours behind them; the tensors are as many: they keep a norm's input, we the product that is a term of it, and the other term is a
    /// product's input, kept in any case.
    /// </summary>
    public static KorthikantiConvention Kept(BertConfig config, TrainingPass pass)
    {
        var n = new BertSymbols(config);
        if (pass.RecomputeBlocks)
        {
            return new(2 * n.States, [FourBytes(2 * n.States)], FloatBytes(n.States));
        }

        bool dropout = pass.Dropout > 0;
        var bridge = ImmutableArray.CreateBuilder<BridgeTerm>();
        if (!dropout)
        {
            bridge.Add(new("no_dropout", Zero - 2 * n.States - 3 * n.Scores,
                "no masks, of two [B,S,H] and one [B,A,S,S], and no scores that dropout has left"));
        }

        bridge.Add(FourBytes(32 * n.States + (dropout ? 4 : 2) * n.Scores));
        bridge.Add(new("feed_forward_width", 8 * n.Intermediates - 32 * n.States, "I wide, not 4 h: both sides of GELU"));
        return new(34 * n.States + 5 * n.Scores, bridge.ToImmutable(), BertTrainingPeak.KeptOfLayer(n, dropout, masks: dropout));
    }

    /// <summary>All buffers of a layer that is not the last one, whenever they live: what the account lists under its name.</summary>
    public static KorthikantiConvention Buffers(BertConfig config, TrainingPass pass)
    {
        var n = new BertSymbols(config);
        KorthikantiConvention kept = Kept(config, pass);
        bool dropout = pass.Dropout > 0;

        // Floats of the forward pass: three products, four tensors by head, context, two products and two norms; scores before and behind
        // the softmax.
        Formula forward = FloatBytes(12 * n.States) + FloatBytes((dropout ? 3 : 2) * n.Scores) + FloatBytes(2 * n.Intermediates);
        List<BridgeTerm> bridge = [.. kept.Bridge];
        if (pass.RecomputeBlocks)
        {
            Formula others = FloatBytes(11 * n.States) + FloatBytes((dropout ? 3 : 2) * n.Scores) + FloatBytes(2 * n.Intermediates);
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
        Formula activations = pass.RecomputeBlocks ? 2 * forward - FloatBytes(n.States)
            : dropout ? forward + n.Scores + 2 * n.States
            : forward;
        return new(kept.Published, [.. bridge], activations + forward + FloatBytes(4 * n.Tokens));
    }

    private static BridgeTerm FourBytes(Formula bytes) => new("four_bytes", bytes, "values of four bytes, not two");
}
