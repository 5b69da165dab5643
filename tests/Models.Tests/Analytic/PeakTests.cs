using Harness.Models.Analytic;
using Xunit;

namespace Harness.Models.Tests.Analytic;

/// <summary>The named moments against adding up every step, over configurations far from the published ones.</summary>
public class PeakTests
{
    private const int Configurations = 20_000;

    // Small and large sizes alike, so that every term gets its turn at being the largest.
    private static long Any(Random random) => random.Next(4) switch
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

    private static void AgreesWithSimulation(AnalyticAccount account, SimulatedPass pass, object config, Dictionary<string, int> wins)
    {
        Assert.True(account.Peak.Bytes == pass.PeakBytes(),
            $"{config}: {account.Peak.Winner.Name} {account.Peak.Winner.Formula} = {account.Peak.Bytes}, but adding up gives {pass.PeakBytes()}");

        // A moment counts as needed where it alone reaches the peak.
        PeakMoment[] best = [.. account.Peak.Moments.Where(moment => moment.Bytes == account.Peak.Bytes)];
        if (best.Length == 1)
        {
            wins[best[0].Name] = wins.GetValueOrDefault(best[0].Name) + 1;
        }
    }

    [Fact]
    public void Berts_moments_are_exact_and_all_needed()
    {
        var random = new Random(1);
        var wins = new Dictionary<string, int>();
        for (int i = 0; i < Configurations; i++)
        {
            BertConfig config = AnyBert(random);
            AgreesWithSimulation(BertFormulas.Of(config), SimulatedModels.Bert(config), config, wins);
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
            AgreesWithSimulation(T5Formulas.Of(config), SimulatedModels.T5(config), config, wins);
        }

        Assert.Equal(T5Formulas.Of(T5Config.Small(1, 1)).Peak.Moments.Select(moment => moment.Name).Order(), wins.Keys.Order());
    }
}
