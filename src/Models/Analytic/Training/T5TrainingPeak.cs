using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// Where a training pass of T5 has the most bytes live, without recomputation. Encoder and decoder keep what their backward rules read, so
/// live bytes rise through both to the logits, fall through the decoder, and fall on through the encoder; all blocks of a stack are alike.
/// While the decoder's last block goes backward everything else is still there, and this is where the peak is; unless the decoder is so
/// much smaller (D small against S, A*d against H) that the encoder's last block, when all of the decoder is gone, needs more.
/// </summary>
internal static class T5TrainingPeak
{
    public static IEnumerable<PeakMoment> Moments(T5Config config, TrainingPass pass, T5Symbols n, Formula inputs)
    {
        bool dropout = pass.Dropout > 0;
        var source = new T5StackSizes(n, n.Source, dropout, masks: dropout);
        var target = new T5StackSizes(n, n.Target, dropout, masks: dropout);

        // Of an encoder block: the stream that enters, both norms' results and the sum between them; heads of Q, K, V, and the context;
        // the wide part.
        Formula encoderBlock = 4 * source.Stream + 4 * source.Heads + source.Wide + source.KeptScores(n.Source) + 2 * source.StreamMask
            + source.WideMask;

        // Of a decoder block: a norm and a sum more, and the cross attention, whose keys and values are S long.
        Formula selfScores = target.KeptScores(n.Target), crossScores = target.KeptScores(n.Source);
        Formula decoderBlock = 6 * target.Stream + 6 * target.Heads + 2 * source.Heads + target.Wide + selfScores + crossScores
            + 3 * target.StreamMask + target.WideMask;

        // Beside the encoder's blocks: its last product, for the last norm, the last state itself, and the masks of that and of the
        // embeddings.
        Formula loss = FloatBytes(1), encoded = n.Layers * encoderBlock + 2 * source.Stream + 2 * source.StreamMask;
        Formula below = inputs + encoded + target.StreamMask, others = below + (n.Layers - 1) * decoderBlock;
        return [.. Decoder(), .. Encoder(source, others: inputs + loss + (n.Layers - 1) * encoderBlock + source.StreamMask, encoderBlock, n,
            dropout)];

        IEnumerable<PeakMoment> Decoder()
        {
            yield return new("logits", below + loss + n.Layers * decoderBlock + 2 * target.Stream + target.StreamMask
                + FloatBytes(2 * (n.TargetTokens * n.Vocabulary)),
                "the logits and their error signal beside all that both stacks keep; needs " + (dropout ? "8*V > 7*H" : "V > H"));
            yield return new("decoder_norm", below + loss + n.Layers * decoderBlock + 4 * target.Stream,
                "the decoder's last norm: a term of its sum, the error signal it comes from and the two it gives, and no block is done "
                + "yet; needs "
                + (dropout ? "8*V <= 7*H and 4*F <= 9*H" : "V <= H and F <= 2*H"));
            yield return new("decoder_feed_forward",
                others + loss + 8 * target.Stream + 6 * target.Heads + 2 * source.Heads + 2 * target.Wide + selfScores + crossScores
                    + 2 * target.StreamMask + target.WideMask,
                "the last block's [B,D,F] and its error signal; needs " + (dropout ? "4*F > 9*H" : "F > 2*H"));

            Formula attention = 5 * target.Stream + 5 * target.Heads + 2 * source.Heads + selfScores + crossScores + target.StreamMask;
            Formula heads = target.Heads, cross = target.Scores(n.Source);
            yield return new("cross_attention", others + loss + attention + (dropout ? heads + Max(heads, cross) : Max(2 * heads, 2 * cross)),
                "the last cross attention: error signals of the context, in heads or side by side, or of the scores, beside everything "
                + "it keeps; needs "
                + (dropout ? "A*d or A*S > 5*H + F" : "A*d or 2*A*S > 5*H + F"));

            // Forward there is no loss yet; the additive mask lives as long as the last cross attention's softmax.
            Formula mask = FloatBytes(n.SourceTokens);
            yield return new("cross_values", others + 4 * target.Stream + 5 * target.Heads + 2 * source.Heads + selfScores + target.StreamMask
                + Max(source.Heads + mask, source.Heads + target.Stream + loss, target.Stream + source.Stream + loss),
                "three S-long tensors of the last cross attention: keys, values, and what the values are split from; or, backward, the "
                + "error signals of these, "
                + "or the encoder's error signal beside two of them; needs S*(A*d + 1) or S*H > 5*D*H");

            // The encoder's error signal is there by now, and with a single block its last state is not.
            Formula encoderSignal = config.Layers > 1 ? source.Stream : Zero;
            yield return new("self_softmax",
                others + loss + encoderSignal + 3 * target.Stream + (dropout ? 4 : 3) * target.Heads + target.MostScores(n.Target),
                "the last block's self attention, three [B,A,D,D]; quadratic in D; needs A*D > 2*H");
            if (config.Layers > 1)
            {
                yield return new("cross_norm", others + loss + source.Stream + 7 * target.Stream + 4 * target.Heads + selfScores
                    + target.StreamMask,
                    "the norm before the last cross attention: its sum, and the error signals of that, of the norm and of both terms, "
                    + "beside the encoder's error signal, "
                    + "which is there in full by now, and its last state, which other blocks still read; needs 2*D*H > (D + 2*S)*A*d");
            }
        }
    }

    private static IEnumerable<PeakMoment> Encoder(T5StackSizes source, Formula others, Formula encoderBlock, T5Symbols n, bool dropout)
    {
        yield return new("encoder_norm", others + encoderBlock + 4 * source.Stream,
            "the encoder's last norm, as the decoder's, when all of the decoder is gone; needs H > L*A*d");
        yield return new("encoder_feed_forward",
            others + 6 * source.Stream + 4 * source.Heads + 2 * source.Wide + source.KeptScores(n.Source) + source.StreamMask
                + source.WideMask,
            "the last encoder block's [B,S,F] and its error signal; needs F > 2*H and F > 2*L*A*d");
        yield return new("encoder_softmax", others + 3 * source.Stream + (dropout ? 4 : 3) * source.Heads + source.MostScores(n.Source),
            "the last encoder block's attention, three [B,A,S,S]; quadratic in S; needs 2*A*S > 3*H + F + 2*L*A*d");
    }
}
