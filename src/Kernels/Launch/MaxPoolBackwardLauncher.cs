using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>max_pool_backward.ptx: a thread an element of any pooling; a thread a window where windows of 2 x 2 cover the image side by side.</summary>
internal static class MaxPoolBackwardLauncher
{
    private const int BlockThreads = 256;
    private const ulong PairBytes = 8;

    public static void Launch(LaunchTable table, MaxPoolBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape x = step.X.Shape, dy = step.OutputGradient.Shape;
        ulong from = Pointer(addresses, step.X), gradient = Pointer(addresses, step.OutputGradient), to = Pointer(addresses, step.InputGradient);
        if (IsHalving(step) && (from | to) % PairBytes == 0)
        {
            ReadOnlySpan<ulong> arguments = [from, gradient, to, Count(step, dy.Elements), Count(step, dy[3])];
            table.Launch("max_pool_backward_2x2", Grid(step, dy), new Dim3(BlockThreads), arguments);
        }
        else
        {
            ReadOnlySpan<ulong> arguments =
            [
                from, gradient, to, Count(step, x.Elements), Count(step, x[2]), Count(step, x[3]), Count(step, dy[2]), Count(step, dy[3]),
                Count(step, step.Window), Count(step, step.Stride),
            ];
            table.Launch("max_pool_backward", Grid(step, x), new Dim3(BlockThreads), arguments);
        }
    }

    /// <summary>Windows of 2 x 2, side by side, that leave nothing out.</summary>
    internal static bool IsHalving(MaxPoolBackwardStep step) =>
        step is { Window: 2, Stride: 2 } && step.X.Shape[2] % 2 == 0 && step.X.Shape[3] % 2 == 0;

    private static Dim3 Grid(Step step, Shape threads) => new(Extent(step, CeilingDivide(threads.Elements, BlockThreads)));
}
