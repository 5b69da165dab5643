using System.Numerics;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>
/// softmax.ptx: version 2 up to 64 columns, where a lane's row is four pieces and fewer registers let more warps in (H100, 786,432 rows: 91 %
/// of a copy, version 4 85 %); version 4 up to 1024, version 3 beyond.
/// </summary>
internal static class SoftmaxLauncher
{
    private const int BlockThreads = 256;

    /// <summary>So many 16-byte pieces of a row a lane takes before another lane is asked to share it.</summary>
    private const int PreferredPieces = 4;

    private const long LongestShortRow = 64;
    private const long LongestWarpRow = 1024;

    public static void Launch(LaunchTable table, SoftmaxStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape x = step.X.Shape;
        long columns = x.Last, rows = x.Rows;
        int version = table.Versions.Softmax ?? columns switch
        {
            <= LongestShortRow => 2,
            <= LongestWarpRow => 4,
            _ => 3,
        };
        int lanesLog2 = LanesLog2(columns, version == 2 ? 4 : 8);
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.PositionBias), Pointer(addresses, step.Mask), Pointer(addresses, step.Y),
            Count(step, rows), Count(step, columns), Count(step, x[1] * x[2]), Float(step.Scale), (ulong)lanesLog2,
        ];
        switch (version)
        {
            case 1:
                table.Launch("softmax_v1", new Dim3(Extent(step, rows)), new Dim3(BlockThreads), arguments[..^1]);
                break;
            case 2 or 4:
                long blocks = CeilingDivide(rows, BlockThreads >> lanesLog2);
                table.Launch(version == 2 ? "softmax_v2" : "softmax_v4", new Dim3(Extent(step, blocks)), new Dim3(BlockThreads), arguments);
                break;
            case 3:
                table.Launch("softmax_v3", new Dim3(Extent(step, rows)), new Dim3(BlockThreads), arguments[..^1]);
                break;
            default:
                throw new CallerException($"softmax has versions 1 to 4, not {version}");
        }
    }

    /// <summary>
    /// How many lanes share a row in versions 2 and 4, as a power of two. As many as divide the row into whole 16-byte pieces; then fewer,
    /// as long as a lane holds no more than <see cref="PreferredPieces"/>, because every halving saves two shuffles a row. Four lanes
    /// still read 64 contiguous bytes, two whole sectors. A row that does not divide goes to a full warp.
    /// </summary>
    /// <param name="registerPieces">the most that the version keeps in a lane's registers: 4 in version 2, 8 in version 4</param>
    internal static int LanesLog2(long columns, int registerPieces)
    {
        long pieces = columns / 4;
        int lanesLog2 = (int)Math.Min(BitOperations.TrailingZeroCount(pieces), 5);
        if (columns % 4 != 0 || pieces >> lanesLog2 > registerPieces)
        {
            return 5;
        }

        while (lanesLog2 > 2 && pieces >> (lanesLog2 - 1) <= PreferredPieces)
        {
            lanesLog2--;
        }

        return lanesLog2;
    }
}
