using System.Collections.Immutable;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>Bytes that work will touch, in whichever address space.</summary>
internal readonly record struct AddressRange(ulong Start, long Bytes)
{
    public bool Overlaps(AddressRange other) => Start < other.Start + (ulong)other.Bytes && other.Start < Start + (ulong)Bytes;
}

/// <summary>Something that was handed to a stream. It runs when somebody waits for it, and no sooner: what was not waited for has not happened.</summary>
/// <param name="call">the function that handed it in</param>
/// <param name="uses">memory that must stay as it is until then</param>
internal abstract class Work(string call, ImmutableArray<AddressRange> uses)
{
    public string Call { get; } = call;

    public ImmutableArray<AddressRange> Uses { get; } = uses;

    public bool Touches(AddressRange range) => Uses.Any(used => used.Overlaps(range));

    /// <exception cref="DeviceFault">the device would stop here</exception>
    /// <exception cref="MisuseException">the device would go on, wrongly</exception>
    public abstract void Run(FakeGpu gpu);

    /// <summary>Called when the work becomes a part of a graph: it may run many times from now on.</summary>
    public virtual void Capture()
    {
    }
}

internal sealed class FakeStream
{
    public Queue<Work> Pending { get; } = new();

    /// <summary>What is being captured; null when nothing is.</summary>
    public List<Work>? Capture { get; set; }

    public bool CaptureIsInvalid { get; set; }
}

internal sealed record FakeGraph(ImmutableArray<Work> Nodes);

internal sealed record FakeExecutable(ImmutableArray<Work> Nodes);

internal enum EventState
{
    New,
    Recorded,
    Passed,
    Captured,
}

internal sealed class FakeEvent(bool times)
{
    /// <summary>Made without CU_EVENT_DISABLE_TIMING.</summary>
    public bool Times { get; } = times;

    public EventState State { get; set; }

    public FakeStream? Stream { get; set; }

    /// <summary>Of the record that counts: an event may be recorded again before the first has passed.</summary>
    public Work? Record { get; set; }

    public double Seconds { get; set; }
}

internal sealed class EventWork(FakeEvent recorded) : Work("cuEventRecord", [])
{
    public override void Run(FakeGpu gpu)
    {
        recorded.Seconds = gpu.Seconds;
        if (ReferenceEquals(recorded.Record, this))
        {
            recorded.State = EventState.Passed;
        }
    }
}

/// <summary>A graph as one piece of work: all its nodes in the order of their capture.</summary>
internal sealed class GraphWork(ImmutableArray<Work> nodes) : Work("cuGraphLaunch", [.. nodes.SelectMany(node => node.Uses)])
{
    public override void Run(FakeGpu gpu)
    {
        foreach (Work node in nodes)
        {
            gpu.Run(node);
        }
    }
}
