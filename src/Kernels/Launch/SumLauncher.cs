using System.Numerics;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>sums.ptx. The blocks, and with them the order of every sum, follow from the shape alone.</summary>
internal static class SumLauncher
{
    private const int BlockThreads = 128;
    private const int ZerosPerThread = 16;
    private const int BatchElementsPerThread = 4;
    private const int ElementsPerPiece = 4;
    private const int LargestBlock = 1024;
    private const int LargestChannelBlock = 256;

    /// <summary>Columns from which on blocks of a whole warp's width are enough to fill a GPU; below, blocks are a sector wide.</summary>
    private const long ManyColumns = 2048;

    /// <summary>Rows that a thread adds before another thread shares its column.</summary>
    private const int RowsPerThread = 4;

    public static void Launch(LaunchTable table, FillZeroStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long elements = step.Y.Shape.Elements;
        ReadOnlySpan<ulong> arguments = [Pointer(addresses, step.Y), (ulong)elements];
        table.Launch(
            "fill_zero", new Dim3(Extent(step, CeilingDivide(elements, BlockThreads * ZerosPerThread))), new Dim3(BlockThreads), arguments);
    }

    public static void Launch(LaunchTable table, RowSumStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long rows = step.X.Shape.Rows, columns = step.X.Shape.Last;
        ReadOnlySpan<ulong> arguments =
            [Pointer(addresses, step.X), Pointer(addresses, step.Y), Count(step, rows), Count(step, columns), Flag(step.Accumulate)];
        int width = columns >= ManyColumns ? 32 : 8;
        long height = Math.Min((long)BitOperations.RoundUpToPowerOf2((ulong)CeilingDivide(rows, RowsPerThread)), LargestBlock / width);
        table.Launch("row_sum", new Dim3(Extent(step, CeilingDivide(columns, width))), new Dim3(width, (int)height), arguments);
    }

    public static void Launch(LaunchTable table, ChannelSumStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape x = step.X.Shape;
        long pixels = x[2] * x[3];
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Y), Count(step, x[0]), Count(step, x[1]), Count(step, pixels),
            Flag(step.Accumulate),
        ];
        int threads = (int)Math.Min(32 * CeilingDivide(pixels, 32), LargestChannelBlock);
        table.Launch("channel_sum", new Dim3(Extent(step, x[1])), new Dim3(threads), arguments);
    }

    public static void Launch(LaunchTable table, BatchSumStep step, ReadOnlySpan<DevicePointer> addresses) => Batch(
        table, step, Pointer(addresses, step.X), Pointer(addresses, step.Y), step.X.Shape[0], step.Y.Shape.Elements, step.Accumulate);

    /// <summary>batch_sum for any step: y[i] (+)= sum over b of x[b,i], x [batch, elements] and y [elements] by address.</summary>
    public static void Batch(LaunchTable table, Step step, ulong x, ulong y, long batch, long elements, bool accumulate)
    {
        ReadOnlySpan<ulong> arguments = [x, y, Count(step, batch), (ulong)elements, Flag(accumulate)];
        int blocks = Extent(step, CeilingDivide(elements, BlockThreads * BatchElementsPerThread));
        table.Launch("batch_sum", new Dim3(blocks), new Dim3(BlockThreads), arguments);
    }

    public static void Launch(LaunchTable table, ScaledSumStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long elements = step.X.Shape.Elements;
        ReadOnlySpan<ulong> arguments = [Pointer(addresses, step.X), Pointer(addresses, step.Y), (ulong)elements, Float(step.Scale)];
        int threads = (int)Math.Min(32 * CeilingDivide(elements, 32 * ElementsPerPiece), LargestBlock);
        table.Launch("scaled_sum", new Dim3(1), new Dim3(threads), arguments);
    }
}
