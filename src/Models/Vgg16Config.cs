namespace Harness.Models;

/// <summary>VGG16 (Simonyan and Zisserman 2015, configuration D) as torchvision builds it.</summary>
/// <param name="Batch">images</param>
/// <param name="ImageSize">height and width in pixels; the pools divide by 32, and the adaptive pool takes what is left to 7 x 7</param>
/// <param name="Widths">output channels of the convolutions of each of the five stages</param>
public sealed record Vgg16Config(
    long Batch, long ImageSize, long Classes, long HiddenUnits, IReadOnlyList<IReadOnlyList<long>> Widths)
{
    /// <summary>The adaptive pool's output height and width.</summary>
    public const long PooledSize = 7;

    public static Vgg16Config Published(long batch) => new(
        batch, ImageSize: 224, Classes: 1000, HiddenUnits: 4096,
        [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]]);
}
