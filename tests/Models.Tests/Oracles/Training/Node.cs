namespace Harness.Models.Tests.Oracles.Training;

/// <summary>An array of a computation on a <see cref="Tape"/>, row-major, and the gradient of the loss with respect to it.</summary>
/// <param name="gradient">as long as the value, zero at first; null where no variable leads here</param>
internal sealed class Node(double[] value, double[]? gradient)
{
    public double[] Value { get; } = value;

    public double[]? Gradient { get; } = gradient;

    public int Length => Value.Length;

    /// <summary>What the loss is differentiated by.</summary>
    public static Node Variable(double[] value) => new(value, new double[value.Length]);

    public static Node Constant(double[] value) => new(value, null);
}
