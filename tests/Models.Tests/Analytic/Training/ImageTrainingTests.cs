using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Models.Training;
using Xunit;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>Training passes of the stacks, the small network and VGG16: published sizes, and numbers worked out by hand.</summary>
public class ImageTrainingTests
{
    internal static TrainingPass Whole(Optimizer optimizer, long batch, double dropout = 0) =>
        new(optimizer, StepBatch: batch, dropout, RecomputeBlocks: false, ContinuesGradients: false, Updates: true);

    private static AnalyticStep StepOf(AnalyticAccount account, string name) => Assert.Single(account.Steps, step => step.Name == name);

    private static (long Macs, long Flops, long Read, long Written) Cost(AnalyticAccount account, string name)
    {
        AnalyticStep step = StepOf(account, name);
        return (step.Macs.Value, step.Flops.Value, step.BytesRead.Value, step.BytesWritten.Value);
    }

    private static void Is(long bytes, AnalyticAccount account, string buffer, AnalyticCategory category)
    {
        AnalyticBuffer found = Assert.Single(account.Buffers, candidate => candidate.Name == buffer);
        Assert.Equal((category, bytes), (found.Category, found.Bytes));
    }

    public static TheoryData<Optimizer, bool, bool> Passes => new(
        from optimizer in Enum.GetValues<Optimizer>() from continues in new[] { false, true } from updates in new[] { false, true }
        select (optimizer, continues, updates));

    [Theory]
    [MemberData(nameof(Passes))]
    public void Published_models_have_the_buffers_and_steps_of_the_page(Optimizer optimizer, bool continues, bool updates)
    {
        TrainingPass pass = Whole(optimizer, 8) with { ContinuesGradients = continues, Updates = updates };
        foreach (MlpConfig mlp in new[] { MlpConfig.Mnist(8), MlpConfig.Cifar(8), MlpConfig.Stack(8, [100, 50], bias: false), MlpConfig.Stack(8, [9, 8, 7, 6]) })
        {
            ImageTrainingPeakTests.HasTheBuffersAndStepsOf(SimulatedImageTraining.Mlp(mlp, pass), MlpTrainingFormulas.Of(mlp, pass));
        }

        foreach (long? budget in (long?[])[null, 0, 1 << 20])
        {
            MnistCnnConfig cnn = MnistCnnConfig.Mnist(8);
            ImageTrainingPeakTests.HasTheBuffersAndStepsOf(
                SimulatedImageTraining.MnistCnn(cnn, pass, budget), MnistCnnTrainingFormulas.Of(cnn, pass, budget));
            foreach (double dropout in new[] { 0, 0.5 })
            {
                Vgg16Config vgg16 = Vgg16Config.Published(8);
                TrainingPass dropped = pass with { Dropout = dropout };
                ImageTrainingPeakTests.HasTheBuffersAndStepsOf(
                    SimulatedImageTraining.Vgg16(vgg16, dropped, budget), Vgg16TrainingFormulas.Of(vgg16, dropped, budget));
            }
        }
    }

