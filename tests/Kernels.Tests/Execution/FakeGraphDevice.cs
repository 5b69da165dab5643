using System.Collections.Immutable;
using Harness.Kernels.Devices;

namespace Harness.Kernels.Tests.Execution;

/// <summary>The fake device with graphs: products handed in during a capture are kept, and computed when the graph is launched.</summary>
internal sealed class FakeGraphDevice(FakeDevice device) : IGpu
{
    private List<GemmCall>? _recording;

    /// <summary>What reached the device, in order: <c>gemm</c>, <c>capture</c>, <c>graph</c>, <c>wait</c>.</summary>
    public List<string> Calls { get; } = new(64);

    public int LiveGraphs { get; private set; }

    /// <summary>Thrown where a capture ends.</summary>
    public Exception? FailCapture { get; set; }

    public DeviceDescription Description { get; } = new("fake", "fake with graphs");

    public bool Computes => true;

    public DeviceCounters? Counters => null;

    public long Launches => Calls.Count(call => call is "gemm" or "graph");

    public DevicePointer Allocate(string name, long bytes) => device.Allocate(name, bytes);

    public void Free(DevicePointer region) => device.Free(region);

    public int BeginBuffer(string name, DevicePointer address, long bytes) => 0;

    public BufferTouch? EndBuffer(int buffer) => null;

    public BufferTouch? Touch(int buffer) => null;

    public void CopyToDevice(DevicePointer destination, ReadOnlySpan<byte> source) => device.CopyToDevice(destination, source);

    public void CopyToHost(Span<byte> destination, DevicePointer source) => device.CopyToHost(destination, source);

    public void Gemm(in GemmCall call)
    {
        if (_recording is null)
        {
            Calls.Add("gemm");
            device.Gemm(call);
        }
        else
        {
            _recording.Add(call);
        }
    }

    public void Synchronize() =>
        Calls.Add(_recording is null ? "wait" : throw new InvalidOperationException("a wait during a capture"));

    public IGpuGraph Capture(Action enqueue)
    {
        Calls.Add("capture");
        _recording = [];
        try
        {
            enqueue();
            return FailCapture is null ? new Graph(this, [.. _recording]) : throw FailCapture;
        }
        finally
        {
            _recording = null;
        }
    }

    public void Dispose() => device.Dispose();

    // What no test of the executor asks of a GPU.
    public GpuProperties Properties => throw new NotSupportedException();

    public GpuMemory Memory => throw new NotSupportedException();

    public ImmutableArray<MemoryStage> OpeningStages => throw new NotSupportedException();

    public IReadOnlyList<DeviceAllocation> OwnAllocations => throw new NotSupportedException();

    public IReadOnlyList<ConvolutionChoice> ConvolutionChoices => throw new NotSupportedException();

    public void RequireConvolutions() => throw new NotSupportedException();

    public ImmutableArray<LoadedKernel> LoadedKernels => throw new NotSupportedException();

    public KernelResources Resources(KernelHandle kernel) => throw new NotSupportedException();

    public KernelHandle Kernel(string entry) => throw new NotSupportedException();

    public void Launch(in KernelLaunch launch) => throw new NotSupportedException();

    public void Convolution(in ConvolutionCall call) => throw new NotSupportedException();

    public void ConvolutionWeightBackward(in ConvolutionWeightBackwardCall call) => throw new NotSupportedException();

    public void ConvolutionDataBackward(in ConvolutionDataBackwardCall call) => throw new NotSupportedException();

    public void MaxPool(in MaxPoolCall call) => throw new NotSupportedException();

    public long WorkspaceBytes(in ConvolutionShape shape) => throw new NotSupportedException();

    public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => throw new NotSupportedException();

    public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => throw new NotSupportedException();

    public void CopyOnDevice(DevicePointer destination, DevicePointer source, long bytes) => throw new NotSupportedException();

    public IGpuTimer CreateTimer() => throw new NotSupportedException();

    public void FlushL2() => throw new NotSupportedException();

    private sealed class Graph : IGpuGraph
    {
        private readonly FakeGraphDevice _owner;
        private readonly GemmCall[] _calls;

        public Graph(FakeGraphDevice owner, GemmCall[] calls)
        {
            _owner = owner;
            _calls = calls;
            owner.LiveGraphs++;
        }

        public void Launch()
        {
            _owner.Calls.Add("graph");
            foreach (ref readonly GemmCall call in _calls.AsSpan())
            {
                _owner.RunNow(call);
            }
        }

        public void Dispose() => _owner.LiveGraphs--;
    }

    private void RunNow(in GemmCall call) => device.Gemm(call);
}
