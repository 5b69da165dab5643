using Harness.Kernels.Devices;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Launch;

internal static class ConvolutionLauncher
{
    public static void Launch(IDevice device, ConvolutionStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape x = step.X.Shape, weight = step.Weight.Shape;
        var shape = new ConvolutionShape(x[0], x[1], x[2], x[3], weight[0], weight[2], weight[3], step.Padding, step.Stride);
        device.Convolution(new ConvolutionCall(
            shape, addresses[step.X.Index], addresses[step.Weight.Index], addresses[step.Bias.Index], addresses[step.Y.Index],
            step.Workspace is null ? DevicePointer.Null : addresses[step.Workspace.Index], step.Workspace?.Bytes ?? 0, step.Relu));
    }
}
