using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>activation_backward.ptx: a thread takes 16 elements; GELU: a warp takes a tile of 256 columns through several rows.</summary>
internal static class ActivationBackwardLauncher
{
    private const int BlockThreads = 128;
    private const int ElementsPerThread = 16;
    private const int TileColumns = 256;
    private const int WarpsPerBlock = 4;
    private const int RowsPerWarp = 8;
    private const int LargestGridY = 65535;

    public static void Launch(LaunchTable table, ActivationBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long elements = step.Y.Shape.Elements;
        ReadOnlySpan<ulong> arguments = [Pointer(addresses, step.Y), Pointer(addresses, step.Gradient), (ulong)elements];
        string entry = step.Activation switch
        {
            Activation.Relu => "relu_backward",
            Activation.Tanh => "tanh_backward",
            _ => throw new ArgumentOutOfRangeException(nameof(step), step.Activation, null),
        };
        int blocks = Extent(step, CeilingDivide(elements, BlockThreads * ElementsPerThread));
        table.Launch(entry, new Dim3(blocks), new Dim3(BlockThreads), arguments);
    }

    public static void Launch(LaunchTable table, GeluBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long rows = step.X.Shape.Rows, columns = step.X.Shape.Last;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Bias), Pointer(addresses, step.OutputGradient),
            Pointer(addresses, step.Gradient), Count(step, rows), Count(step, columns),
        ];
        int rowGroups = (int)Math.Min(CeilingDivide(rows, WarpsPerBlock * RowsPerWarp), LargestGridY);
        int tiles = Extent(step, CeilingDivide(columns, TileColumns));
        table.Launch("gelu_backward", new Dim3(tiles, rowGroups), new Dim3(32, WarpsPerBlock), arguments);
    }
}
