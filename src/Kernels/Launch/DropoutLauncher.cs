using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>dropout.ptx: a thread takes four elements, backward 16. What depends on p alone is worked out here, in double precision.</summary>
internal static class DropoutLauncher
{
    private const int BlockThreads = 128;
    private const int ElementsPerThread = 4;
    private const int BackwardElementsPerThread = 16;
    private const double Words = 4294967296;

    public static void Launch(LaunchTable table, DropoutStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long elements = step.X.Shape.Elements;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.X), Pointer(addresses, step.Bias), Pointer(addresses, step.Seed), Pointer(addresses, step.Y),
            Pointer(addresses, step.Mask), (ulong)elements, (ulong)Math.Floor((1 - step.Probability) * Words),
            Count(step, step.X.Shape.Last), (ulong)step.Stream, Scale(step.Probability),
        ];
        int blocks = Extent(step, CeilingDivide(elements, BlockThreads * ElementsPerThread));
        table.Launch("dropout", new Dim3(blocks), new Dim3(BlockThreads), arguments);
    }

    public static void Launch(LaunchTable table, DropoutBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long elements = step.Gradient.Shape.Elements;
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.Mask), Pointer(addresses, step.OutputGradient), Pointer(addresses, step.Gradient), (ulong)elements,
            Scale(step.Probability),
        ];
        int blocks = Extent(step, CeilingDivide(elements, BlockThreads * BackwardElementsPerThread));
        table.Launch("dropout_backward", new Dim3(blocks), new Dim3(BlockThreads), arguments);
    }

    private static ulong Scale(double probability) => Float((float)(1 / (1 - probability)));
}
