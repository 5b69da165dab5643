using Harness.Kernels.Devices;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Launch;

/// <summary>The three convolutions of the device's library; all are told the geometry of the forward one.</summary>
internal static class ConvolutionLauncher
{
    public static void Launch(IDevice device, ConvolutionStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        ConvolutionShape shape = Geometry(step.X.Shape, step.Weight.Shape, step.Padding, step.Stride);
        (DevicePointer workspace, long workspaceBytes) = Workspace(step, addresses);
        device.Convolution(new ConvolutionCall(
            shape, addresses[step.X.Index], addresses[step.Weight.Index], addresses[step.Bias.Index], addresses[step.Y.Index],
            workspace, workspaceBytes, step.Relu));
    }

    public static void Launch(IDevice device, ConvolutionWeightBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        ConvolutionShape shape = Geometry(step.X.Shape, step.WeightGradient.Shape, step.Padding, step.Stride);
        (DevicePointer workspace, long workspaceBytes) = Workspace(step, addresses);
        device.ConvolutionWeightBackward(new ConvolutionWeightBackwardCall(
            shape, addresses[step.X.Index], addresses[step.OutputGradient.Index], addresses[step.WeightGradient.Index],
            workspace, workspaceBytes, step.Accumulate ? 1 : 0));
    }

    public static void Launch(IDevice device, ConvolutionDataBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        ConvolutionShape shape = Geometry(step.InputGradient.Shape, step.Weight.Shape, step.Padding, step.Stride);
        (DevicePointer workspace, long workspaceBytes) = Workspace(step, addresses);
        device.ConvolutionDataBackward(new ConvolutionDataBackwardCall(
            shape, addresses[step.Weight.Index], addresses[step.OutputGradient.Index], addresses[step.InputGradient.Index],
            workspace, workspaceBytes));
    }

    private static ConvolutionShape Geometry(Shape x, Shape weight, int padding, int stride) =>
        new(x[0], x[1], x[2], x[3], weight[0], weight[2], weight[3], padding, stride);

    private static (DevicePointer Address, long Bytes) Workspace(Step step, ReadOnlySpan<DevicePointer> addresses) =>
        step.Workspace is { } workspace ? (addresses[workspace.Index], workspace.Bytes) : (DevicePointer.Null, 0);
}
