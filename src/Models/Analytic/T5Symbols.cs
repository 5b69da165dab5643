using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>The quantities that T5's formulas are written in, and the sizes (in elements) that come back again and again.</summary>
internal sealed class T5Symbols(T5Config config)
{
    public Formula Batch { get; } = Symbol("B", config.Batch);
    public Formula Source { get; } = Symbol("S", config.Sequence);
    public Formula Target { get; } = Symbol("D", config.DecoderSequence);
    public Formula Hidden { get; } = Symbol("H", config.Hidden);
    public Formula Heads { get; } = Symbol("A", config.Heads);
    public Formula HeadSize { get; } = Symbol("d", config.HeadSize);
    public Formula FeedForward { get; } = Symbol("F", config.FeedForward);
    public Formula Layers { get; } = Symbol("L", config.Layers);
    public Formula Vocabulary { get; } = Symbol("V", config.Vocabulary);
    public Formula Buckets { get; } = Symbol("R", config.Buckets);

    /// <summary>A*d, the width of all heads together; need not be H.</summary>
    public Formula Inner => Heads * HeadSize;

    public Formula SourceTokens => Batch * Source;
    public Formula TargetTokens => Batch * Target;

    // One bias for all sequences: no B.
    public Formula EncoderBias => Heads * Source * Source;
    public Formula DecoderBias => Heads * Target * Target;
}
