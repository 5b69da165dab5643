using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// Where a training pass of T5 has the most bytes live that keeps of each block its input alone, and no masks. A block is filled again
/// before its backward steps and emptied behind them, so the peak is at one block: in the decoder, where all that the encoder keeps waits,
/// or in the encoder.
/// <para>
/// Which block of a stack? The last one has one more input below it, and while it is filled the sum that its last norm wrote is there
/// already. The one before has, in the decoder, the encoder's error signal, which the last block begins; and in both stacks that of the
/// position bias. The <c>max</c> in the moments is this choice. A bias itself lives until the first block has been filled.
/// </para>
/// </summary>
internal static class T5RecomputationPeak
{
    public static IEnumerable<PeakMoment> Moments(T5Config config, TrainingPass pass, T5Symbols n, Formula inputs)
    {
        bool dropout = pass.Dropout > 0;
        var source = new T5StackSizes(n, n.Source, dropout, masks: false);
        var target = new T5StackSizes(n, n.Target, dropout, masks: false);
        Formula given = inputs + FloatBytes(1), mask = FloatBytes(n.SourceTokens);

        // The blocks' inputs; both terms of the encoder's last norm, and its result; what is added to scores.
        Formula encoded = n.Layers * source.Stream + 3 * source.Stream + source.PositionBias + mask;
        return [.. Decoder(config, n, source, target, given + encoded, dropout), .. Encoder(config, n, source, given, mask, dropout)];
    }

    /// <param name="below">what is live beside the decoder</param>
    private static IEnumerable<PeakMoment> Decoder(T5Config config, T5Symbols n, T5StackSizes source, T5StackSizes target, Formula below,
        bool dropout)
    {
        Formula stream = target.Stream, bias = target.PositionBias, selfScores = target.KeptScores(n.Target),
            crossScores = target.KeptScores(n.Source);
        yield return new("logits", below + bias + (n.Layers * stream + 3 * stream) + FloatBytes(2 * (n.TargetTokens * n.Vocabulary)),
            "the logits and their error signal, when no block is filled; needs 2*V > 5*H");

        // Beside the block's own: inputs of those below. The last block has its own input more; the one before the encoder's error signal,
        // and, unless it is the first, whose bias is gone, that of the position bias.
        Formula signals = config.Layers > 2 ? source.Stream + bias : source.Stream;
        Formula Others(Formula moreInLast) =>
            config.Layers == 1 ? below + moreInLast : below + bias + Below(config, n, stream) + Max(stream + moreInLast, signals);

        yield return new("decoder_feed_forward",
            Others(Zero) + 8 * stream + 6 * target.Heads + 2 * source.Heads + 2 * target.Wide + selfScores + crossScores,
            "a filled block's [B,D,F] and its error signal; needs 2*F > H");
        yield return new("decoder_norm", Others(Zero) + 9 * stream + 6 * target.Heads + 2 * source.Heads + selfScores + crossScores,
            "a filled block's last norm, whose sum, terms or their error signals, and result or its error signal are all there; needs "
            + "2*F <= H");
        yield return new("cross_values",
            Others(stream) + 6 * stream + 5 * target.Heads + 2 * source.Heads + selfScores
                + Max(source.Heads, 2 * target.Heads + crossScores),
            "a block filled up to its cross attention, when the values are split or the context is merged; needs A*d > 2*H or S*A*d > "
            + "D*(2*H + A*d)");
        yield return new("cross_softmax",
            Others(Zero) + 5 * stream + (dropout ? 6 : 5) * target.Heads + 2 * source.Heads + selfScores + target.MostScores(n.Source),
            "the cross attention's three [B,A,D,S]; needs S > d and A*S > 2*H");

        // Behind the cross attention every block has the encoder's error signal; a single block has the encoder's last state no more.
        Formula behind = config.Layers == 1 ? below
            : below + source.Stream + bias + Below(config, n, stream) + (config.Layers > 2 ? Max(stream, bias) : stream);
        yield return new("self_softmax", behind + 3 * stream + 3 * target.Heads + 2 * target.Scores(n.Target)
            + Softmax(config, target, n.Target, whileFilled: 2 * stream + bias, dropout),
            "the self attention's three [B,A,D,D], beside the encoder's error signal; needs A*D > 2*H");
    }

    private static IEnumerable<PeakMoment> Encoder(T5Config config, T5Symbols n, T5StackSizes source, Formula below, Formula mask,
        bool dropout)
    {
        Formula stream = source.Stream, bias = source.PositionBias, scores = source.KeptScores(n.Source);
        Formula Others(Formula moreInLast) => config.Layers == 1 ? below + moreInLast
            : below + bias + mask + Below(config, n, stream) + (config.Layers > 2 ? Max(stream + moreInLast, bias) : stream + moreInLast);

        yield return new("encoder_feed_forward", Others(Zero) + 6 * stream + 4 * source.Heads + 2 * source.Wide + scores,
            "a filled block's [B,S,F] and its error signal; needs 2*F > H");
        yield return new("encoder_norm", Others(Zero) + 7 * stream + 4 * source.Heads + scores,
            "a filled block's last norm, as the decoder's; needs 2*F <= H");
        yield return new("encoder_context", Others(stream) + 4 * stream + 5 * source.Heads + scores,
            "a block filled up to its attention, when the context is merged; needs A*d > 2*H");
        yield return new("encoder_softmax", Others(Zero) + 3 * stream + 3 * source.Heads + 2 * source.Scores(n.Source)
            + Softmax(config, source, n.Source, whileFilled: 2 * stream + bias + mask, dropout),
            "the attention's three [B,A,S,S]; needs 2*A*S > H, and A*S > 2*H where there are more blocks than one");
    }

    /// <summary>
    /// What a softmax has beside two of scores. Backward a third; with dropout the heads of V, too. A single block is filled while what is
    /// added to its scores is there, and may need more then: with one sequence a bias weighs as much as the scores.
    /// </summary>
    private static Formula Softmax(T5Config config, T5StackSizes sizes, Formula length, Formula whileFilled, bool dropout)
    {
        Formula backward = dropout ? sizes.Heads + sizes.Scores(length) : sizes.Scores(length);
        return config.Layers == 1 ? Max(backward, whileFilled) : backward;
    }

    // Inputs of the blocks below the last two.
    private static Formula Below(T5Config config, T5Symbols n, Formula stream) => config.Layers > 2 ? (n.Layers - 2) * stream : Zero;
}
