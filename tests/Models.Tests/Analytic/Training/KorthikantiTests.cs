using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Training;
using Xunit;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>The published convention beside ours: the bridge adds up, and its far end is what the account says.</summary>
public class KorthikantiTests
{
    private static TrainingPass Pass(double dropout, bool recomputes) => new(
        Optimizer.Adam, StepBatch: 8, dropout, recomputes, ContinuesGradients: false, Updates: true);

    private static readonly BertConfig[] Configurations =
    [
        BertConfig.Base(batch: 8, sequence: 64), BertConfig.Base(batch: 1, sequence: 512),
        new(Batch: 3, Sequence: 5, Hidden: 24, Heads: 3, Layers: 3, Intermediate: 40, Vocabulary: 11, MaxPositions: 7, TokenTypes: 2),
    ];

    [Theory]
    [InlineData(0.1, false)]
    [InlineData(0.1, true)]
    [InlineData(0, false)]
    [InlineData(0, true)]
    public void The_bridge_leads_from_the_published_figure_to_the_account(double dropout, bool recomputes)
    {
        foreach (BertConfig config in Configurations)
        {
            TrainingPass pass = Pass(dropout, recomputes);
            KorthikantiConvention kept = KorthikantiConvention.Kept(config, pass), buffers = KorthikantiConvention.Buffers(config, pass);
            Assert.Equal(kept.Ours.Value - kept.Published.Value, kept.Bridge.Sum(term => term.Bytes));
            Assert.Equal(buffers.Ours.Value - buffers.Published.Value, buffers.Bridge.Sum(term => term.Bytes));

            // One more layer keeps as much more until the peak.
            long Peak(long layers) => BertTrainingFormulas.Of(config with { Layers = layers }, pass).Peak.Bytes;
            Assert.Equal(kept.Ours.Value, Peak(4) - Peak(3));
            Assert.Equal(buffers.Ours.Value, BertTrainingFormulas.Of(config, pass).Buffers
                .Where(buffer => buffer.Category is AnalyticCategory.Activations or AnalyticCategory.ErrorSignals or AnalyticCategory.Workspace)
                .Where(buffer => buffer.Name.StartsWith("encoder.layer.1.", StringComparison.Ordinal)).Sum(buffer => buffer.Bytes));
        }
    }

    [Fact]
    public void By_hand()
    {
        // B 8, S 64: s b h = 393,216, and a s / h = 1, so that s b h (34 + 5 a s / h) = 39 * 393,216.
        BertConfig config = BertConfig.Base(batch: 8, sequence: 64);
        KorthikantiConvention kept = KorthikantiConvention.Kept(config, Pass(0.1, recomputes: false));
        Assert.Equal("34*B*S*H + 5*B*A*S*S", kept.Published.ToString());
        Assert.Equal(15_335_424, kept.Published.Value);
        Assert.Equal(29_491_200, kept.Ours.Value);
        Assert.Equal([("four_bytes", 36 * 393_216L), ("feed_forward_width", 0L)], kept.Bridge.Select(term => (term.Name, term.Bytes)));

        KorthikantiConvention buffers = KorthikantiConvention.Buffers(config, Pass(0.1, recomputes: false));
        Assert.Equal(
            [
                ("four_bytes", 36 * 393_216L), ("feed_forward_width", 0L), ("products", 12 * 393_216L), ("scores", 4 * 393_216L),
                    ("context_heads", 4 * 393_216L),
                ("error_signals", 92 * 393_216L), ("statistics", 8_192L),
            ],
            buffers.Bridge.Select(term => (term.Name, term.Bytes)));
        Assert.Equal((39 + 36 + 20 + 92) * 393_216L + 8_192, buffers.Ours.Value);

        KorthikantiConvention without = KorthikantiConvention.Kept(config, Pass(0, recomputes: false));
        Assert.Equal(("no_dropout", -5 * 393_216L), (without.Bridge[0].Name, without.Bridge[0].Bytes));
        KorthikantiConvention recomputed = KorthikantiConvention.Kept(config, Pass(0.1, recomputes: true));
        Assert.Equal(("2*B*S*H", "4*B*S*H"), (recomputed.Published.ToString(), recomputed.Ours.ToString()));
    }
}
