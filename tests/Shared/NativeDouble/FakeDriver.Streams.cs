using Harness.Kernels.Native;

namespace Harness.Tests.Shared.NativeDouble;

/// <content>Streams, graphs, events.</content>
internal sealed unsafe partial class FakeDriver
{
    private const uint DisableTiming = 2;

    public CUresult cuStreamCreate(CUstream* stream, uint flags)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuStreamCreate({flags})");
        *stream = default;
        if (ReadyOutsideCapture(entry) is not Success and var status)
        {
            return status;
        }

        if (flags > 1)
        {
            return Status.InvalidValue;
        }

        *stream = new CUstream(_gpu.Handles.Add("stream", new FakeStream()));
        return Success;
    }

    public CUresult cuStreamDestroy(CUstream stream)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuStreamDestroy({stream})");
        if (ReadyOutsideCapture(entry) is (Status.CaptureUnsupported or Status.InvalidContext or Status.ContextIsDestroyed) and var status)
        {
            return status;
        }

        if (_gpu.Handles.Find<FakeStream>(stream.Handle) is not { } destroyed)
        {
            return Status.InvalidHandle;
        }

        if (destroyed.Pending.TryPeek(out Work? work))
        {
            throw _gpu.Misuse($"{_gpu.Handles.Label(stream.Handle)} is destroyed while {work.Call} waits in it");
        }

        string[] users =
        [
            .. _gpu.Handles.All<CublasState>().Where(pair => pair.Value.Stream == stream).Select(pair => _gpu.Handles.Label(pair.Handle)),
            .. _gpu.Handles.All<CudnnState>().Where(pair => pair.Value.Stream == stream).Select(pair => _gpu.Handles.Label(pair.Handle)),
        ];
        if (users.Length > 0)
        {
            throw _gpu.Misuse($"{_gpu.Handles.Label(stream.Handle)} is destroyed while it is the stream of {string.Join(", ", users)}");
        }

        _gpu.Handles.Remove<FakeStream>(stream.Handle);
        return Ready(entry);
    }

    public CUresult cuStreamSynchronize(CUstream stream)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuStreamSynchronize({stream})");
        if (_gpu.ContextStatus() is not Success and var status)
        {
            return status;
        }

        if (_gpu.Handles.Find<FakeStream>(stream.Handle) is not { } awaited)
        {
            return Status.InvalidHandle;
        }

        if (awaited.Capture is not null)
        {
            awaited.CaptureIsInvalid = true;
            return Status.CaptureUnsupported;
        }

        // A wait that a test lets fail has waited all the same.
        status = _gpu.Drain(awaited);
        return entry.Scripted != 0 ? (CUresult)entry.Scripted : status;
    }

    public CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuStreamBeginCapture({stream}, {mode})");
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (stream.Handle == 0)
        {
            return Status.CaptureUnsupported;
        }

        if (_gpu.Handles.Find<FakeStream>(stream.Handle) is not { Capture: null } captured)
        {
            return Status.InvalidValue;
        }

        (captured.Capture, captured.CaptureIsInvalid) = ([], false);
        return Success;
    }

    public CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuStreamEndCapture({stream})");
        *graph = default;
        CUresult status = Ready(entry);
        if (_gpu.Handles.Find<FakeStream>(stream.Handle) is not { Capture: { } nodes } captured)
        {
            return status == Success ? Status.InvalidValue : status;
        }

        captured.Capture = null;
        if (status != Success || captured.CaptureIsInvalid)
        {
            return status != Success ? status : Status.CaptureInvalidated;
        }

        *graph = new CUgraph(_gpu.Handles.Add("graph", new FakeGraph([.. nodes])));
        return Success;
    }

    public CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, ulong flags)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuGraphInstantiateWithFlags({graph}, {flags})");
        *executable = default;
        if (ReadyOutsideCapture(entry) is not Success and var status)
        {
            return status;
        }

        if (_gpu.Handles.Find<FakeGraph>(graph.Handle) is not { } found)
        {
            return Status.InvalidHandle;
        }

        if (_gpu.FreeBytes() < Script.GraphBytes)
        {
            return Status.OutOfMemory;
        }

        *executable = new CUgraphExec(_gpu.Handles.Add("exec", new FakeExecutable(found.Nodes)));
        return Success;
    }

    public CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuGraphLaunch({executable}, {stream})");
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (_gpu.Handles.Find<FakeExecutable>(executable.Handle) is not { } found || _gpu.Handles.Find<FakeStream>(stream.Handle) is null)
        {
            return Status.InvalidHandle;
        }

        AddressRange gone = found.Nodes.SelectMany(node => node.Uses).FirstOrDefault(range => !Exists(range));
        if (gone.Bytes > 0)
        {
            throw _gpu.Misuse($"{_gpu.Handles.Label(executable.Handle)} is launched, but memory that it uses was freed");
        }

        _gpu.Enqueue(stream, new GraphWork(found.Nodes));
        return Success;
    }

    public CUresult cuGraphExecDestroy(CUgraphExec executable)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuGraphExecDestroy({executable})");
        if (ReadyOutsideCapture(entry) is (Status.CaptureUnsupported or Status.InvalidContext or Status.ContextIsDestroyed) and var status)
        {
            return status;
        }

        // "If the executable graph is in-flight, it will not be terminated, but rather freed asynchronously on completion."
        return _gpu.Handles.Remove<FakeExecutable>(executable.Handle) is null ? Status.InvalidHandle : Ready(entry);
    }

    public CUresult cuGraphDestroy(CUgraph graph)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuGraphDestroy({graph})");
        return _gpu.Handles.Remove<FakeGraph>(graph.Handle) is null ? Status.InvalidHandle : Ready(entry);
    }

    public CUresult cuEventCreate(CUevent* created, uint flags)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuEventCreate({flags})");
        *created = default;
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        *created = new CUevent(_gpu.Handles.Add("event", new FakeEvent((flags & DisableTiming) == 0)));
        return Success;
    }

    public CUresult cuEventDestroy(CUevent destroyed)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuEventDestroy({destroyed})");
        return _gpu.Handles.Remove<FakeEvent>(destroyed.Handle) is null ? Status.InvalidHandle : Ready(entry);
    }

    public CUresult cuEventRecord(CUevent recorded, CUstream stream)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuEventRecord({recorded}, {stream})");
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (_gpu.Handles.Find<FakeEvent>(recorded.Handle) is not { } found || _gpu.Handles.Find<FakeStream>(stream.Handle) is not { } at)
        {
            return Status.InvalidHandle;
        }

        if (at.Capture is not null)
        {
            // In a capture an event is an edge of the graph; it never gets a time.
            found.State = EventState.Captured;
            return Success;
        }

        var work = new EventWork(found);
        (found.Stream, found.Record, found.State) = (at, work, EventState.Recorded);
        _gpu.Enqueue(stream, work);
        return Success;
    }

    public CUresult cuEventSynchronize(CUevent awaited)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuEventSynchronize({awaited})");
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        return _gpu.Handles.Find<FakeEvent>(awaited.Handle) switch
        {
            null => Status.InvalidHandle,
            { State: EventState.Captured } => Status.CapturedEvent,
            { State: EventState.Recorded } found => _gpu.Drain(found.Stream!, found.Record),
            _ => Success,
        };
    }

    public CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end)
    {
        using CallLog.Entry entry = _gpu.Enter($"cuEventElapsedTime({start}, {end})");
        *milliseconds = float.NaN;
        if (Ready(entry) is not Success and var status)
        {
            return status;
        }

        if (_gpu.Handles.Find<FakeEvent>(start.Handle) is not { Times: true } first || _gpu.Handles.Find<FakeEvent>(end.Handle) is not { Times: true } second
            || first.State is EventState.New || second.State is EventState.New)
        {
            return Status.InvalidHandle;
        }

        if (first.State is EventState.Captured || second.State is EventState.Captured)
        {
            return Status.CapturedEvent;
        }

        if (first.State is EventState.Recorded || second.State is EventState.Recorded)
        {
            return Status.NotReady;
        }

        *milliseconds = (float)((second.Seconds - first.Seconds) * 1000);
        return Success;
    }

    private bool Exists(AddressRange range) => FakeMemory.IsDevice(range.Start)
        ? _gpu.Memory.Find(range.Start, range.Bytes) is not null
        : _gpu.Pinned.Exists(block => block.Holds(range.Start, range.Bytes));
}
