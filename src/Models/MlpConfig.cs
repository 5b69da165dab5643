namespace Harness.Models;

/// <summary>A multilayer perceptron: linear layers with ReLU between them and none after the last.</summary>
/// <param name="Batch">rows of input, or images</param>
/// <param name="Sizes">units from the input to the output: layer i (from 1 on) takes <c>Sizes[i - 1]</c> and gives <c>Sizes[i]</c></param>
/// <param name="Bias">whether every layer adds a bias</param>
/// <param name="InputShape">
/// dimensions of one input: <c>[A]</c> with A = <c>Sizes[0]</c>, or channels, height and width whose product is A. The input is called
/// <c>inputs</c> in the first case, <c>pixel_values</c> in the second.
/// </param>
public sealed record MlpConfig(long Batch, IReadOnlyList<long> Sizes, bool Bias, IReadOnlyList<long> InputShape)
{
    /// <summary>A stack on plain rows of numbers, <c>inputs</c> [B,A].</summary>
    public static MlpConfig Stack(long batch, IReadOnlyList<long> sizes, bool bias = true) => new(batch, sizes, bias, [sizes[0]]);

    /// <summary>784-128-10 on images of one channel, 28 x 28.</summary>
    public static MlpConfig Mnist(long batch) => new(batch, [784, 128, 10], Bias: true, [1, 28, 28]);

    /// <summary>3072-128-10 on images of three channels, 32 x 32.</summary>
    public static MlpConfig Cifar(long batch) => new(batch, [3072, 128, 10], Bias: true, [3, 32, 32]);
}
