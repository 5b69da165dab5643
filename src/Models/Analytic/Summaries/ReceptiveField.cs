namespace Harness.Models.Analytic;

/// <summary>
/// Which pixels of the input one place of a feature map sees, in each direction: the place at index i sees <see cref="Size"/> pixels from i * stride - padding on, those
/// outside of the image being zeros. Recurrences of Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural
/// Networks": a layer with a window of k, stride s and padding p adds (k - 1) * stride to the size and p * stride to the padding and
/// multiplies the stride by s.
/// </summary>
/// <param name="Size">pixels; where the layer is not a map any more, those of the image that any of its units sees</param>
/// <param name="Stride">pixels of the input between neighbouring places (the "jump"); null where there are no neighbours</param>
/// <param name="Padding">pixels of zeros before the image that the first place sees; null where there is no first place</param>
public sealed record ReceptiveField(long Size, long? Stride, long? Padding)
{
    /// <summary>A pixel of the input sees itself.</summary>
    public static ReceptiveField Pixel { get; } = new(1, 1, 0);

    /// <summary>Behind a layer that slides a window.</summary>
    public ReceptiveField Through(long window, long stride, long padding) => new(
        Size + (window - 1) * Stride!.Value, Stride * stride, Padding + padding * Stride);

    /// <summary>Behind a layer whose every unit sees a whole map of <paramref name="places"/>: what all of them see of the image together.</summary>
    public ReceptiveField Whole(long places, long imageSize)
    {
        long first = Math.Max(0, -Padding!.Value), last = Math.Min(imageSize - 1, -Padding.Value + (places - 1) * Stride!.Value + Size - 1);
        return new(last - first + 1, null, null);
    }
}
