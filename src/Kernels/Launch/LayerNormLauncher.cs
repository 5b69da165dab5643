using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>layernorm.ptx: version 4 up to 1024 columns, version 3 beyond.</summary>
internal static class LayerNormLauncher
{
    private const int BlockThreads = 256;
    private const int WarpsPerBlock = 4;
    private const long LongestWarpRow = 1024;

    public static void Launch(LaunchTable table, LayerNormStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long rows = step.X.Shape.Rows, columns = step.X.Shape.Last;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Bias), Pointer(addresses, step.Residual),
            Pointer(addresses, step.Gamma), Pointer(addresses, step.Beta), Pointer(addresses, step.Y),
            Count(step, rows), Count(step, columns), Float(step.Epsilon),
        ];
        int version = table.Versions.LayerNorm ?? (columns <= LongestWarpRow ? 4 : 3);
        switch (version)
        {
            case 1:
                table.Launch("layernorm_v1", new Dim3(Extent(step, rows)), new Dim3(BlockThreads), arguments);
                break;
            case 2 or 4:
                string entry = version == 2 ? "layernorm_v2" : "layernorm_v4";
                table.Launch(entry, new Dim3(Extent(step, CeilingDivide(rows, WarpsPerBlock))), new Dim3(32, WarpsPerBlock), arguments);
                break;
            case 3:
                table.Launch("layernorm_v3", new Dim3(Extent(step, rows)), new Dim3(BlockThreads), arguments);
                break;
            default:
                throw new CallerException($"layer norm has versions 1 to 4, not {version}");
        }
    }
}
