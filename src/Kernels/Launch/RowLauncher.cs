using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>Kernels of the backward pass that go row by row, in two versions: a block a row of any length, or a warp a row that registers hold.</summary>
internal static class RowLauncher
{
    private const int BlockThreads = 256;
    private const int WarpsPerBlock = 4;
    private const long LongestWarpRow = 1024;

    /// <param name="family">entries are <c>family_v1</c> and <c>family_v2</c>; their names are given, so that nothing is made in the steady loop</param>
    /// <param name="asked">a version, or null for the one that serves this length best</param>
    /// <exception cref="CallerException">there is no such version</exception>
    public static void Launch(
        LaunchTable table, Step step, string family, string ofBlocks, string ofWarps, int? asked, long rows, long columns,
        ReadOnlySpan<ulong> arguments)
    {
        switch (asked ?? (columns <= LongestWarpRow ? 2 : 1))
        {
            case 1:
                table.Launch(ofBlocks, new Dim3(Extent(step, rows)), new Dim3(BlockThreads), arguments);
                break;
            case 2:
                table.Launch(ofWarps, new Dim3(Extent(step, CeilingDivide(rows, WarpsPerBlock))), new Dim3(32, WarpsPerBlock), arguments);
                break;
            default:
                throw new CallerException($"{family} has versions 1 and 2, not {asked}");
        }
    }
}
