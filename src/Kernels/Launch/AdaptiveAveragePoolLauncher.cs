using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>adaptive_average_pool.ptx: a thread an output cell. adaptive_average_pool_backward.ptx: a thread an input element.</summary>
internal static class AdaptiveAveragePoolLauncher
{
    private const int BlockThreads = 256;

    public static void Launch(LaunchTable table, AdaptiveAveragePoolStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape x = step.X.Shape, y = step.Y.Shape;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Y), Count(step, y.Elements),
            Count(step, x[2]), Count(step, x[3]), Count(step, y[2]), Count(step, y[3]),
        ];
        table.Launch("adaptive_average_pool", new Dim3(Extent(step, CeilingDivide(y.Elements, BlockThreads))), new Dim3(BlockThreads), arguments);
    }

    public static void Launch(LaunchTable table, AdaptiveAveragePoolBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape dy = step.OutputGradient.Shape, dx = step.Gradient.Shape;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.OutputGradient), Pointer(addresses, step.Gradient), Count(step, dx.Elements),
            Count(step, dx[2]), Count(step, dx[3]), Count(step, dy[2]), Count(step, dy[3]),
        ];
        var grid = new Dim3(Extent(step, CeilingDivide(dx.Elements, BlockThreads)));
        table.Launch("adaptive_average_pool_backward", grid, new Dim3(BlockThreads), arguments);
    }
}
