using Harness.Kernels;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Xunit;

namespace Harness.Models.Tests;

/// <summary>The programs of the small models against the tables of docs/models.md (written out again here, by hand).</summary>
public sealed class SmallProgramTests
{
    /// <summary>A made-up amount for convolutions of more than one channel, none for others.</summary>
    private sealed class SomeWorkspace : IConvolutionWorkspace
    {
        public long WorkspaceBytes(in ConvolutionShape shape) => shape.C > 1 ? 4 * shape.C * shape.N : 0;

        public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => shape.C > 1 ? 4 * shape.C * shape.N : 0;

        public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => shape.C > 1 ? 4 * shape.C * shape.N : 0;
    }

    private static long ParameterCount(StepProgram program) => program.Of(TensorCategory.Parameter).Sum(tensor => tensor.Shape.Elements);

    private static string[] Names(StepProgram program, TensorCategory category) => [.. program.Of(category).Select(tensor => tensor.ToString())];

    /// <summary>A line a step: its name, and what it writes where that is not the name.</summary>
    private static string[] Steps(StepProgram program) => [.. program.Steps.Select(step => $"{step.Name} -> {string.Join(' ', step.Writes)}")];

    [Fact]
    public void Parameter_counts_are_those_of_the_documents()
    {
        Assert.Equal(100_480 + 1_290, ParameterCount(MlpProgram.Build(MlpConfig.Mnist(1))));
        Assert.Equal(394_634, ParameterCount(MlpProgram.Build(MlpConfig.Cifar(1))));
        Assert.Equal(5_000, ParameterCount(MlpProgram.Build(MlpConfig.Stack(1, [100, 50], bias: false))));
        Assert.Equal(320 + 9_248 + 802_944 + 1_290, ParameterCount(MnistCnnProgram.Build(MnistCnnConfig.Mnist(1), new SomeWorkspace())));
    }

    [Fact]
    public void A_stack_is_the_table()
    {
        StepProgram program = MlpProgram.Build(MlpConfig.Stack(3, [5, 7, 2, 4]));
        Assert.Equal(["inputs f32[3,5]"], Names(program, TensorCategory.Input));
        Assert.Equal(
            ["layer1.weight f32[7,5]", "layer1.bias f32[7]", "layer2.weight f32[2,7]", "layer2.bias f32[2]", "layer3.weight f32[4,2]", "layer3.bias f32[4]"],
            Names(program, TensorCategory.Parameter));
        Assert.Equal(["layer1.output f32[3,7]", "layer2.output f32[3,2]"], Names(program, TensorCategory.Activation));
        Assert.Equal(["logits f32[3,4]"], Names(program, TensorCategory.Output));
        Assert.Equal(
            [
                "layer1.output -> layer1.output f32[3,7]", "layer1.output:bias_relu -> layer1.output f32[3,7]",
                "layer2.output -> layer2.output f32[3,2]", "layer2.output:bias_relu -> layer2.output f32[3,2]",
                "logits -> logits f32[3,4]", "logits:bias -> logits f32[3,4]",
            ],
            Steps(program));
    }

    [Fact]
    public void A_stack_without_bias_has_fewer_steps_and_a_single_layer_no_activation()
    {
        StepProgram program = MlpProgram.Build(MlpConfig.Stack(3, [5, 7, 4], bias: false));
        Assert.Equal(["layer1.weight f32[7,5]", "layer2.weight f32[4,7]"], Names(program, TensorCategory.Parameter));
        Assert.Equal(["layer1.output", "layer1.output:relu", "logits"], program.Steps.Select(step => step.Name));

        StepProgram single = MlpProgram.Build(MlpConfig.Stack(3, [5, 7]));
        Assert.Empty(single.Of(TensorCategory.Activation));
        Assert.Equal(["logits", "logits:bias"], single.Steps.Select(step => step.Name));
    }

    [Fact]
    public void Images_are_rows_without_a_copy()
    {
        StepProgram mnist = MlpProgram.Build(MlpConfig.Mnist(2));
        Assert.Equal(["pixel_values f32[2,1,28,28]"], Names(mnist, TensorCategory.Input));
        Assert.Equal(["layer1.output f32[2,128]"], Names(mnist, TensorCategory.Activation));
        var product = (GemmStep)mnist.Steps[0];
        Assert.Equal(("pixel_values", 2, 128, 784), (product.A.Name, product.M, product.N, product.K));

        StepProgram cifar = MlpProgram.Build(MlpConfig.Cifar(2));
        Assert.Equal(["pixel_values f32[2,3,32,32]"], Names(cifar, TensorCategory.Input));
        Assert.Equal(["logits f32[2,10]"], Names(cifar, TensorCategory.Output));
    }

    [Fact]
    public void Mnist_cnn_is_the_table_and_asks_for_workspace_only_where_the_device_does()
    {
        StepProgram program = MnistCnnProgram.Build(MnistCnnConfig.Mnist(3), new SomeWorkspace());
        Assert.Equal(["pixel_values f32[3,1,28,28]"], Names(program, TensorCategory.Input));
        Assert.Equal(
            [
                "conv1.weight f32[32,1,3,3]", "conv1.bias f32[32]", "conv2.weight f32[32,32,3,3]", "conv2.bias f32[32]",
                "fc1.weight f32[128,6272]", "fc1.bias f32[128]", "fc2.weight f32[10,128]", "fc2.bias f32[10]",
            ],
            Names(program, TensorCategory.Parameter));
        Assert.Equal(
            [
                "conv1.output -> conv1.output f32[3,32,28,28]",
                "conv2.output -> conv2.output f32[3,32,28,28] conv2.workspace f32[96]",
                "pool.output -> pool.output f32[3,32,14,14]",
                "fc1.output -> fc1.output f32[3,128]", "fc1.output:bias_relu -> fc1.output f32[3,128]",
                "logits -> logits f32[3,10]", "logits:bias -> logits f32[3,10]",
            ],
            Steps(program));
        Assert.Equal(["logits f32[3,10]"], Names(program, TensorCategory.Output));
        Assert.Equal(["conv2.workspace f32[96]"], Names(program, TensorCategory.Workspace));
        Assert.All(program.Steps.OfType<ConvolutionStep>(), step => Assert.Equal((1, 1, true), (step.Padding, step.Stride, step.Relu)));
    }

