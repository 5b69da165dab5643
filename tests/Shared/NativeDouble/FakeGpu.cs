using Harness.Kernels.Devices;
using Harness.Kernels.Native;
using Harness.Kernels.Ptx.Execution;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>
/// A machine with a GPU, its driver and its libraries, as far as their callers can see: it records every call, really computes (kernels on the
/// software GPU, products and convolutions by their definitions), answers misuse with the status that the vendor documents, and throws
/// <see cref="MisuseException"/> where hardware would go on with wrong results. Work handed to a stream waits until somebody waits for it.
/// </summary>
internal sealed class FakeGpu : IDisposable
{
    private readonly WorkerPool _pool = new(workers: 1);
    private readonly List<string> _misuses = [];
    private readonly NativeText _texts = new();
    private readonly FakeDriver _driver;
    private readonly FakeNvml _nvml;

    public FakeGpu()
    {
        Runner = new GridRunner(_pool);
        _driver = new FakeDriver(this);
        _nvml = new FakeNvml(this);
        Cublas = new FakeCublas(this);
        Cudnn = new FakeCudnn(this);
    }

    /// <summary>Everything present. <c>with</c> another part for a machine that lacks one.</summary>
    public CudaApi Api => new(new(_driver, null), new(Cublas, null), new(Cudnn, null), new(_nvml, null));

    public CallLog Log { get; } = new();

    public GpuScript Script { get; } = new();

    public HandleTable Handles { get; } = new();

    public FakeMemory Memory { get; } = new();

    public List<PinnedBlock> Pinned { get; } = [];

    public FakeCublas Cublas { get; }

    public FakeCudnn Cudnn { get; }

    public FakeNvml Nvml => _nvml;

    public GridRunner Runner { get; }

    /// <summary>The device's clock.</summary>
    public double Seconds { get; private set; }

    /// <summary>The status that every call returns since the device was lost; null while it is well.</summary>
    public CUresult? Lost { get; private set; }

    /// <summary>What the device would not tell: the software GPU's words for the fault that lost it.</summary>
    public string? LostBecause { get; private set; }

    public IReadOnlyList<string> Misuses => _misuses;

    /// <summary>References to the primary contexts of all devices.</summary>
    public int ContextReferences => _driver.ContextReferences;

    /// <summary>The stream that is being captured, if one is.</summary>
    public FakeStream? Capturing => Handles.All<FakeStream>().Select(stream => stream.Value).FirstOrDefault(stream => stream.Capture is not null);

    public CallLog.Entry Enter([System.Runtime.CompilerServices.InterpolatedStringHandlerArgument("")] ref CallText text) => Log.Enter(ref text);

    public unsafe byte* Text(string text) => _texts.Of(text);

    /// <summary>Whether the calling thread can use the device now.</summary>
    public CUresult ContextStatus() => Lost ?? _driver.ContextStatus();

    public MisuseException Misuse(string what)
    {
        _misuses.Add(what);
        return new MisuseException(what);
    }

    /// <summary>As an Xid error or an uncorrectable bit would: nothing works any more.</summary>
    public void Lose(CUresult status, string why)
    {
        (Lost, LostBecause) = (status, why);
        foreach ((_, FakeStream stream) in Handles.All<FakeStream>())
        {
            stream.Pending.Clear();
        }
    }

    /// <summary>Hands work to a stream: it is captured, or waits.</summary>
    public void Enqueue(CUstream handle, Work work)
    {
        FakeStream stream = Handles.Find<FakeStream>(handle.Handle)
            ?? throw Misuse($"{work.Call}: {(handle.Handle == 0 ? "the null stream, which waits for every other" : "a stream that is none")}");
        if (stream.Capture is { } capture)
        {
            work.Capture();
            capture.Add(work);
        }
        else
        {
            stream.Pending.Enqueue(work);
        }
    }

