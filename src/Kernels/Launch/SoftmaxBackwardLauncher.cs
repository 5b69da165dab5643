using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>softmax_backward.ptx: version 2 up to 1024 columns, version 1 beyond.</summary>
internal static class SoftmaxBackwardLauncher
{
    private const int RowBlockThreads = 256;
    private const int LanesBlockThreads = 128;
    private const int RegisterPieces = 8;
    private const long LongestWarpRow = 1024;

    public static void Launch(LaunchTable table, SoftmaxBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        long rows = step.Y.Shape.Rows, columns = step.Y.Shape.Last;
        int lanesLog2 = SoftmaxLauncher.LanesLog2(columns, RegisterPieces);
        ReadOnlySpan<ulong> arguments =
        [
            Pointer(addresses, step.Y), Pointer(addresses, step.OutputGradient), Pointer(addresses, step.Gradient),
            Count(step, rows), Count(step, columns), Float(step.Scale), (ulong)lanesLog2,
        ];
        int version = table.Versions.SoftmaxBackward ?? (columns <= LongestWarpRow ? 2 : 1);
        switch (version)
        {
            case 1:
                table.Launch("softmax_backward_v1", new Dim3(Extent(step, rows)), new Dim3(RowBlockThreads), arguments[..^1]);
                break;
            case 2:
                long blocks = CeilingDivide(rows, LanesBlockThreads >> lanesLog2);
                table.Launch("softmax_backward_v2", new Dim3(Extent(step, blocks)), new Dim3(LanesBlockThreads), arguments);
                break;
            default:
                throw new CallerException($"softmax backward has versions 1 and 2, not {version}");
        }
    }
}
