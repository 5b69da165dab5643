using System.Numerics;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>softmax.ptx: version 2 up to 1024 columns, version 3 beyond.</summary>
internal static class SoftmaxLauncher
{
    private const int BlockThreads = 256;

    /// <summary>Version 2 keeps at most four 16-byte pieces of a row in a lane's registers.</summary>
    private const int RegisterPieces = 4;

    private const long LongestWarpRow = 1024;

    public static void Launch(LaunchTable table, SoftmaxStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape x = step.X.Shape;
        long columns = x.Last, rows = x.Rows;
        int lanesLog2 = LanesLog2(columns);
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.PositionBias), Pointer(addresses, step.Mask), Pointer(addresses, step.Y),
            Count(step, rows), Count(step, columns), Count(step, x[1] * x[2]), Float(step.Scale), (ulong)lanesLog2,
        ];
        int version = table.Versions.Softmax ?? (columns <= LongestWarpRow ? 2 : 3);
        switch (version)
        {
            case 1:
                table.Launch("softmax_v1", new Dim3(Extent(step, rows)), new Dim3(BlockThreads), arguments[..^1]);
                break;
            case 2:
                long blocks = CeilingDivide(rows, BlockThreads >> lanesLog2);
                table.Launch("softmax_v2", new Dim3(Extent(step, blocks)), new Dim3(BlockThreads), arguments);
                break;
            case 3:
                table.Launch("softmax_v3", new Dim3(Extent(step, rows)), new Dim3(BlockThreads), arguments[..^1]);
                break;
            default:
                throw new CallerException($"softmax has versions 1 to 3, not {version}");
        }
    }

    /// <summary>
    /// How many lanes share a row in version 2, as a power of two. As many as divide the row into whole 16-byte pieces; then fewer,
    /// as long as a lane holds no more than <see cref="RegisterPieces"/>, because every halving saves two shuffles a row. Four lanes
    /// still read 64 contiguous bytes, two whole sectors. A row that does not divide goes to a full warp.
    /// </summary>
    internal static int LanesLog2(long columns)
    {
        long pieces = columns / 4;
        int lanesLog2 = (int)Math.Min(BitOperations.TrailingZeroCount(pieces), 5);
        if (columns % 4 != 0 || pieces >> lanesLog2 > RegisterPieces)
        {
            return 5;
        }

        while (lanesLog2 > 2 && pieces >> (lanesLog2 - 1) <= RegisterPieces)
        {
            lanesLog2--;
        }

        return lanesLog2;
    }
}
