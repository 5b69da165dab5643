using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>attention_mask.ptx: a thread an element.</summary>
internal static class AttentionMaskLauncher
{
    private const int BlockThreads = 256;

    public static void Launch(LaunchTable table, AttentionMaskStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long elements = step.Y.Shape.Elements;
        ReadOnlySpan<ulong> arguments = [Pointer(addresses, step.Mask), Pointer(addresses, step.Y), Count(step, elements)];
        table.Launch("attention_mask", new Dim3(Extent(step, CeilingDivide(elements, BlockThreads))), new Dim3(BlockThreads), arguments);
    }
}
