using System.Collections.Immutable;

namespace Harness.Reporting;

/// <summary>
/// The figures of the published report that this one answers: PyTorch 2.7.1 with CUDA 11.8 on an RTX 3060 Laptop, fp32. Its "MB" are MiB.
/// Each cell is the growth of <c>torch.cuda.memory_allocated()</c> over a pass whose inputs and outputs are still held.
/// </summary>
internal static class Published
{
    private static readonly ImmutableDictionary<(string Model, long Batch, long? Sequence), double> s_cells =
        new Dictionary<(string Model, long Batch, long? Sequence), double>
        {
            [("vgg16", 1, null)] = 3.29,
            [("vgg16", 2, null)] = 1.26,
            [("vgg16", 4, null)] = 2.31,
            [("vgg16", 8, null)] = 4.62,
            [("vgg16", 16, null)] = 9.25,
            [("vgg16", 32, null)] = 18.50,
            [("t5-small", 1, 64)] = 1.77,
            [("t5-small", 2, 64)] = 3.54,
            [("t5-small", 4, 64)] = 7.09,
            [("t5-small", 8, 64)] = 14.18,
            [("t5-small", 16, 64)] = 28.39,
            [("t5-small", 8, 16)] = 4.42,
            [("t5-small", 8, 32)] = 7.67,
            [("t5-small", 8, 128)] = 27.18,
            [("t5-small", 8, 256)] = 53.20,
            [("bert-base", 1, 64)] = 0.19,
            [("bert-base", 2, 64)] = 0.38,
            [("bert-base", 4, 64)] = 0.77,
            [("bert-base", 8, 64)] = 2.04,
            [("bert-base", 16, 64)] = 3.07,
            [("bert-base", 8, 16)] = 0.40,
            [("bert-base", 8, 32)] = 0.78,
            [("bert-base", 8, 128)] = 3.05,
            [("bert-base", 8, 256)] = 6.07,
        }.ToImmutableDictionary();

    private static readonly ImmutableDictionary<string, double> s_growthMiBPerSample =
        new Dictionary<string, double> { ["vgg16"] = 0.05, ["t5-small"] = 1.77, ["bert-base"] = 0.21 }.ToImmutableDictionary();

    private static readonly ImmutableDictionary<string, ImmutableArray<double>> s_quadraticOverSequence =
        new Dictionary<string, ImmutableArray<double>>
        {
            ["t5-small"] = [0.000000, 0.2032, 1.17],
            ["bert-base"] = [-0.000018, 0.0278, 0.07],
        }.ToImmutableDictionary();

    private static readonly ImmutableDictionary<(string Name, string Quantity), double> s_ratios =
        new Dictionary<(string Name, string Quantity), double>
        {
            [("t5-small/vgg16", Measure.ParametersName)] = 0.44,
            [("bert-base/vgg16", Measure.ParametersName)] = 0.79,
            [("t5-small/bert-base", Measure.ParametersName)] = 0.55,
            [("t5-small/vgg16", Measure.RetainedName)] = 0.54,
            [("bert-base/vgg16", Measure.RetainedName)] = 0.06,
            [("t5-small/bert-base", Measure.RetainedName)] = 9.24,
            [("vgg16", Measure.RetainedName)] = 0.02,
            [("t5-small", Measure.RetainedName)] = 0.03,
            [("bert-base", Measure.RetainedName)] = 0.00,
        }.ToImmutableDictionary();

    /// <summary>What stayed allocated, MiB as printed; null for a cell that was not published.</summary>
    public static double? MiB(string model, long batch, long? sequence) =>
        s_cells.TryGetValue((model, batch, sequence), out double value) ? value : null;

    /// <summary>Growth of what stays allocated, MiB a sample.</summary>
    public static double? GrowthMiBPerSample(string model) => s_growthMiBPerSample.TryGetValue(model, out double value) ? value : null;

    /// <summary>The printed fit of what stays allocated (MiB) over the length, highest power first.</summary>
    public static ImmutableArray<double>? QuadraticOverSequence(string model) =>
        s_quadraticOverSequence.TryGetValue(model, out ImmutableArray<double> value) ? value : null;

    /// <summary>A ratio between two models (<c>a/b</c>), or of one model to its millions of parameters.</summary>
    public static double? Ratio(string name, string quantity) => s_ratios.TryGetValue((name, quantity), out double value) ? value : null;
}