    /// <summary>Runs what waits in a stream, up to and with the given work, or all of it.</summary>
    public CUresult Drain(FakeStream stream, Work? last = null)
    {
        while (Lost is null && stream.Pending.TryDequeue(out Work? work))
        {
            try
            {
                Run(work);
            }
            catch (DeviceFault fault)
            {
                Lose(fault.Status, fault.Message);
            }

            if (ReferenceEquals(work, last))
            {
                break;
            }
        }

        return Lost ?? CUresult.CUDA_SUCCESS;
    }

    public void Run(Work work)
    {
        work.Run(this);
        Seconds += Script.SecondsOf(work.Call);
    }

    /// <summary>Memory that goes away while work still waits to use it.</summary>
    public void RequireIdle(string what, AddressRange range)
    {
        foreach ((nint handle, FakeStream stream) in Handles.All<FakeStream>())
        {
            if (stream.Pending.FirstOrDefault(work => work.Touches(range)) is { } user)
            {
                throw Misuse($"{what} goes away while {user.Call} waits in {Handles.Label(handle)} to use it");
            }
        }
    }

    /// <summary>An operand of a library call: all of it in one allocation, aligned as its type wants.</summary>
    public ulong Operand(string what, ulong address, long bytes, int alignment = 4)
    {
        if (!FakeMemory.IsDevice(address))
        {
            throw Misuse($"{what} is {(address == 0 ? "null" : "a host address")}, not device memory");
        }

        if (Memory.Find(address, bytes) is null)
        {
            throw Misuse($"{what}: {bytes} bytes at {Label(address)} do not lie in one allocation");
        }

        return address % (ulong)alignment == 0 ? address : throw Misuse($"{what} at {Label(address)} is not aligned to {alignment} bytes");
    }

    /// <summary>A scalar of a library call: in host memory, read now.</summary>
    public unsafe float Scalar(string what, void* address) => address == null || FakeMemory.IsDevice((ulong)address)
        ? throw Misuse($"{what} must point to host memory")
        : *(float*)address;

    public string Label(ulong address)
    {
        PinnedBlock? pinned = Pinned.Find(block => block.Holds(address, 0));
        return address == 0 ? "null"
            : Memory.Label(address) is { } label ? label
            : pinned is not null ? FormattableString.Invariant($"{pinned.Label}+{address - pinned.Start}")
            : FakeMemory.IsDevice(address) ? "freed"
            : "host";
    }

    /// <summary>What the driver says is free: what the context, the libraries, the modules and every allocation leave, and other processes.</summary>
    public long FreeBytes()
    {
        long taken = (_driver.ContextReferences > 0 ? Script.ContextBytes : 0)
            + (Handles.All<FakeModule>().Count() * Script.ModuleBytes)
            + (Handles.All<CublasState>().Count() * Script.CublasBytes)
            + (Handles.All<CudnnState>().Count() * Script.CudnnBytes)
            + (Handles.All<FakeExecutable>().Count() * Script.GraphBytes)
            + Memory.TakenBytes;
        return Script.MemoryBytes - taken - Script.OtherProcessesBytes;
    }

    /// <summary>What is still there, by label: nothing, once the device is disposed.</summary>
    public IReadOnlyList<string> Leftovers() =>
    [
        .. Memory.Blocks.Select(block => block.Label),
        .. Pinned.Select(block => block.Label),
        .. Handles.All<object>().Where(pair => pair.Value is not (FakeFunction or FakeContext or NvmlDevice)).Select(pair => Handles.Label(pair.Handle)),
        .. Enumerable.Repeat("a reference to the primary context", _driver.ContextReferences),
        .. Enumerable.Repeat("nvmlInit without nvmlShutdown", Nvml.References),
    ];

    public void Dispose()
    {
        foreach ((_, FakeModule module) in Handles.All<FakeModule>())
        {
            module.Dispose();
        }

        foreach (PinnedBlock block in Pinned)
        {
            block.Dispose();
        }

        Memory.Dispose();
        Runner.Dispose();
        _pool.Dispose();
        _texts.Dispose();
        _driver.Dispose();
    }
}
