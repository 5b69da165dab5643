using System.Collections.Immutable;

namespace Harness.Fitting;

/// <summary>
/// What a real card kept for itself while this program ran on it: read from the driver before and after every stage of an audit, as
/// <c>harness audit --device cuda</c> shows it.
/// </summary>
/// <param name="Device">as the driver names it</param>
/// <param name="Source">where the whole output of that run is</param>
/// <param name="MemoryBytes">of the card, as the driver counts them</param>
/// <param name="Stages">what was gone before parameters and arena, and beside them, by stage</param>
/// <param name="GranularityBytes">the driver's allocations were multiples of this</param>
internal sealed record MeasuredCard(
    string Device, string Source, long MemoryBytes, ImmutableArray<(string Name, long Bytes)> Stages, long GranularityBytes)
{
    /// <summary>
    /// The audits of vgg16 (batch 1), bert-base and t5-small (batch 8, length 64) took the same bytes in every stage but parameters and
    /// arena, with fp32 and tf32, launch by launch and as a graph.
    /// </summary>
    public static MeasuredCard H100 { get; } = new(
        "NVIDIA H100 80GB HBM3", "results/nvidia-h100-80gb-hbm3/2026-11-26", 85_017_493_504,
        [
            ("not free before the first context", 3_407_872),
            ("context", 548_995_072),
            ("libraries, of which cuBLAS workspace that the program asks for 33,554,432", 113_246_208),
            ("modules", 0),
            ("first pass", 4_194_304),
        ],
        GranularityBytes: 2L << 20);

    /// <summary>All of it.</summary>
    public long OutsideBytes => Stages.Sum(stage => stage.Bytes);

    /// <summary>
    /// What a card of so many bytes leaves for the arena, if its software takes what it took on this one; negative: less than nothing.
    /// </summary>
    public long ArenaBytes(long memoryBytes, long persistentBytes)
    {
        long left = memoryBytes - OutsideBytes - (persistentBytes + GranularityBytes - 1) / GranularityBytes * GranularityBytes;
        return left < 0 ? left : left / GranularityBytes * GranularityBytes;
    }
}
