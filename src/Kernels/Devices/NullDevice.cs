namespace Harness.Kernels.Devices;

/// <summary>Computes nothing: plan, ledger and report on any machine, in milliseconds. Addresses are made up and never dereferenced.</summary>
/// <param name="convolutionWorkspaceBytes">what every convolution gets as workspace, as on a GPU; null: what the software GPU's needs</param>
public sealed class NullDevice(long? convolutionWorkspaceBytes = null) : IDevice
{
    private ulong _next = 0x1_0000_0000;
    private int _buffers;
    private int _kernels;

    public DeviceDescription Description { get; } = new("null", "null device (plans and accounts, computes nothing)");

    public bool Computes => false;

    public DeviceCounters? Counters => null;

    public DevicePointer Allocate(string name, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        var region = new DevicePointer(_next);
        _next += ((ulong)bytes + 0xFFFF) & ~0xFFFFUL;
        return region;
    }

    public void Free(DevicePointer region)
    {
    }

    public int BeginBuffer(string name, DevicePointer address, long bytes) => _buffers++;

    public BufferTouch? EndBuffer(int buffer) => null;

    public BufferTouch? Touch(int buffer) => null;

    public void CopyToDevice(DevicePointer destination, ReadOnlySpan<byte> source)
    {
    }

    public void CopyToHost(Span<byte> destination, DevicePointer source) =>
        throw new MachineException("the null device computes nothing: its buffers cannot be read");

    public KernelHandle Kernel(string entry) => new(_kernels++);

    public void Launch(in KernelLaunch launch)
    {
    }

    public void Gemm(in GemmCall call)
    {
    }

    public void Convolution(in ConvolutionCall call)
    {
    }

    public void ConvolutionWeightBackward(in ConvolutionWeightBackwardCall call)
    {
    }

    public void ConvolutionDataBackward(in ConvolutionDataBackwardCall call)
    {
    }

    public void MaxPool(in MaxPoolCall call)
    {
    }

    public long WorkspaceBytes(in ConvolutionShape shape) => convolutionWorkspaceBytes ?? HostConvolution.WorkspaceBytes(shape);

    public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) =>
        convolutionWorkspaceBytes ?? HostConvolutionBackward.WeightWorkspaceBytes(shape);

    public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) =>
        convolutionWorkspaceBytes ?? HostConvolutionBackward.DataWorkspaceBytes(shape);

    public void Synchronize()
    {
    }

    public void Dispose()
    {
    }
}
