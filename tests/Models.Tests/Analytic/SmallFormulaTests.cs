using Harness.Models.Analytic;
using Xunit;

namespace Harness.Models.Tests.Analytic;

/// <summary>The formulas of the small models: against their tables, against adding up every step, and against numbers worked out by hand.</summary>
public class SmallFormulaTests
{
    private const int Configurations = 20_000;

    public static TheoryData<string> Mlps => ["mnist", "cifar", "5-1", "1-1", "100-50:nobias", "7-300-2-40-40-3", "7-300-2-40-40-3:nobias"];

    private static MlpConfig Mlp(string name, long batch) => name switch
    {
        "mnist" => MlpConfig.Mnist(batch),
        "cifar" => MlpConfig.Cifar(batch),
        _ => MlpConfig.Stack(batch, [.. name.Split(':')[0].Split('-').Select(long.Parse)], bias: !name.EndsWith(":nobias", StringComparison.Ordinal)),
    };

    private static AnalyticStep StepOf(AnalyticAccount account, string name) => Assert.Single(account.Steps, step => step.Name == name);

    [Theory]
    [MemberData(nameof(Mlps))]
    public void An_mlp_has_the_buffers_and_steps_of_its_table(string name)
    {
        foreach (long batch in new long[] { 1, 3, 64 })
        {
            MlpConfig config = Mlp(name, batch);
            AnalyticAccount account = MlpFormulas.Of(config);
            AccountTests.HasTheBuffersAndStepsOf(SimulatedSmallModels.Mlp(config), account);
            Assert.Equal(4 * batch * (config.Sizes[0] + config.Sizes[^1]), account.RetainedBytes);
        }
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(3, 0L)]
    [InlineData(64, 33_554_432L)]
    public void The_cnn_has_the_buffers_and_steps_of_its_table(long batch, long? budget)
    {
        MnistCnnConfig config = MnistCnnConfig.Mnist(batch);
        AnalyticAccount account = MnistCnnFormulas.Of(config, budget);
        AccountTests.HasTheBuffersAndStepsOf(SimulatedSmallModels.MnistCnn(config, budget), account);
        Assert.Equal(813_802, account.ParameterCount.Value);
    }

    [Fact]
    public void Parameters_are_those_of_the_documents()
    {
        Assert.Equal(101_770, MlpFormulas.Of(MlpConfig.Mnist(1)).ParameterCount.Value);
        Assert.Equal(394_634, MlpFormulas.Of(MlpConfig.Cifar(1)).ParameterCount.Value);
        Assert.Equal(5_000, MlpFormulas.Of(Mlp("100-50:nobias", 1)).ParameterCount.Value);
        AnalyticAccount cnn = MnistCnnFormulas.Of(MnistCnnConfig.Mnist(1));
        long Of(string module) => cnn.Buffers.Where(buffer => buffer.Name.StartsWith(module, StringComparison.Ordinal) && buffer.Category == AnalyticCategory.Parameters)
            .Sum(buffer => buffer.Bytes / 4);
        Assert.Equal((320L, 9_248L, 802_944L, 1_290L), (Of("conv1."), Of("conv2."), Of("fc1."), Of("fc2.")));
    }

    [Fact]
    public void Formulas_by_hand()
    {
        AnalyticAccount mlp = MlpFormulas.Of(MlpConfig.Mnist(batch: 64));
        AccountTests.Is("4*B*n0", 200_704, mlp, "pixel_values");
        AccountTests.Is("4*B*n1", 32_768, mlp, "layer1.output");
        AccountTests.Is("4*n1*n0", 401_408, mlp, "layer1.weight");
        Assert.Equal("n1*n0 + n1 + n2*n1 + n2", mlp.ParameterCount.ToString());
        Assert.Equal("4*B*n0 + 4*B*n1 + 4*B*n2", mlp.Peak.Winner.Formula.ToString());
        Assert.Equal(200_704 + 32_768 + 2_560, mlp.Peak.Bytes);

        AnalyticAccount cnn = MnistCnnFormulas.Of(MnistCnnConfig.Mnist(batch: 2));
        AccountTests.Is("4*B*F*I*I", 200_704, cnn, "conv1.output");
        AccountTests.Is("4*B*K*floor(I/2)*floor(I/2)", 50_176, cnn, "pool.output");
        Assert.Equal("conv2", cnn.Peak.Winner.Name);

        // 2 images of 7 x 7 tiles, 32 channels: one block of 98 tiles.
        AccountTests.Is("144*C'*ceil(tiles/blocks)", 144 * 32 * 98, cnn, "conv2.workspace");
        Assert.DoesNotContain(cnn.Buffers, buffer => buffer.Name == "conv1.workspace");
        Assert.Equal(2 * 3_136 + 2 * 200_704 + 144 * 32 * 98, cnn.Peak.Bytes);
    }

