using Harness.Kernels.Devices;

namespace Harness.Kernels.Tests.Execution;

/// <summary>
/// A device in managed memory that computes row-major products by the definition and nothing else, keeps strict books of regions and
/// buffers, and fails where a test tells it to.
/// </summary>
internal sealed class FakeDevice : IDevice
{
    private const ulong Base = 0x10000;

    private readonly Dictionary<ulong, byte[]> _regions = [];
    private readonly Dictionary<int, (string Name, ulong Address, long Bytes)> _buffers = [];
    private ulong _next = Base;
    private int _nextBuffer;
    private long _launches;

    public List<string> LiveBuffers => [.. _buffers.Values.Select(buffer => buffer.Name)];

    public int LiveRegions => _regions.Count;

    /// <summary>Thrown by the product of this number, counted from 0 since the device was made.</summary>
    public (long Launch, Exception Error)? FailAt { get; set; }

    /// <summary>Thrown by every <see cref="Free"/>, as a device does after an error that sticks.</summary>
    public Exception? FailFree { get; set; }

    public DeviceDescription Description { get; } = new("fake", "fake");

    public bool Computes => true;

    public DeviceCounters? Counters => new(_launches, 0, 0, 0);

    public DevicePointer Allocate(string name, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        var region = new DevicePointer(_next);
        _regions.Add(_next, new byte[bytes]);
        _next += ((ulong)bytes + 0xFFFF) & ~0xFFFUL;
        return region;
    }

    public void Free(DevicePointer region)
    {
        if (FailFree is { } error)
        {
            throw error;
        }

        if (!_regions.Remove(region.Address))
        {
            throw new InvalidOperationException("freed what was not allocated");
        }
    }

    public int BeginBuffer(string name, DevicePointer address, long bytes)
    {
        foreach ((string other, ulong start, long length) in _buffers.Values)
        {
            if (address.Address < start + (ulong)length && start < address.Address + (ulong)bytes)
            {
                throw new InvalidOperationException($"{name} begins on the bytes of {other}");
            }
        }

        Memory(address, bytes).Fill(0xFF);
        _buffers.Add(_nextBuffer, (name, address.Address, bytes));
        return _nextBuffer++;
    }

    public BufferTouch? EndBuffer(int buffer)
    {
        long bytes = _buffers[buffer].Bytes;
        _buffers.Remove(buffer);
        return new BufferTouch(bytes, 0);
    }

    public BufferTouch? Touch(int buffer) => new BufferTouch(_buffers[buffer].Bytes, 0);

    public void CopyToDevice(DevicePointer destination, ReadOnlySpan<byte> source) => source.CopyTo(Memory(destination, source.Length));

    public void CopyToHost(Span<byte> destination, DevicePointer source) => Memory(source, destination.Length).CopyTo(destination);

    public KernelHandle Kernel(string entry) => throw new MachineException("the fake device has no kernels");

    public void Launch(in KernelLaunch launch) => throw new MachineException("the fake device has no kernels");

    public void Gemm(in GemmCall call)
    {
        if (FailAt is { } fail && fail.Launch == _launches)
        {
            throw fail.Error;
        }

        _launches++;
        Span<float> a = Floats(call.A, Extent(call.TransposeA ? call.M : call.K, call.LeadingDimensionA));
        Span<float> b = Floats(call.B, Extent(call.TransposeB ? call.K : call.N, call.LeadingDimensionB));
        Span<float> c = Floats(call.C, Extent(call.N, call.LeadingDimensionC));
        for (long m = 0; m < call.M; m++)
        {
            for (long n = 0; n < call.N; n++)
            {
                float sum = 0;
                for (long k = 0; k < call.K; k++)
                {
                    float x = a[(int)(call.TransposeA ? k + (m * call.LeadingDimensionA) : m + (k * call.LeadingDimensionA))];
                    float y = b[(int)(call.TransposeB ? n + (k * call.LeadingDimensionB) : k + (n * call.LeadingDimensionB))];
                    sum += x * y;
                }

                c[(int)(m + (n * call.LeadingDimensionC))] = call.Alpha * sum;
            }
        }
    }

    public void Convolution(in ConvolutionCall call) => throw new MachineException("the fake device has no convolution");

    public void ConvolutionWeightBackward(in ConvolutionWeightBackwardCall call) =>
        throw new MachineException("the fake device has no convolution");

    public void ConvolutionDataBackward(in ConvolutionDataBackwardCall call) =>
        throw new MachineException("the fake device has no convolution");

    public void MaxPool(in MaxPoolCall call) => throw new MachineException("the fake device has no pooling");

    public long WorkspaceBytes(in ConvolutionShape shape) => 0;

    public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => 0;

    public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => 0;

    public void Synchronize()
    {
    }

    public void Dispose()
    {
    }

    private static long Extent(long columns, long leadingDimension) => columns * leadingDimension;

    private Span<float> Floats(DevicePointer address, long count) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(Memory(address, count * sizeof(float)));

    private Span<byte> Memory(DevicePointer address, long bytes)
    {
        foreach ((ulong start, byte[] region) in _regions)
        {
            if (start <= address.Address && address.Address + (ulong)bytes <= start + (ulong)region.Length)
            {
                return region.AsSpan((int)(address.Address - start), (int)bytes);
            }
        }

        throw new InvalidOperationException($"{bytes} bytes at {address} are in no region");
    }
}
