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

    // The peak of the last two is in the encoder, by feed-forward parts or scores that are large beside all else.
    private static readonly T5Config[] T5Configurations =
    [
        T5Config.Small(batch: 8, sequence: 64, decoderSequence: 32), T5Config.Small(batch: 1, sequence: 300),
        new(Batch: 3, Sequence: 5, DecoderSequence: 1, Hidden: 24, Heads: 3, HeadSize: 4, FeedForward: 400, Layers: 3, Vocabulary: 11, Buckets: 8,
            MaxDistance: 20),
        new(Batch: 2, Sequence: 90, DecoderSequence: 2, Hidden: 24, Heads: 5, HeadSize: 4, FeedForward: 40, Layers: 3, Vocabulary: 11, Buckets: 8,
            MaxDistance: 20),
    ];

    private static void AddsUp(PublishedLayers published, AnalyticAccount account, params string[] layers)
    {
        (KorthikantiConvention kept, KorthikantiConvention buffers) = (published.Kept, published.Buffers);
        Assert.Equal(layers, published.Layers);
        Assert.Equal(kept.Ours.Value, kept.BridgedBytes);
        Assert.Equal(buffers.Ours.Value - buffers.Published.Value, buffers.Bridge.Sum(term => term.Bytes));
        Assert.Equal(kept.Bridge, buffers.Bridge[..kept.Bridge.Length]);
        Assert.All(layers, layer => Assert.Equal(buffers.Ours.Value, account.Buffers
            .Where(buffer => buffer.Category is AnalyticCategory.Activations or AnalyticCategory.ErrorSignals or AnalyticCategory.Workspace)
            .Where(buffer => buffer.Name.StartsWith($"{layer}.", StringComparison.Ordinal)).Sum(buffer => buffer.Bytes)));
    }

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
            PublishedLayers published = BertConvention.Of(config, pass);
            AddsUp(published, BertTrainingFormulas.Of(config, pass),
                [.. Enumerable.Range(0, (int)config.Layers - 1).Select(layer => $"encoder.layer.{layer}")]);

            // One more layer keeps as much more until the peak.
            long Peak(long layers) => BertTrainingFormulas.Of(config with { Layers = layers }, pass).Peak.Bytes;
            Assert.Equal(published.Kept.Ours.Value, Peak(4) - Peak(3));
        }
    }

    [Theory]
    [InlineData(0.1, false)]
    [InlineData(0.1, true)]
    [InlineData(0, false)]
    [InlineData(0, true)]
    public void The_bridge_of_T5s_encoder_leads_to_the_account(double dropout, bool recomputes)
    {
        int ofTheEncoder = 0;
        foreach (T5Config config in T5Configurations)
        {
            TrainingPass pass = Pass(dropout, recomputes);
            PublishedLayers published = T5Convention.Of(config, pass);
            AddsUp(published, T5TrainingFormulas.Of(config, pass),
                [.. Enumerable.Range(0, (int)config.Layers - 1).Select(block => $"encoder.block.{block}")]);

            // Where all of the decoder is gone at the peak, one more block in both stacks keeps as much more as the encoder's.
            AnalyticPeak three = T5TrainingFormulas.Of(config with { Layers = 3 }, pass).Peak, four = T5TrainingFormulas.Of(config with { Layers = 4 }, pass).Peak;
            if (three.Winner.Name.StartsWith("encoder_", StringComparison.Ordinal) && three.Winner.Name == four.Winner.Name)
            {
                Assert.Equal(published.Kept.Ours.Value, four.Bytes - three.Bytes);
                ofTheEncoder++;
            }
        }

        Assert.True(ofTheEncoder > 0);
    }

    [Fact]
    public void A_single_layer_is_the_last_one() => Assert.Empty(BertConvention.Of(Configurations[^1] with { Layers = 1 }, Pass(0, recomputes: false)).Layers);

    [Fact]
    public void By_hand()
    {
        // B 8, S 64: s b h = 393,216, and a s / h = 1, so that s b h (34 + 5 a s / h) = 39 * 393,216.
        BertConfig config = BertConfig.Base(batch: 8, sequence: 64);
        PublishedLayers published = Of(Pass(0.1, recomputes: false));
        (KorthikantiConvention kept, KorthikantiConvention buffers) = (published.Kept, published.Buffers);
        Assert.Equal("34*B*S*H + 5*B*A*S*S", kept.Published.ToString());
        Assert.Equal(15_335_424, kept.Published.Value);
        Assert.Equal(29_491_200, kept.Ours.Value);
        Assert.Equal([("four_bytes", 36 * 393_216L), ("feed_forward_width", 0L)], kept.Bridge.Select(term => (term.Name, term.Bytes)));
        Assert.Equal(
            [
                ("four_bytes", 36 * 393_216L), ("feed_forward_width", 0L), ("products", 12 * 393_216L), ("scores", 4 * 393_216L),
                    ("context_heads", 4 * 393_216L),
                ("error_signals", 92 * 393_216L), ("statistics", 8_192L),
            ],
            buffers.Bridge.Select(term => (term.Name, term.Bytes)));
        Assert.Equal((39 + 36 + 20 + 92) * 393_216L + 8_192, buffers.Ours.Value);

        KorthikantiConvention without = Of(Pass(0, recomputes: false)).Kept;
        Assert.Equal(("no_dropout", -5 * 393_216L), (without.Bridge[0].Name, without.Bridge[0].Bytes));
        KorthikantiConvention recomputed = Of(Pass(0.1, recomputes: true)).Kept;
        Assert.Equal(("2*B*S*H", "4*B*S*H"), (recomputed.Published.ToString(), recomputed.Ours.ToString()));

        PublishedLayers Of(TrainingPass pass) => BertConvention.Of(config, pass);
    }

    [Fact]
    public void T5s_encoder_by_hand()
    {
        // t5-small, B 8, S 64: s b h, all heads and all scores are 262,144, the wide part four times that.
        PublishedLayers published = T5Convention.Of(T5Config.Small(8, 64, 32), Pass(0.1, recomputes: false));
        Assert.Equal((39 * 262_144L, 16_515_072L), (published.Kept.Published.Value, published.Kept.Ours.Value));
        Assert.Equal("18*B*S*H + 16*B*S*A*d + 5*B*S*F + 9*B*A*S*S", published.Kept.Ours.ToString());
        Assert.Equal(
            [
                ("four_bytes", 36), ("heads_width", 0), ("feed_forward_width", 0), ("relu", -16), ("feed_forward_dropout", 4), ("products", 12),
                ("scores", 4), ("context_heads", 4), ("added", 8), ("error_signals", 4 * (6 + 8 + 4 + 3)),
            ],
            published.Buffers.Bridge[..^1].Select(term => (term.Name, term.Bytes / 262_144)));
        Assert.Equal(("statistics", 2 * 4 * 8 * 64L), (published.Buffers.Bridge[^1].Name, published.Buffers.Bridge[^1].Bytes));
    }
}