    [Fact]
    public void Costs_by_hand()
    {
        AnalyticAccount mlp = MlpFormulas.Of(Mlp("100-50-7", batch: 3));
        Assert.Equal(3 * 50 * 100, StepOf(mlp, "layer1.output").Macs.Value);
        Assert.Equal(4 * (3 * 100 + 50 * 100), StepOf(mlp, "layer1.output").BytesRead.Value);
        Assert.Equal(2 * 3 * 50, StepOf(mlp, "layer1.output:bias_relu").Flops.Value);
        Assert.Equal(4 * (3 * 50 + 50), StepOf(mlp, "layer1.output:bias_relu").BytesRead.Value);
        Assert.Equal(3 * 7, StepOf(mlp, "logits:bias").Flops.Value);
        AnalyticAccount bare = MlpFormulas.Of(Mlp("100-50-7:nobias", batch: 3));
        Assert.Equal(3 * 50, StepOf(bare, "layer1.output:relu").Flops.Value);
        Assert.Equal(4 * 3 * 50, StepOf(bare, "layer1.output:relu").BytesRead.Value);

        AnalyticAccount cnn = MnistCnnFormulas.Of(MnistCnnConfig.Mnist(batch: 2));
        AnalyticStep first = StepOf(cnn, "conv1.output"), second = StepOf(cnn, "conv2.output");
        Assert.Equal((2L * 784 * 288, 2L * 784 * 9_216), (first.Macs.Value, second.Macs.Value));
        Assert.Equal(2 * first.Macs.Value + 2 * 2 * 32 * 784, first.Flops.Value);
        Assert.Equal(4 * (2 * 784 + 320), first.BytesRead.Value);
        Assert.Equal(4 * (2 * 32 * 784 + 9_248), second.BytesRead.Value);
        Assert.Equal(4 * 2 * 32 * 784, second.BytesWritten.Value);
        Assert.Equal(3 * 2 * 6_272, StepOf(cnn, "pool.output").Flops.Value);

        // 288 + 9,216 a pixel, 6,272*128 and 128*10.
        Assert.Equal(2 * (784 * 9_504 + 802_816 + 1_280), cnn.Steps.Sum(step => step.Macs.Value));
    }

    [Fact]
    public void The_mlps_moments_are_exact_and_all_needed()
    {
        var random = new Random(5);
        var wins = new Dictionary<string, int>();
        for (int i = 0; i < Configurations; i++)
        {
            long[] sizes = [.. Enumerable.Range(0, random.Next(2, 7)).Select(_ => PeakTests.Any(random))];
            MlpConfig config = MlpConfig.Stack(PeakTests.Any(random), sizes, bias: random.Next(2) == 0);
            PeakTests.AgreesWithSimulation(MlpFormulas.Of(config), SimulatedSmallModels.Mlp(config), string.Join('-', sizes), wins,
                name => name == "hidden_layers" ? sizes.Length > 3 : name == "logits");
        }

        Assert.Equal(["hidden_layers", "logits"], wins.Keys.Order());
    }

    [Fact]
    public void The_cnns_moments_are_exact_for_every_workspace_and_all_needed()
    {
        var random = new Random(6);
        var wins = new Dictionary<string, int>();
        for (int i = 0; i < Configurations; i++)
        {
            var config = new MnistCnnConfig(
                Batch: random.Next(1, 4), ImageSize: random.Next(2, 40), PeakTests.Any(random), PeakTests.Any(random),
                HiddenUnits: PeakTests.Any(random) * random.Next(1, 1000), Classes: PeakTests.Any(random) * random.Next(1, 1000));
            long? budget = random.Next(3) switch { 0 => null, 1 => 0, _ => 4 * random.NextInt64(1L << random.Next(1, 24)) };
            PeakTests.AgreesWithSimulation(
                MnistCnnFormulas.Of(config, budget), SimulatedSmallModels.MnistCnn(config, budget), (config, budget), wins,
                name => name != "pool" || config.Filters2 > 4 * config.Filters1);
        }

        Assert.Equal(["conv2", "fc1", "logits", "pool"], wins.Keys.Order());
    }
}
