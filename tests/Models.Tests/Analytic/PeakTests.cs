using Harness.Models.Analytic;
using Xunit;

namespace Harness.Models.Tests.Analytic;

/// <summary>The named moments against adding up every step, over configurations far from the published ones.</summary>
public class PeakTests
{
    private const int Configurations = 20_000;

    // Small and large sizes alike, so that every term gets its turn at being the largest.
    internal static long Any(Random random) => random.Next(4) switch
    {
        0 => random.Next(1, 4),
        1 => random.Next(1, 17),
        2 => random.Next(1, 65),
        _ => 1L << random.Next(0, 9),
    };

    private static BertConfig AnyBert(Random random)
    {
        long heads = random.Next(1, 5);
        return new(
            Any(random), Any(random), heads * Any(random), heads, Layers: random.Next(1, 4), Any(random), Any(random), MaxPositions: 512,
            TokenTypes: random.Next(1, 4));
    }

    private static T5Config AnyT5(Random random) => new(
        Batch: random.Next(1, 5), Any(random), Any(random), Any(random), Heads: random.Next(1, 5), Any(random), Any(random), Layers: random.Next(1, 4), Any(random),
        Buckets: 8, MaxDistance: 20);

    internal static void AgreesWithSimulation(AnalyticAccount account, SimulatedPass pass, object config, Dictionary<string, int> wins, Func<string, bool> mayWin)
    {
        Assert.True(account.Peak.Bytes == pass.PeakBytes(),
            $"{config}: {account.Peak.Winner.Name} {account.Peak.Winner.Formula} = {account.Peak.Bytes}, but adding up gives {pass.PeakBytes()}");

        // A moment counts as needed where it alone reaches the peak.
        PeakMoment[] best = [.. account.Peak.Moments.Where(moment => moment.Bytes == account.Peak.Bytes)];
        if (best.Length == 1)
        {
            Assert.True(mayWin(best[0].Name), $"{config}: {best[0].Name} wins, which its reason rules out: {best[0].Why}");
            wins[best[0].Name] = wins.GetValueOrDefault(best[0].Name) + 1;
        }
    }

    // What the reasons say of when a moment can win alone.
    private static bool MayWin(string moment, BertConfig c)
    {
        (long s, long h, long a, long d, long wide) = (c.Sequence, c.Hidden, c.Heads, c.HeadSize, c.Intermediate);
        return moment switch
        {
            "gelu" => 2 * a * s <= 2 * wide - h,
            "softmax" => 2 * a * s > 2 * wide - h || (c.Layers == 1 && 2 * a * s == 2 * wide - h),
            "scores" => d < s && s < 2 * d,
            "split_values" => s < d && wide <= 2 * h,
            _ => false,
        };
    }

    private static bool MayWin(string moment, T5Config c)
    {
        (long b, long s, long t, long h, long a, long d, long f) =
            (c.Batch, c.Sequence, c.DecoderSequence, c.Hidden, c.Heads, c.HeadSize, c.FeedForward);
        bool logitsBelowOneMoreCache = s * (a * d + 1) + t * a * d > t * c.Vocabulary;
        return moment switch
        {
            "encoder_softmax" => s > 2 * d,
            "encoder_scores" => d < s && s < 2 * d,
            "encoder_split" => a * s < Math.Max(h, a * d),
            "encoder_feed_forward" => h + Math.Max(2 * h, f) > a * d + 2 * a * s,
            "logits" => !logitsBelowOneMoreCache,
            "cross_split_values" => logitsBelowOneMoreCache,
            "cross_softmax" => 2 * t * s > d * (t + s),
            "cross_merge_or_self_split" => s < t && t < 2 * d,
            "self_softmax" => t > d,
            "decoder_feed_forward" => c.Vocabulary < h + Math.Max(2 * h, f) || b * s + a * t * t > 2 * b * a * d * (s + t),
            _ => false,
        };
    }

    [Fact]
    public void Berts_moments_are_exact_and_all_needed()
    {
        var random = new Random(1);
        var wins = new Dictionary<string, int>();
        for (int i = 0; i < Configurations; i++)
        {
            BertConfig config = AnyBert(random);
            AgreesWithSimulation(BertFormulas.Of(config), SimulatedModels.Bert(config), config, wins, name => MayWin(name, config));
        }

        Assert.Equal(BertFormulas.Of(BertConfig.Base(1, 1)).Peak.Moments.Select(moment => moment.Name).Order(), wins.Keys.Order());
    }

    [Fact]
    public void T5s_moments_are_exact_and_all_needed()
    {
        var random = new Random(2);
        var wins = new Dictionary<string, int>();
        for (int i = 0; i < Configurations; i++)
        {
            T5Config config = AnyT5(random);
            AgreesWithSimulation(T5Formulas.Of(config), SimulatedModels.T5(config), config, wins, name => MayWin(name, config));
        }

        Assert.Equal(T5Formulas.Of(T5Config.Small(1, 1)).Peak.Moments.Select(moment => moment.Name).Order(), wins.Keys.Order());
    }

    // One hungry stage among lean ones, or every stage and the classifier as they come.
    private static Vgg16Config AnyVgg16(Random random)
    {
        int hungry = random.Next(-1, 5);
        long[][] widths = [.. Enumerable.Range(0, 5).Select(stage => Enumerable.Range(0, random.Next(1, 4))
            .Select(_ => hungry < 0 ? Any(random) : stage == hungry ? 256L << random.Next(0, 5) : random.Next(1, 4)).ToArray())];
        return new(
            Batch: random.Next(1, 4), ImageSize: random.Next(32, 257), Any(random),
            HiddenUnits: hungry < 0 ? Any(random) * random.Next(1, 2000) : Any(random), widths);
    }

    [Fact]
    public void Vgg16s_moments_are_exact_and_all_needed()
    {
        var random = new Random(3);
        var wins = new Dictionary<string, int>();
        for (int i = 0; i < Configurations; i++)
        {
            Vgg16Config config = AnyVgg16(random);
            AgreesWithSimulation(Vgg16Formulas.Of(config), SimulatedModels.Vgg16(config), config, wins, _ => true);
        }

        Assert.Equal(Vgg16Formulas.Of(Vgg16Config.Published(1)).Peak.Moments.Select(moment => moment.Name).Order(), wins.Keys.Order());
    }

    [Fact]
    public void Vgg16s_peak_is_exact_for_every_workspace_budget()
    {
        var random = new Random(4);
        var wins = new Dictionary<string, int>();
        for (int i = 0; i < Configurations; i++)
        {
            Vgg16Config config = AnyVgg16(random);

            // From nothing over sizes like those of the feature maps to far beyond all of them.
            long budget = random.Next(8) == 0 ? 0 : 4 * random.NextInt64(1L << random.Next(1, 40));
            SimulatedPass pass = SimulatedModels.Vgg16(config, budget);
            AnalyticAccount account = Vgg16Formulas.Of(config, budget);
            AgreesWithSimulation(account, pass, (config, budget), wins, _ => true);
            Assert.Equal(pass.Buffers.Sum(buffer => buffer.Bytes), account.Buffers.Sum(b => b.Category == AnalyticCategory.Parameters ? 0 : b.Bytes));
        }

        // With little workspace every moment gets its turn; with much, one of the five stages' convolutions.
        Assert.Equal(Vgg16Formulas.Of(Vgg16Config.Published(1)).Peak.Moments.Select(moment => moment.Name).Order(), wins.Keys.Order());
    }
}
