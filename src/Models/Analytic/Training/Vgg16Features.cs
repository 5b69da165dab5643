using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>A layer of VGG16's <c>features</c>: a convolution of C channels to K filters, or a pool, which has as many of both and no workspaces.</summary>
/// <param name="Index">in <c>features</c>; a convolution's ReLU has the next</param>
/// <param name="Stage">from 1</param>
/// <param name="Input">name of what it reads; null: the images</param>
/// <param name="Size">height and width of what it reads</param>
internal sealed record Vgg16Layer(
    int Index, int Stage, bool IsPool, string? Input, string Output, long Channels, long Filters, long Size, ConvolutionWorkspaces Workspaces)
{
    public Formula C => Symbol("C", Channels);

    public Formula K => Symbol("K", Filters);

    public Formula H => Symbol("H", Size);

    public Formula W => Symbol("W", Size);

    /// <summary>All of them, in order.</summary>
    public static IEnumerable<Vgg16Layer> Of(Vgg16Config config, long? convolutionBudgetBytes)
    {
        long channels = 3, size = config.ImageSize;
        int index = 0, stage = 0;
        string? input = null;
        foreach (IReadOnlyList<long> widths in config.Widths)
        {
            stage++;
            foreach (long filters in widths)
            {
                string output = $"features.{index + 1}.output";
                yield return new(
                    index, stage, IsPool: false, input, output, channels, filters, size,
                    ConvolutionWorkspaces.Of(config.Batch, channels, filters, size, convolutionBudgetBytes));
                (input, channels, index) = (output, filters, index + 2);
            }

            string pooled = $"features.{index}.output";
            yield return new(index, stage, IsPool: true, input, pooled, channels, channels, size, Workspaces: default);
            (input, size, index) = (pooled, size / 2, index + 1);
        }
    }
}
