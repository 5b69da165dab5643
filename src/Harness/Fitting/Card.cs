using System.Collections.Immutable;

namespace Harness.Fitting;

/// <summary>The largest size on one card.</summary>
/// <param name="Name">as tables show it</param>
/// <param name="MemoryBytes">of the card</param>
/// <param name="OutsideBytes">what context and libraries take; 0 where nobody has measured it</param>
/// <param name="IsMeasured">whether somebody has</param>
/// <param name="Largest">with <paramref name="OutsideBytes"/> gone; 0 where not even the smallest size fits</param>
/// <param name="BytesAtLargest">what is held and the arena of it; null where there is none</param>
/// <param name="LargestAsMeasured">if the card's software took what it took on <see cref="MeasuredCard.H100"/></param>
internal sealed record Card(
    string Name, long MemoryBytes, long OutsideBytes, bool IsMeasured, long Largest, long? BytesAtLargest, long LargestAsMeasured)
{
    private static readonly int[] s_sizesGiB = [4, 6, 8, 12, 16, 24];

    /// <summary>Cards of the usual sizes, of which none has been measured, and the one that has.</summary>
    public static ImmutableArray<Card> All(FitSearch search)
    {
        MeasuredCard measured = MeasuredCard.H100;
        long[] sizes = [.. s_sizesGiB.Select(size => (long)size << 30)];
        return
        [
            .. sizes.Select(bytes => Of($"{bytes >> 30} GiB", bytes, 0, isMeasured: false, search.Largest(bytes - search.PersistentBytes))),
            Of(measured.Device, measured.MemoryBytes, measured.OutsideBytes, isMeasured: true,
                search.Largest(AsMeasured(measured.MemoryBytes))),
        ];

        Card Of(string name, long bytes, long outsideBytes, bool isMeasured, long largest) => new(
            name, bytes, outsideBytes, isMeasured, largest, search.NeedAt(largest)?.Bytes, search.Largest(AsMeasured(bytes)));

        long AsMeasured(long bytes) => measured.ArenaBytes(bytes, search.PersistentBytes);
    }
}
