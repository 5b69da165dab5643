using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models.Tests.Oracles;
using Harness.Models.Weights;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>
/// A model small enough for the double-precision oracles, every width odd or awkward: its program, its seeded tensors, and what the oracle makes of
/// them.
/// </summary>
internal sealed class SmallModel
{
    private readonly Func<Dictionary<string, double[]>, Dictionary<string, double[]>> _oracle;

    private SmallModel(
        StepProgram program, Func<TensorSpec, TensorValues> values, long longestProduct,
        Func<Dictionary<string, double[]>, Dictionary<string, byte[]>, Dictionary<string, double[]>> oracle)
    {
        Program = program;
        LongestProduct = longestProduct;
        var seeded = new SeededTensors(42, values);
        Inputs = Draw(TensorCategory.Input, seeded);
        Parameters = Draw(TensorCategory.Parameter, seeded);
        _oracle = parameters => oracle(parameters, Inputs);
    }

    public static BertConfig Bert { get; } = new(
        Batch: 3, Sequence: 7, Hidden: 15, Heads: 3, Layers: 2, Intermediate: 19, Vocabulary: 23, MaxPositions: 11, TokenTypes: 2);

    public static T5Config T5 { get; } = new(
        Batch: 3, Sequence: 7, DecoderSequence: 5, Hidden: 11, Heads: 3, HeadSize: 5, FeedForward: 17, Layers: 2, Vocabulary: 29,
        Buckets: 8, MaxDistance: 20);

    public static Vgg16Config Vgg16 { get; } = new(
        Batch: 2, ImageSize: 37, Classes: 11, HiddenUnits: 13, [[3, 5], [5, 7], [7, 7, 5], [9, 9, 7], [7, 5, 5]]);

    public static MlpConfig Mlp { get; } = MlpConfig.Stack(batch: 3, [17, 23, 5, 11]);

    /// <summary>With bias and without, one layer and several, rows and images (of one channel and of three), the smallest there is.</summary>
    public static TheoryData<MlpConfig> Stacks =>
    [
        Mlp,
        Mlp with { Bias = false },
        MlpConfig.Stack(batch: 2, [13, 7]),
        MlpConfig.Stack(batch: 5, [13, 7], bias: false),
        MlpConfig.Stack(batch: 4, [1, 9, 3, 1]),
        new MlpConfig(Batch: 3, [30, 11, 4], Bias: true, [1, 5, 6]),
        new MlpConfig(Batch: 1, [60, 11, 4], Bias: true, [3, 4, 5]),
    ];

    /// <summary>The second convolution is wide enough for the algorithm that has a workspace.</summary>
    public static MnistCnnConfig MnistCnn { get; } = new(Batch: 2, ImageSize: 9, Filters1: 17, Filters2: 19, HiddenUnits: 13, Classes: 11);

    /// <summary><c>bert</c>, <c>t5</c>, <c>vgg16</c>, <c>mlp</c> and <c>mnist-cnn</c>.</summary>
    public static string[] Architectures { get; } = ["bert", "t5", "vgg16", "mlp", "mnist-cnn"];

    public StepProgram Program { get; }

    /// <summary>The most terms that one element of a product adds up.</summary>
    public long LongestProduct { get; }

    /// <summary>By name, as bytes.</summary>
    public Dictionary<string, byte[]> Inputs { get; }

    public Dictionary<string, byte[]> Parameters { get; }

    public static SmallModel Of(BertConfig config) => new(
        BertProgram.Build(config), ModelValues.Bert(config), Math.Max(Math.Max(config.Hidden, config.Intermediate), config.Sequence),
        (parameters, inputs) => BertOracle.Run(config, parameters, inputs.ToDictionary(pair => pair.Key, pair => Ids(pair.Value))));

    public static SmallModel Of(T5Config config) => new(
        T5Program.Build(config), ModelValues.T5(config),
        Math.Max(Math.Max(config.InnerSize, config.FeedForward), Math.Max(config.Sequence, config.DecoderSequence)),
        (parameters, inputs) => T5Oracle.Run(config, parameters, inputs.ToDictionary(pair => pair.Key, pair => Ids(pair.Value))));