    public static TheoryData<MlpConfig, string> BadStacks => new()
    {
        { MlpConfig.Stack(0, [3, 4]), "mlp: batch is 0, must be at least 1" },
        { MlpConfig.Stack(1, [3]), "mlp: number of sizes is 1, must be at least 2" },
        { MlpConfig.Stack(1, [3, 0, 4]), "mlp: size of a layer is 0, must be at least 1" },
        { MlpConfig.Mnist(1) with { InputShape = [1, 28, 27] }, "mlp: input shape [1,28,27] must be one size, or channels, height and width, of 784 elements" },
        { MlpConfig.Mnist(1) with { InputShape = [28, 28] }, "mlp: input shape [28,28] must be one size, or channels, height and width, of 784 elements" },
        { MlpConfig.Mnist(1) with { InputShape = [-1, -28, 28] }, "mlp: dimension of the input is -1, must be at least 1" },
    };

    [Theory]
    [MemberData(nameof(BadStacks))]
    public void A_stack_that_cannot_be_is_named(MlpConfig config, string message) =>
        Assert.Equal(message, Assert.Throws<CallerException>(() => MlpProgram.Build(config)).Message);

    [Fact]
    public void A_network_that_cannot_be_is_named()
    {
        static string Message(MnistCnnConfig config) => Assert.Throws<CallerException>(() => MnistCnnProgram.Build(config, new SomeWorkspace())).Message;

        MnistCnnConfig mnist = MnistCnnConfig.Mnist(1);
        Assert.Equal("mnist-cnn: batch is 0, must be at least 1", Message(mnist with { Batch = 0 }));
        Assert.Equal("mnist-cnn: number of filters is 0, must be at least 1", Message(mnist with { Filters2 = 0 }));
        Assert.Equal("mnist-cnn: image size is 1, must be at least the pool's window of 2", Message(mnist with { ImageSize = 1 }));
    }

    [Fact]
    public void Bytes_that_overflow_are_the_callers_mistake()
    {
        Assert.Throws<CallerException>(() => MlpProgram.Build(MlpConfig.Mnist(long.MaxValue / 16)));
        Assert.Throws<CallerException>(() => MlpProgram.Build(MlpConfig.Stack(1, [1L << 40, 1L << 40])));
        Assert.Throws<CallerException>(() => MnistCnnProgram.Build(MnistCnnConfig.Mnist(long.MaxValue / 16), new SomeWorkspace()));
    }

    [Theory]
    [InlineData("mlp:100-50", true, 100L, 50L)]
    [InlineData("mlp:784-128-64-10", true, 784L, 128L, 64L, 10L)]
    [InlineData("mlp:100-50:nobias", false, 100L, 50L)]
    [InlineData("mlp:1-1", true, 1L, 1L)]
    public void A_name_of_a_stack_is_its_sizes(string name, bool bias, params long[] sizes)
    {
        Assert.True(MlpName.IsOne(name));
        (IReadOnlyList<long> parsed, bool hasBias) = MlpName.Parse(name);
        Assert.Equal(sizes, parsed);
        Assert.Equal(bias, hasBias);
    }

    [Theory]
    [InlineData("mlp", "number of sizes is 0, must be at least 2")]
    [InlineData("mlp:", "a size is a whole number from 1 on, not ''")]
    [InlineData("mlp:100", "number of sizes is 1, must be at least 2")]
    [InlineData("mlp:100:nobias", "number of sizes is 1, must be at least 2")]
    [InlineData("mlp:100-0-10", "a size is a whole number from 1 on, not '0'")]
    [InlineData("mlp:100--10", "a size is a whole number from 1 on, not ''")]
    [InlineData("mlp:100-ten", "a size is a whole number from 1 on, not 'ten'")]
    [InlineData("mlp:100-1e3", "a size is a whole number from 1 on, not '1e3'")]
    [InlineData("mlp:100- 5", "a size is a whole number from 1 on, not ' 5'")]
    [InlineData("mlp:100-9223372036854775808", "a size is a whole number from 1 on, not '9223372036854775808'")]
    [InlineData("mlp:100-10:bias", "unknown suffix 'bias'")]
    [InlineData("mlp:100-10:", "unknown suffix ''")]
    [InlineData("mlp:100-10:nobias:nobias", "unknown suffix 'nobias:nobias'")]
    public void A_bad_name_of_a_stack_says_what_is_wrong(string name, string what)
    {
        Assert.True(MlpName.IsOne(name));
        Assert.Equal($"model '{name}': {what}, write mlp:A-B-...-Z[:nobias]", Assert.Throws<CallerException>(() => MlpName.Parse(name)).Message);
    }

    [Theory]
    [InlineData("mlpp:1-2")]
    [InlineData("mnist-mlp")]
    [InlineData("MLP:1-2")]
    public void Other_names_are_no_stacks(string name) => Assert.False(MlpName.IsOne(name));
}
