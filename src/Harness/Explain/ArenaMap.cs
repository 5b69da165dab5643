using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Memory;

namespace Harness.Explain;

/// <summary>What a stretch of the arena is while a step runs.</summary>
internal enum ExtentKind
{
    /// <summary>Bytes that a tensor asked for.</summary>
    Tensor,

    /// <summary>Reserved behind a tensor's bytes for the alignment.</summary>
    Padding,

    /// <summary>Unreserved, below the highest reserved byte.</summary>
    Hole,

    /// <summary>Unreserved, above it.</summary>
    Free,
}

/// <summary>Bytes from <paramref name="OffsetBytes"/> on that are one thing.</summary>
/// <param name="Buffer">whose bytes or padding they are; null for a hole and for free bytes</param>
internal readonly record struct Extent(ExtentKind Kind, long OffsetBytes, long Bytes, PassBuffer? Buffer)
{
    public long EndBytes => OffsetBytes + Bytes;
}

/// <summary>The arena while one step runs, from its first byte to its last: every byte is in exactly one extent.</summary>
internal static class ArenaMap
{
    /// <exception cref="CheckFailedException">the map is not what the ledger wrote down at that step</exception>
    public static ImmutableArray<Extent> At(ExplainedPass pass, int step)
    {
        var map = ImmutableArray.CreateBuilder<Extent>();
        long end = 0;
        foreach (PassBuffer buffer in pass.LiveAt(step))
        {
            Add(ExtentKind.Hole, buffer.Row.OffsetBytes - end, null);
            Add(ExtentKind.Tensor, buffer.Bytes, buffer);
            Add(ExtentKind.Padding, buffer.PaddingBytes, buffer);
        }

        Add(ExtentKind.Free, pass.Ledger.CapacityBytes - end, null);
        ArenaMoment moment = pass.Ledger.Moments[step];
        if (Sum(ExtentKind.Tensor) != moment.LiveBytes || Sum(ExtentKind.Padding) != moment.PaddingBytes
            || Sum(ExtentKind.Hole) != moment.HoleBytes || Sum(ExtentKind.Free) != moment.FreeBytes)
        {
            throw new CheckFailedException($"the rows of the ledger do not make up what it wrote down at step {step}: {moment}");
        }

        return map.ToImmutable();

        void Add(ExtentKind kind, long bytes, PassBuffer? buffer)
        {
            if (bytes != 0)
            {
                map.Add(new Extent(kind, end, bytes, buffer));
                end += bytes;
            }
        }

        long Sum(ExtentKind kind) => map.Where(extent => extent.Kind == kind).Sum(extent => extent.Bytes);
    }
}
