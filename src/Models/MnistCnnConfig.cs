namespace Harness.Models;

/// <summary>
/// A small convolutional network: two 3 x 3 "same" convolutions with ReLU, a 2 x 2 max pool, two linear layers with ReLU between.
/// </summary>
/// <param name="Batch">images</param>
/// <param name="ImageSize">height and width in pixels; the pool leaves out a last odd row and column</param>
/// <param name="Filters1">output channels of <c>conv1</c></param>
/// <param name="Filters2">output channels of <c>conv2</c></param>
public sealed record MnistCnnConfig(long Batch, long ImageSize, long Filters1, long Filters2, long HiddenUnits, long Classes)
{
    /// <summary>Of an image.</summary>
    public const long Channels = 1;

    /// <summary>Window and stride of the max pool.</summary>
    public const long PoolSize = 2;

    /// <summary>813,802 parameters on images of 28 x 28.</summary>
    public static MnistCnnConfig Mnist(long batch) => new(batch, ImageSize: 28, Filters1: 32, Filters2: 32, HiddenUnits: 128, Classes: 10);
}
