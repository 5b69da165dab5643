using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>bias_activation.ptx: a warp takes a tile of 256 columns down through several rows, so that the bias is loaded once.</summary>
internal static class BiasActivationLauncher
{
    private const int TileColumns = 256;
    private const int WarpsPerBlock = 4;
    private const int RowsPerWarp = 8;
    private const int LargestGridY = 65535;

    public static void Launch(LaunchTable table, BiasActivationStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        string entry = step.Activation switch
        {
            Activation.None => "bias",
            Activation.Relu => "bias_relu",
            Activation.Gelu => "bias_gelu",
            Activation.Tanh => "bias_tanh",
            _ => throw new ArgumentOutOfRangeException(nameof(step), step.Activation, null),
        };
        long rows = step.X.Shape.Rows, columns = step.X.Shape.Last;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Bias), Pointer(addresses, step.Y), Count(step, rows), Count(step, columns),
        ];
        int rowGroups = (int)Math.Min(CeilingDivide(rows, WarpsPerBlock * RowsPerWarp), LargestGridY);
        table.Launch(entry, new Dim3(Extent(step, CeilingDivide(columns, TileColumns)), rowGroups), new Dim3(32, WarpsPerBlock), arguments);
    }
}