    [Fact]
    public void Mnist_mlp_with_adam_by_hand()
    {
        AnalyticAccount account = MlpTrainingFormulas.Of(MlpConfig.Mnist(64), Whole(Optimizer.Adam, 64));
        Assert.Equal(407_080, account.Bytes(AnalyticCategory.Parameters));
        Assert.Equal(407_080, account.Bytes(AnalyticCategory.Gradients));
        Assert.Equal(2 * 407_080, account.Bytes(AnalyticCategory.OptimizerState));

        // Images, a label each, two corrections; hidden layer, logits and loss.rows; the first two have error signals.
        Assert.Equal(200_704 + 512 + 8, account.Bytes(AnalyticCategory.Inputs));
        Assert.Equal(4, account.Bytes(AnalyticCategory.Outputs));
        Assert.Equal(32_768 + 2_560 + 256, account.Bytes(AnalyticCategory.Activations));
        Assert.Equal(32_768 + 2_560, account.Bytes(AnalyticCategory.ErrorSignals));
        Assert.Equal(0, account.Bytes(AnalyticCategory.Workspace));

        // One layer by name.
        Is(401_408, account, "layer1.weight", AnalyticCategory.Parameters);
        Is(401_408, account, "layer1.weight.grad", AnalyticCategory.Gradients);
        Is(401_408, account, "layer1.weight.exp_avg", AnalyticCategory.OptimizerState);
        Is(401_408, account, "layer1.weight.exp_avg_sq", AnalyticCategory.OptimizerState);
        Is(512, account, "layer1.bias.grad", AnalyticCategory.Gradients);
        Is(32_768, account, "layer1.output", AnalyticCategory.Activations);
        Is(32_768, account, "layer1.output.grad", AnalyticCategory.ErrorSignals);
        Is(512, account, "labels", AnalyticCategory.Inputs);
        Is(8, account, "bias_corrections", AnalyticCategory.Inputs);
        Is(256, account, "loss.rows", AnalyticCategory.Activations);
        Is(4, account, "loss", AnalyticCategory.Outputs);
        Assert.DoesNotContain(account.Buffers, buffer => buffer.Name == "pixel_values.grad");

        Assert.Equal("hidden_layers", account.Peak.Winner.Name);
        Assert.Equal("4*B*n0 + 8*B + 12 + 8*B*n1 + 4*B*n2", account.Peak.Winner.Formula.ToString());
        Assert.Equal(200_704 + 512 + 12 + 2 * 32_768 + 2_560, account.Peak.Bytes);
    }

    [Fact]
    public void The_steps_of_mnist_mlp_are_those_of_the_page()
    {
        string[] backward =
        [
            "layer1.output", "layer1.output:bias_relu", "logits", "logits:bias", "loss.rows", "loss", "logits.grad", "layer2.bias.grad", "layer2.weight.grad",
            "layer1.output.grad", "layer1.output.grad:relu", "layer1.bias.grad", "layer1.weight.grad",
        ];
        AnalyticAccount account = MlpTrainingFormulas.Of(MlpConfig.Mnist(64), Whole(Optimizer.Sgd, 64));
        Assert.Equal([.. backward, "layer1.weight:sgd", "layer1.bias:sgd", "layer2.weight:sgd", "layer2.bias:sgd"], account.Steps.Select(step => step.Name));

        // The second of two passes adds to all gradients of parameters, and to no error signal.
        account = MlpTrainingFormulas.Of(MlpConfig.Mnist(32), Whole(Optimizer.Sgd, 64) with { ContinuesGradients = true, Updates = false });
        Assert.Equal(
            [.. backward[..7], "layer2.bias.grad:from:logits", "layer2.weight.grad:from:logits", "layer1.output.grad", "layer1.output.grad:relu",
                "layer1.bias.grad:from:layer1.output", "layer1.weight.grad:from:layer1.output"],
            account.Steps.Select(step => step.Name));
    }

    [Fact]
    public void Costs_by_hand()
    {
        AnalyticAccount account = MlpTrainingFormulas.Of(MlpConfig.Mnist(64), Whole(Optimizer.AdamW, 64));
        Assert.Equal((0, 64 * 43, 4 * 640 + 8 * 64, 4 * 64), Cost(account, "loss.rows"));
        Assert.Equal((0, 65, 4 * 64, 4), Cost(account, "loss"));
        Assert.Equal((0, 7 * 640, 4 * 640 + 8 * 64, 4 * 640), Cost(account, "logits.grad"));
        Assert.Equal((0, 640, 4 * 640, 40), Cost(account, "layer2.bias.grad"));
        Assert.Equal((64 * 1_280, 2 * 64 * 1_280, 4 * 64 * (10 + 128), 4 * 1_280), Cost(account, "layer2.weight.grad"));
        Assert.Equal((64 * 1_280, 2 * 64 * 1_280, 4 * (640 + 1_280), 4 * 64 * 128), Cost(account, "layer1.output.grad"));
        Assert.Equal((0, 64 * 128, 8 * 64 * 128, 4 * 64 * 128), Cost(account, "layer1.output.grad:relu"));
        Assert.Equal((0, 15 * 128, 4 * 4 * 128 + 8, 3 * 4 * 128), Cost(account, "layer1.bias:adamw"));

        // Forward each weight is used once a sample; backward once for itself and, but for the first layer, once for the layer below.
        Assert.Equal(64 * (2 * 100_352 + 3 * 1_280), account.Steps.Sum(step => step.Macs.Value));

        AnalyticAccount later = MlpTrainingFormulas.Of(MlpConfig.Mnist(64), Whole(Optimizer.Momentum, 128) with { ContinuesGradients = true });
        Assert.Equal((64 * 1_280, 2 * 64 * 1_280 + 1_280, 4 * 64 * (10 + 128) + 4 * 1_280, 4 * 1_280), Cost(later, "layer2.weight.grad:from:logits"));
        Assert.Equal((0, 640 + 10, 4 * 640 + 40, 40), Cost(later, "layer2.bias.grad:from:logits"));
        Assert.Equal((0, 4 * 128, 3 * 4 * 128, 2 * 4 * 128), Cost(later, "layer1.bias:momentum"));
    }

