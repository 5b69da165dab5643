using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>rmsnorm.ptx: version 3 up to 1024 columns, version 4 beyond.</summary>
internal static class RmsNormLauncher
{
    private const int BlockThreads = 256;
    private const int WarpsPerBlock = 4;
    private const long LongestWarpRow = 1024;

    public static void Launch(LaunchTable table, RmsNormStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long rows = step.X.Shape.Rows, columns = step.X.Shape.Last;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Residual), Pointer(addresses, step.Gamma),
            Pointer(addresses, step.Sum), Pointer(addresses, step.Y), Count(step, rows), Count(step, columns), Float(step.Epsilon),
        ];
        int version = table.Versions.RmsNorm ?? (columns <= LongestWarpRow ? 3 : 4);
        switch (version)
        {
            case 1 or 4:
                table.Launch(version == 1 ? "rmsnorm_v1" : "rmsnorm_v4", new Dim3(Extent(step, rows)), new Dim3(BlockThreads), arguments);
                break;
            case 2 or 3:
                string entry = version == 2 ? "rmsnorm_v2" : "rmsnorm_v3";
                table.Launch(entry, new Dim3(Extent(step, CeilingDivide(rows, WarpsPerBlock))), new Dim3(32, WarpsPerBlock), arguments);
                break;
            default:
                throw new CallerException($"RMS norm has versions 1 to 4, not {version}");
        }
    }
}