    public static SmallModel Of(Vgg16Config config, IConvolutionWorkspace device) => new(
        Vgg16Program.Build(config, device), ModelValues.ReluNetwork, config.Widths[^1][^1] * Vgg16Config.PooledSize * Vgg16Config.PooledSize,
        (parameters, inputs) => Vgg16Oracle.Run(config, parameters, inputs.ToDictionary(pair => pair.Key, pair => Reals(pair.Value))));

    public static SmallModel Of(MlpConfig config) => new(
        MlpProgram.Build(config), ModelValues.ReluNetwork, config.Sizes.Max(),
        (parameters, inputs) => MlpOracle.Run(config, parameters, inputs.ToDictionary(pair => pair.Key, pair => Reals(pair.Value))));

    public static SmallModel Of(MnistCnnConfig config, IConvolutionWorkspace device) => new(
        MnistCnnProgram.Build(config, device), ModelValues.ReluNetwork,
        Math.Max(9 * config.Filters1, config.Filters2 * (config.ImageSize / 2) * (config.ImageSize / 2)),
        (parameters, inputs) => MnistCnnOracle.Run(config, parameters, inputs.ToDictionary(pair => pair.Key, pair => Reals(pair.Value))));

    /// <summary>One of <see cref="Architectures"/> as above.</summary>
    public static SmallModel Of(string architecture, IConvolutionWorkspace device) => architecture switch
    {
        "bert" => Of(Bert),
        "t5" => Of(T5),
        "vgg16" => Of(Vgg16, device),
        "mlp" => Of(Mlp),
        "mnist-cnn" => Of(MnistCnn, device),
        _ => throw new ArgumentOutOfRangeException(nameof(architecture), architecture, null),
    };

    public static double[] Reals(byte[] bytes) => Array.ConvertAll(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), value => (double)value);

    public static long[] Ids(byte[] bytes) => MemoryMarshal.Cast<byte, long>(bytes).ToArray();

    /// <summary>
    /// Every output against the oracle. A product of length K in floating point is the exact product of operands that are each disturbed by at most K
    /// unit roundoffs u (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), so the pass is the exact pass of a model disturbed by that much. Here the
    /// weights are, each by K u up or down at random; the tolerance is four times the largest change that this makes anywhere in the output, since
    /// one choice of signs stands for the unknown one and activations are disturbed as well as weights. What the disturbance may come to is
    /// bounded, so that it cannot excuse a wrong result.
    /// </summary>
    /// <param name="relative">K u</param>
    public void CheckAgainstOracle(IReadOnlyDictionary<string, double[]> observed, double relative)
    {
        var signs = new Random(1);
        Dictionary<string, double[]> parameters = Parameters.ToDictionary(pair => pair.Key, pair => Reals(pair.Value));
        Dictionary<string, double[]> expected = _oracle(parameters);
        Dictionary<string, double[]> disturbed = _oracle(parameters.ToDictionary(
            pair => pair.Key, pair => Array.ConvertAll(pair.Value, value => value * (1 + (signs.Next(2) == 0 ? relative : -relative)))));
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), observed.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, double[] wanted) in expected)
        {
            double size = Math.Sqrt(wanted.Average(value => value * value));
            double tolerance = 4 * wanted.Zip(disturbed[name], (a, b) => Math.Abs(a - b)).Max();
            Assert.True(size is > 0.05 and < 20, $"{name} is of size {size}: weights should keep it of order one");
            Assert.True(tolerance > 0 && tolerance <= 2e-3 * size, $"the tolerance of {name} would be {tolerance:G3} beside a size of {size:G3}");
            Assert.Equal(wanted.Length, observed[name].Length);
            for (int i = 0; i < wanted.Length; i++)
            {
                double error = Math.Abs(observed[name][i] - wanted[i]);
                if (!(error <= tolerance))
                {
                    Assert.Fail($"{name}[{i}] is {observed[name][i]:R}, must be {wanted[i]:R}: error {error:G3}, tolerance {tolerance:G3}");
                }
            }
        }
    }

    private Dictionary<string, byte[]> Draw(TensorCategory category, SeededTensors seeded)
    {
        var drawn = new Dictionary<string, byte[]>();
        foreach (TensorSpec tensor in Program.Of(category))
        {
            var bytes = new byte[tensor.Bytes];
            seeded.Read(tensor, bytes);
            drawn.Add(tensor.Name, bytes);
        }

        return drawn;
    }
}
