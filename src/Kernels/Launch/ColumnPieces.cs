using System.Numerics;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>Blocks that add the rows of a matrix, a thread a 16-byte piece of some of them. Block and grid follow from the shape alone.</summary>
internal static class ColumnPieces
{
    private const int LargestBlock = 512;
    private const int ColumnsPerPiece = 4;

    /// <summary>Columns from which on blocks of 32 columns are enough to fill a GPU; below, blocks are a sector wide.</summary>
    private const long ManyColumns = 2048;

    /// <summary>Rows that a thread adds before another thread shares its columns.</summary>
    private const int RowsPerThread = 4;

    public static (Dim3 Grid, Dim3 Block) Blocks(Step step, long rows, long columns)
    {
        // A whole warp, for the shuffles; and as many threads as the block has results, 4 or 8 a piece.
        (int width, long smallest) = columns >= ManyColumns ? (8, 8) : (2, 16);
        long wanted = (long)BitOperations.RoundUpToPowerOf2((ulong)CeilingDivide(rows, RowsPerThread));
        int height = (int)Math.Clamp(wanted, smallest, LargestBlock / width);
        return (new Dim3(Extent(step, CeilingDivide(columns, ColumnsPerPiece * width))), new Dim3(width, height));
    }
}
