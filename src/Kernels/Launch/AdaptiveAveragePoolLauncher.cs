using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>adaptive_average_pool.ptx: a thread an output cell.</summary>
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
}
