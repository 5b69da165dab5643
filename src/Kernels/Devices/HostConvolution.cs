namespace Harness.Kernels.Devices;

/// <summary>Convolution on the host.</summary>
public static class HostConvolution
{
    public static long WorkspaceBytes(in ConvolutionShape shape) => 0;
}
