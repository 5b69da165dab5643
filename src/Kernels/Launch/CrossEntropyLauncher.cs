using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>cross_entropy.ptx: a block a row, one 16-byte piece a thread and turn.</summary>
internal static class CrossEntropyLauncher
{
    private const int ElementsPerPiece = 4;
    private const int WarpThreads = 32;
    private const int LargestBlock = 1024;

    public static void Launch(LaunchTable table, CrossEntropyStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape logits = step.Logits.Shape;
        ReadOnlySpan<ulong> arguments =
            [Pointer(addresses, step.Logits), Pointer(addresses, step.Labels), Pointer(addresses, step.Y), Count(step, logits.Last)];
        table.Launch("cross_entropy", new Dim3(Extent(step, logits.Rows)), Block(logits.Last), arguments);
    }

    public static void Launch(LaunchTable table, CrossEntropyBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape logits = step.Logits.Shape;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.Logits), Pointer(addresses, step.Labels), Pointer(addresses, step.Gradient),
            Count(step, logits.Last), Float(step.Scale),
        ];
        table.Launch("cross_entropy_backward", new Dim3(Extent(step, logits.Rows)), Block(logits.Last), arguments);
    }

    /// <summary>As many warps as there are pieces for.</summary>
    private static Dim3 Block(long columns) =>
        new((int)Math.Min(WarpThreads * CeilingDivide(columns, WarpThreads * ElementsPerPiece), LargestBlock));
}
