using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Training;
using Xunit;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>
/// The named moments, the buffers of every category and the bytes of every step against the steps of docs/training.md added up, over
/// configurations far from the published ones and passes of all kinds.
/// </summary>
public class ImageTrainingPeakTests
{
    internal static TrainingPass AnyPass(Random random, long batch) => new(
        (Optimizer)random.Next(4), StepBatch: batch * random.Next(1, 4), Dropout: random.Next(2) * 0.5, RecomputeBlocks: false,
        ContinuesGradients: random.Next(2) == 0, Updates: random.Next(2) == 0);

    internal static void AgreesWithSimulation(AnalyticAccount account, SimulatedTrainingPass pass, object config, Dictionary<string, int> wins, Func<string, bool> mayWin)
    {
        Assert.True(account.Peak.Bytes == pass.PeakBytes(),
            $"{config}: {account.Peak.Winner.Name} {account.Peak.Winner.Formula} = {account.Peak.Bytes}, but adding up gives {pass.PeakBytes()}");
        PeakMoment[] best = [.. account.Peak.Moments.Where(moment => moment.Bytes == account.Peak.Bytes)];
        if (best.Length == 1)
        {
            Assert.True(mayWin(best[0].Name), $"{config}: {best[0].Name} wins, which its reason rules out: {best[0].Why}");
            wins[best[0].Name] = wins.GetValueOrDefault(best[0].Name) + 1;
        }

        foreach (AnalyticCategory category in Enum.GetValues<AnalyticCategory>())
        {
            Assert.Equal(pass.Buffers.Where(buffer => buffer.Category == category).Sum(buffer => buffer.Bytes), account.Bytes(category));
        }
    }

    internal static void HasTheBuffersAndStepsOf(SimulatedTrainingPass pass, AnalyticAccount account)
    {
        Assert.Equal(
            pass.Buffers.OrderBy(buffer => buffer.Name, StringComparer.Ordinal),
            account.Buffers.Select(buffer => (buffer.Name, buffer.Category, buffer.Bytes)).OrderBy(buffer => buffer.Name, StringComparer.Ordinal));
        Assert.Equal(pass.Steps, account.Steps.Select(step => (step.Name, step.BytesRead.Value, step.BytesWritten.Value)));
        Assert.Equal(account.Bytes(AnalyticCategory.Parameters), 4 * account.ParameterCount.Value);
    }

    [Fact]
    public void Of_mlps()
    {
        var random = new Random(11);
        var wins = new Dictionary<string, int>();
        for (int i = 0; i < 5_000; i++)
        {
            long[] sizes = [.. Enumerable.Range(0, random.Next(2, 7)).Select(_ => PeakTests.Any(random))];
            MlpConfig config = MlpConfig.Stack(PeakTests.Any(random), sizes, bias: random.Next(2) == 0);
            TrainingPass pass = AnyPass(random, config.Batch);
            SimulatedTrainingPass simulated = SimulatedImageTraining.Mlp(config, pass);
            AnalyticAccount account = MlpTrainingFormulas.Of(config, pass);
            AgreesWithSimulation(account, simulated, (string.Join('-', sizes), config, pass), wins,
                moment => moment != "logits" || sizes.Length == 2 || sizes[^1] > sizes[^2]);
            if (i < 100)
            {
                HasTheBuffersAndStepsOf(simulated, account);
            }
        }

        Assert.Equal(["hidden_layers", "logits"], wins.Keys.Order());
    }

    [Fact]
    public void Of_the_cnn()
    {
        var random = new Random(12);
        var wins = new Dictionary<string, int>();
        string[] moments = [];
        for (int i = 0; i < 5_000; i++)
        {
            var config = new MnistCnnConfig(
                Batch: random.Next(1, 4), ImageSize: random.Next(2, 40), PeakTests.Any(random), PeakTests.Any(random),
                HiddenUnits: PeakTests.Any(random) * random.Next(1, 1000), Classes: PeakTests.Any(random) * random.Next(1, 1000));
            long? budget = random.Next(3) switch { 0 => 0, 1 => 4 * random.NextInt64(1L << random.Next(1, 24)), _ => null };
            TrainingPass pass = AnyPass(random, config.Batch);
            SimulatedTrainingPass simulated = SimulatedImageTraining.MnistCnn(config, pass, budget);
            AnalyticAccount account = MnistCnnTrainingFormulas.Of(config, pass, budget);
            AgreesWithSimulation(account, simulated, (config, pass, budget), wins, moment => moment switch
            {
                "logits" => config.Classes > config.HiddenUnits,
                "pool" => config.Filters2 * 5 > config.Filters1 * 4,
                "conv2" or "conv2_weight" => budget is null,
                _ => true,
            });
            if (i < 100)
            {
                HasTheBuffersAndStepsOf(simulated, account);
            }

            moments = [.. account.Peak.Moments.Select(moment => moment.Name)];
        }

        Assert.Equal(moments.Order(), wins.Keys.Order());
    }

    // One hungry stage among lean ones, or every stage and the classifier as they come.
    private static Vgg16Config AnyVgg16(Random random)
    {
        int hungry = random.Next(-1, 5);
        long[][] widths = [.. Enumerable.Range(0, 5).Select(stage => Enumerable.Range(0, random.Next(1, 4))
            .Select(_ => hungry < 0 ? PeakTests.Any(random) : stage == hungry ? 256L << random.Next(0, 5) : random.Next(1, 4)).ToArray())];
        return new(
            Batch: random.Next(1, 4), ImageSize: random.Next(32, 257), PeakTests.Any(random) * (random.Next(4) == 0 ? 200 : 1),
            HiddenUnits: hungry < 0 ? PeakTests.Any(random) * random.Next(1, 2000) : PeakTests.Any(random), widths);
    }

    [Fact]
    public void Of_vgg16()
    {
        var random = new Random(13);
        var directions = new HashSet<string>();
        var wins = new Dictionary<string, int>();
        string[] moments = [];
        for (int i = 0; i < 8_000; i++)
        {
            Vgg16Config config = AnyVgg16(random);
            long? budget = random.Next(3) switch { 0 => 0, 1 => 4 * random.NextInt64(1L << random.Next(1, 40)), _ => null };
            TrainingPass pass = AnyPass(random, config.Batch);
            SimulatedTrainingPass simulated = SimulatedImageTraining.Vgg16(config, pass, budget);
            AnalyticAccount account = Vgg16TrainingFormulas.Of(config, pass, budget);
            AgreesWithSimulation(account, simulated, (config, pass, budget), wins, moment => moment != "logits" || config.Classes > config.HiddenUnits);
            directions.UnionWith(account.Peak.Winner.Name.EndsWith(".convolution", StringComparison.Ordinal) ? account.Peak.Winner.Why.Split(' ')[1..2] : []);
            if (i < 100)
            {
                HasTheBuffersAndStepsOf(simulated, account);
            }

            moments = [.. account.Peak.Moments.Select(moment => moment.Name)];
        }

        Assert.Equal(moments.Order(), wins.Keys.Order());
        Assert.Equal(["computes", "gives", "passes"], directions.Order());
    }
}
