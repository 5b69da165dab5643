using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>add.ptx: a thread adds 16 elements.</summary>
internal static class AddLauncher
{
    private const int BlockThreads = 128;
    private const int ElementsPerThread = 16;

    public static void Launch(LaunchTable table, AddStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long elements = step.Y.Shape.Elements;
        ReadOnlySpan<ulong> arguments =
            [Pointer(addresses, step.A), Pointer(addresses, step.B), Pointer(addresses, step.Y), (ulong)elements];
        table.Launch(
            "tensor_add", new Dim3(Extent(step, CeilingDivide(elements, BlockThreads * ElementsPerThread))), new Dim3(BlockThreads), arguments);
    }
}