    [Fact]
    public void The_cnn_by_hand()
    {
        AnalyticAccount account = MnistCnnTrainingFormulas.Of(MnistCnnConfig.Mnist(2), Whole(Optimizer.Momentum, 2));
        const long Maps = 2 * 32 * 28 * 28 * 4, Pooled = 2 * 6_272 * 4;
        Is(Maps, account, "conv1.output.grad", AnalyticCategory.ErrorSignals);
        Is(Pooled, account, "pool.output.grad", AnalyticCategory.ErrorSignals);
        Is(4 * 9_216, account, "conv2.weight.momentum_buffer", AnalyticCategory.OptimizerState);

        // 98 tiles, 32 channels on both sides: one block. For the weights a block has whole groups of 16: 112.
        Is(144 * 32 * 98, account, "conv2.workspace", AnalyticCategory.Workspace);
        Is(144 * 64 * 112, account, "conv2.weight_workspace", AnalyticCategory.Workspace);
        Is(144 * 32 * 98, account, "conv2.data_workspace", AnalyticCategory.Workspace);
        Assert.Equal(3, account.Buffers.Count(buffer => buffer.Category == AnalyticCategory.Workspace));

        const long Given = 2 * 3_136 + 16 + 4;
        Assert.Equal("conv2_weight", account.Peak.Winner.Name);
        Assert.Equal(Given + 2 * Maps + 144 * 64 * 112, account.Peak.Bytes);
        Assert.Equal(Given + 3 * Maps + 144 * 32 * 98, account.Peak.Moments.Single(moment => moment.Name == "conv2_data").Bytes);

        // A block of tiles has at most 16 * floor(4096 / 64) for the weights, 65536 / 32 for the data: a larger batch leaves the workspaces behind.
        AnalyticAccount larger = MnistCnnTrainingFormulas.Of(MnistCnnConfig.Mnist(64), Whole(Optimizer.Momentum, 64));
        Assert.Equal("conv2_data", larger.Peak.Winner.Name);
        Is(144 * 64 * 784, larger, "conv2.weight_workspace", AnalyticCategory.Workspace);
        Assert.Equal(64 * 3_136 + 8 * 64 + 4 + 3 * 32 * Maps + 144 * 32 * (1_568 + 32), larger.Peak.Bytes);

        Assert.Equal((0, 3 * 12_544, 4 * 5 * 12_544, Maps), Cost(account, "conv2.output.grad"));
        Assert.Equal((2 * 784 * 9_216, 2 * 2 * 784 * 9_216, 2 * Maps, 4 * 9_216), Cost(account, "conv2.weight.grad"));
        Assert.Equal((2 * 784 * 9_216, 2 * 2 * 784 * 9_216, Maps + 4 * 9_216, Maps), Cost(account, "conv1.output.grad"));
        Assert.Equal((0, Maps / 4, Maps, 4 * 32), Cost(account, "conv2.bias.grad"));
        Assert.DoesNotContain(account.Steps, step => step.Name == "pixel_values.grad");
    }

