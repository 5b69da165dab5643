using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>The quantities that BERT's formulas are written in, and the sizes (in elements) that come back again and again.</summary>
internal sealed class BertSymbols(BertConfig config)
{
    public Formula Batch { get; } = Symbol("B", config.Batch);
    public Formula Sequence { get; } = Symbol("S", config.Sequence);
    public Formula Hidden { get; } = Symbol("H", config.Hidden);
    public Formula Heads { get; } = Symbol("A", config.Heads);
    public Formula HeadSize { get; } = Symbol("d", config.HeadSize);
    public Formula Intermediate { get; } = Symbol("I", config.Intermediate);
    public Formula Layers { get; } = Symbol("L", config.Layers);
    public Formula Vocabulary { get; } = Symbol("V", config.Vocabulary);
    public Formula Positions { get; } = Symbol("P", config.MaxPositions);
    public Formula TokenTypes { get; } = Symbol("T", config.TokenTypes);

    public Formula Tokens => Batch * Sequence;

    // Everything that flows through the network has one of four sizes. Only the scores are quadratic in S.
    public Formula States => Batch * Sequence * Hidden;
    public Formula StatesByHead => Batch * Heads * Sequence * HeadSize;
    public Formula Scores => Batch * Heads * Sequence * Sequence;
    public Formula Intermediates => Batch * Sequence * Intermediate;

    /// <summary>Rows of all scores: a query of a head of a sequence each.</summary>
    public Formula ScoreRows => Batch * Heads * Sequence;
}
