using static Harness.Models.Analytic.AccountBuilder;

namespace Harness.Models.Analytic.Training;

/// <summary>Bytes of what flows through T5's encoder or decoder in a training pass. Masks of dropout are 0 where there are none.</summary>
/// <param name="masks">whether dropout keeps its masks</param>
internal sealed class T5StackSizes(T5Symbols n, Formula length, bool dropout, bool masks)
{
    private readonly Formula _stream = n.Batch * length * n.Hidden;
    private readonly Formula _wide = n.Batch * length * n.FeedForward;

    public Formula Stream => FloatBytes(_stream);
    public Formula StreamMask => masks ? _stream : Formula.Zero;

    /// <summary>The heads of Q, or the context.</summary>
    public Formula Heads => FloatBytes(n.Batch * length * n.Inner);

    public Formula Wide => FloatBytes(_wide);
    public Formula WideMask => masks ? _wide : Formula.Zero;

    public Formula PositionBias => FloatBytes(n.Heads * length * length);

    public Formula Scores(Formula keys) => FloatBytes(n.Batch * n.Heads * length * keys);

    /// <summary>What an attention keeps of its scores: the softmax; with dropout also what that left, and its mask if it is kept.</summary>
    public Formula KeptScores(Formula keys) =>
        ((dropout ? 8 : 4) + (masks ? 1 : 0)) * (n.Batch * n.Heads * length * keys);

    /// <summary>
    /// A softmax's most: with dropout what is kept and the error signal of what dropout left; without, its result and the error signals of
    /// both its sides.
    /// </summary>
    public Formula MostScores(Formula keys) => (masks ? 13 : 12) * (n.Batch * n.Heads * length * keys);
}
