using Harness.Kernels.Devices;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Launch;

/// <summary>
/// The one place where row-major meets column-major. A row-major matrix read by columns is its transpose, and
/// C^T = op(B)^T op(A)^T, so the operands change places, M and N change places, and the transposes stay.
/// </summary>
internal static class GemmLauncher
{
    public static void Launch(IDevice device, GemmStep step, ReadOnlySpan<DevicePointer> addresses) => device.Gemm(new GemmCall(
        TransposeA: step.LayoutB.Transposed, TransposeB: step.LayoutA.Transposed, M: step.N, N: step.M, step.K, step.Alpha,
        addresses[step.B.Index], step.LayoutB.LeadingDimension, step.LayoutB.BatchStride,
        addresses[step.A.Index], step.LayoutA.LeadingDimension, step.LayoutA.BatchStride, Beta: step.Accumulate ? 1 : 0,
        addresses[step.C.Index], step.LayoutC.LeadingDimension, step.LayoutC.BatchStride, step.Batch));
}