    [Fact]
    public void Vgg16_with_adam_by_hand()
    {
        AnalyticAccount account = Vgg16TrainingFormulas.Of(Vgg16Config.Published(8), Whole(Optimizer.Adam, 8, dropout: 0.5));
        Assert.Equal(138_357_544, account.ParameterCount.Value);
        Assert.Equal(553_430_176, account.Bytes(AnalyticCategory.Parameters));
        Assert.Equal(553_430_176, account.Bytes(AnalyticCategory.Gradients));
        Assert.Equal(1_106_860_352, account.Bytes(AnalyticCategory.OptimizerState));
        Assert.Equal(4_816_896 + 64 + 8 + 8, account.Bytes(AnalyticCategory.Inputs));

        // An image has 13,547,520 elements in the convolutions' maps, 1,530,368 in the pools', 25,088 in the adaptive pool's, and 9,192 behind them.
        Assert.Equal(4 * 8 * 15_112_168, account.Bytes(AnalyticCategory.ErrorSignals));
        Assert.Equal(4 * 8 * 15_112_168 + 2 * 8 * 4096 + 4 * 8, account.Bytes(AnalyticCategory.Activations));
        Is(8 * 4096, account, "classifier.1.output.dropout_mask", AnalyticCategory.Activations);
        Is(8, account, "dropout_seed", AnalyticCategory.Inputs);
        Assert.Equal((0, 2 * 8 * 4096, 4 * 8 * 4096 + 8, 5 * 8 * 4096), Cost(account, "classifier.1.output:dropout"));
        Assert.Equal((0, 2 * 8 * 4096, 5 * 8 * 4096, 4 * 8 * 4096), Cost(account, "classifier.1.output.grad:dropout"));

        // The last convolution of stage 4 passes its error signal on: every map up to its input, its own error signal and that of its input.
        Assert.Equal("stage4.convolution", account.Peak.Winner.Name);
        Assert.Contains("features.21 passes", account.Peak.Winner.Why, StringComparison.Ordinal);
        const long Stages = 128 * 224 * 224 + 320 * 112 * 112 + 896 * 56 * 56, Map = 512 * 28 * 28, Workspace = 144 * 512 * (98 + 512);
        Assert.Equal(4_816_980 + 32 * (Stages + 256 * 28 * 28 + 4 * Map) + Workspace, account.Peak.Bytes);
        Assert.Equal(531_480_660, account.Peak.Bytes);
        Assert.Equal(
            "12*B*I*I + 8*B + 20 + 4*B*M1*I1*I1 + 4*B*M2*I2*I2 + 4*B*M3*I3*I3 + 4*B*m*I4*I4 + 4*B*K*I4*I4 + 4*B*C*I4*I4 + 144*K16*ceil(tiles/blocks) + 144*K16*C32",
            account.Peak.Winner.Formula.ToString());
    }

    [Theory]
    [InlineData("features.2", 9_437_184, 10_027_008)]
    [InlineData("features.5", 9_289_728, 10_616_832)]
    [InlineData("features.7", 9_437_184, 11_796_480)]
    [InlineData("features.10", 8_847_360, 13_971_456)]
    [InlineData("features.14", 9_437_184, 18_690_048)]
    [InlineData("features.17", 8_847_360, 27_795_456)]
    [InlineData("features.21", 9_437_184, 46_669_824)]
    [InlineData("features.28", 9_437_184, 47_185_920)]
    public void Workspaces_at_batch_32_are_those_of_the_page(string layer, long weights, long data)
    {
        AnalyticAccount account = Vgg16TrainingFormulas.Of(Vgg16Config.Published(32), Whole(Optimizer.Sgd, 32));
        Is(weights, account, $"{layer}.weight_workspace", AnalyticCategory.Workspace);
        Is(data, account, $"{layer}.data_workspace", AnalyticCategory.Workspace);
    }

    [Fact]
    public void A_budget_is_every_convolutions_workspace()
    {
        AnalyticAccount account = Vgg16TrainingFormulas.Of(Vgg16Config.Published(8), Whole(Optimizer.Sgd, 8), convolutionBudgetBytes: 64 << 20);

        // Three each, but the first has no error signal to pass on.
        Assert.Equal(38L * 67_108_864, account.Bytes(AnalyticCategory.Workspace));
        Assert.DoesNotContain(account.Buffers, buffer => buffer.Name == "features.0.data_workspace");
        Assert.Throws<ArgumentOutOfRangeException>(() => Vgg16TrainingFormulas.Of(Vgg16Config.Published(8), Whole(Optimizer.Sgd, 8), convolutionBudgetBytes: -4));
    }
}
