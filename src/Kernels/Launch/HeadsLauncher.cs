using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>heads.ptx: a warp takes a tile of 256 columns of [A*D] through several positions of one sequence.</summary>
internal static class HeadsLauncher
{
    private const int TileColumns = 256;
    private const int WarpsPerBlock = 4;
    private const int PositionsPerWarp = 8;
    private const int LargestGridYZ = 65535;

    public static void Launch(LaunchTable table, SplitHeadsStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape heads = step.Y.Shape;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Bias), Pointer(addresses, step.Y),
            Count(step, heads[0]), Count(step, heads[2]), Count(step, heads[1]), Count(step, heads[3]),
        ];
        table.Launch("heads_split", Grid(step, heads), new Dim3(32, WarpsPerBlock), arguments);
    }

    public static void Launch(LaunchTable table, MergeHeadsStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape heads = step.X.Shape;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Y),
            Count(step, heads[0]), Count(step, heads[2]), Count(step, heads[1]), Count(step, heads[3]),
        ];
        table.Launch("heads_merge", Grid(step, heads), new Dim3(32, WarpsPerBlock), arguments);
    }

    /// <summary>Column tiles, position groups, sequences, for head-major [B,A,S,D].</summary>
    private static Dim3 Grid(Step step, Shape heads) => new(
        Extent(step, CeilingDivide(heads[1] * heads[3], TileColumns)),
        (int)Math.Min(CeilingDivide(heads[2], WarpsPerBlock * PositionsPerWarp), LargestGridYZ),
        (int)Math.Min(heads[0], LargestGridYZ));
}
