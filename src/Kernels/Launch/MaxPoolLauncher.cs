using Harness.Kernels.Devices;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Launch;

internal static class MaxPoolLauncher
{
    public static void Launch(IDevice device, MaxPoolStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape x = step.X.Shape;
        device.MaxPool(new MaxPoolCall(
            x[0], x[1], x[2], x[3], step.Window, step.Stride, addresses[step.X.Index], addresses[step.Y.Index]));
    }
}
