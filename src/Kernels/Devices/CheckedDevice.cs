using System.Collections.Immutable;

namespace Harness.Kernels.Devices;

/// <summary>
/// A device that looks for misuse of memory where the hardware cannot see it. Behind every buffer lies a guard band with a pattern, looked
/// at after every step and at the buffer's death. At its birth a buffer is filled with poison, another one in each of two passes over
/// the same inputs: at its death, a byte that holds the poison of either pass was never written (or is a copy of one that was not), and any
/// other byte that differs between the passes was made from undefined memory (or is not reproducible). Nothing here depends on the inner device but its memory.
/// </summary>
/// <remarks>
/// The buffers of a pass are those that are born and die between <see cref="BeginPass"/> and <see cref="EndPass"/>; their contents are
/// kept in host memory from the first pass to the others. Buffers that live longer (parameters) have bands only. The regions must
/// leave <paramref name="guardBytes"/> behind every buffer.
/// </remarks>
/// <param name="inner">does the work; disposed with this</param>
/// <param name="guardBytes">width of a band; one store of a warp in its widest form covers 512 bytes</param>
public sealed class CheckedDevice(IDevice inner, long guardBytes) : IDevice
{
    /// <summary>What a warp's widest store (16 bytes a lane) covers.</summary>
    public const long DefaultGuardBytes = 512;

    private const string Outside = "outside of the steps";

    // NaN in every float and -1 in every integer; then a large finite float and a positive integer.
    private const byte FirstPoison = 0xFF;
    private const byte SecondPoison = 0x7A;

    private readonly Dictionary<int, LiveBuffer> _live = [];
    private readonly Dictionary<string, byte[]> _firstContents = new(StringComparer.Ordinal);
    private readonly List<(int Order, MemoryFinding Finding)> _findings = [];
    private readonly byte[] _pattern = Pattern(guardBytes);
    private readonly byte[] _band = new byte[guardBytes];
    private byte[] _fill = [];
    private int _pass = -1;
    private int _births;
    private int _nextId;
    private bool _inPass;
    private string _step = Outside;

    private sealed record LiveBuffer(int InnerId, string Name, DevicePointer Address, long Bytes, string BornBefore, bool InPass, int Order);

    public DeviceDescription Description => inner.Description;

    public bool Computes => inner.Computes;

    public DeviceCounters? Counters => inner.Counters;

    /// <summary>
    /// Everything found since the latest <see cref="ForgetPasses"/>, in the order of the buffers' births: where one thing follows from
    /// another, the cause is first.
    /// </summary>
    public ImmutableArray<MemoryFinding> Findings => [.. _findings.OrderBy(found => found.Order).Select(found => found.Finding)];

    /// <summary>Other passes follow, over other inputs or of another program.</summary>
    public void ForgetPasses()
    {
        _firstContents.Clear();
        _findings.Clear();
        _pass = -1;
    }

    /// <summary>A pass begins, over the same inputs as the passes before.</summary>
    /// <param name="firstStep">name of the step that runs first</param>
    public void BeginPass(string firstStep)
    {
        _pass++;
        _births = 0;
        _inPass = true;
        _step = firstStep;
    }

    /// <summary>A step has been handed to the device: every band must be intact.</summary>
    /// <param name="nextStep">name of the step that runs next, null after the last</param>
    public void EndStep(string? nextStep)
    {
        foreach (LiveBuffer buffer in _live.Values)
        {
            CheckBand(buffer);
        }

        _step = nextStep ?? Outside;
    }

    /// <summary>All buffers of the pass are dead.</summary>
    public void EndPass() => _inPass = false;

    public DevicePointer Allocate(string name, long bytes) => inner.Allocate(name, bytes);

    public void Free(DevicePointer region) => inner.Free(region);

    /// <summary>The inner device takes the band for a part of the buffer: that nobody writes it is this one's business.</summary>
    public int BeginBuffer(string name, DevicePointer address, long bytes)
    {
        int inside = inner.BeginBuffer(name, address, bytes + guardBytes);
        int id = _nextId++;
        _live.Add(id, new LiveBuffer(inside, name, address, bytes, _step, _inPass, _births++));
        Fill(address, bytes, _pass <= 0 ? FirstPoison : SecondPoison);
        inner.CopyToDevice(address + bytes, _pattern);
        return id;
    }

    /// <returns>null: what was touched is in <see cref="Findings"/></returns>
    public BufferTouch? EndBuffer(int buffer)
    {
        if (!_live.Remove(buffer, out LiveBuffer? ended))
        {
            throw new CallerException($"buffer {buffer} is not alive");
        }

        try
        {
            CheckBand(ended);
            if (ended.InPass && _inPass)
            {
                Compare(ended);
            }
        }
        finally
        {
            inner.EndBuffer(ended.InnerId);
        }

        return null;
    }

    public BufferTouch? Touch(int buffer) => null;

    public void CopyToDevice(DevicePointer destination, ReadOnlySpan<byte> source) => inner.CopyToDevice(destination, source);

    public void CopyToHost(Span<byte> destination, DevicePointer source) => inner.CopyToHost(destination, source);

    public KernelHandle Kernel(string entry) => inner.Kernel(entry);

    public void Launch(in KernelLaunch launch) => inner.Launch(launch);

    public void Gemm(in GemmCall call) => inner.Gemm(call);

    public void Convolution(in ConvolutionCall call) => inner.Convolution(call);

    public void ConvolutionWeightBackward(in ConvolutionWeightBackwardCall call) => inner.ConvolutionWeightBackward(call);

    public void ConvolutionDataBackward(in ConvolutionDataBackwardCall call) => inner.ConvolutionDataBackward(call);

    public void MaxPool(in MaxPoolCall call) => inner.MaxPool(call);

    public long WorkspaceBytes(in ConvolutionShape shape) => inner.WorkspaceBytes(shape);

    public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => inner.WeightBackwardWorkspaceBytes(shape);

    public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => inner.DataBackwardWorkspaceBytes(shape);

    public void Synchronize() => inner.Synchronize();

    public void Dispose() => inner.Dispose();

    private void CheckBand(LiveBuffer buffer)
    {
        inner.CopyToHost(_band, buffer.Address + buffer.Bytes);
        int first = _band.AsSpan().CommonPrefixLength(_pattern);
        if (first == _band.Length)
        {
            return;
        }

        int damaged = 0;
        for (int i = first; i < _band.Length; i++)
        {
            damaged += _band[i] == _pattern[i] ? 0 : 1;
        }

        Found(buffer, MemoryFault.Overrun, buffer.Bytes + first, damaged, _step);

        // Mended, so that later steps are not blamed for it.
        inner.CopyToDevice(buffer.Address + buffer.Bytes, _pattern);
    }

    private void Compare(LiveBuffer buffer)
    {
        byte[] contents = Contents(buffer);
        if (_pass == 0)
        {
            _firstContents.Add(buffer.Name, contents);
            return;
        }

        if (!_firstContents.TryGetValue(buffer.Name, out byte[]? first) || first.Length != contents.Length)
        {
            throw new CheckFailedException($"'{buffer.Name}' lived in one pass and not, or not as large, in another");
        }

        (long unwritten, long firstUnwritten, long unstable, long firstUnstable) = (0, -1, 0, -1);
        for (int i = first.AsSpan().CommonPrefixLength(contents); i < contents.Length; i++)
        {
            if (first[i] == FirstPoison && contents[i] == SecondPoison)
            {
                unwritten++;
                firstUnwritten = firstUnwritten < 0 ? i : firstUnwritten;
            }
            else if (first[i] != contents[i])
            {
                unstable++;
                firstUnstable = firstUnstable < 0 ? i : firstUnstable;
            }
        }

        if (unwritten > 0)
        {
            Found(buffer, MemoryFault.Unwritten, firstUnwritten, unwritten, buffer.BornBefore);
        }

        if (unstable > 0)
        {
            Found(buffer, MemoryFault.Unstable, firstUnstable, unstable, buffer.BornBefore);
        }
    }

    private byte[] Contents(LiveBuffer buffer)
    {
        if (buffer.Bytes > Array.MaxLength)
        {
            throw new MachineException($"'{buffer.Name}' has {buffer.Bytes} bytes; a checked buffer may have at most {Array.MaxLength}");
        }

        byte[] contents = GC.AllocateUninitializedArray<byte>((int)buffer.Bytes);
        inner.CopyToHost(contents, buffer.Address);
        return contents;
    }

    /// <summary>Two passes find the same overrun: it is one.</summary>
    private void Found(LiveBuffer buffer, MemoryFault fault, long offset, long bytes, string step)
    {
        var finding = new MemoryFinding(fault, buffer.Name, offset, bytes, step);
        if (_findings.All(found => found.Finding != finding))
        {
            _findings.Add((buffer.InPass ? buffer.Order : -1, finding));
        }
    }

    private void Fill(DevicePointer address, long bytes, byte value)
    {
        const int chunk = 1 << 22;
        if (_fill.Length == 0)
        {
            _fill = GC.AllocateUninitializedArray<byte>(chunk);
        }

        Array.Fill(_fill, value);
        for (long done = 0; done < bytes; done += chunk)
        {
            inner.CopyToDevice(address + done, _fill.AsSpan(0, (int)Math.Min(chunk, bytes - done)));
        }
    }

    /// <summary>No two neighbours alike, so that no constant can pass for it.</summary>
    private static byte[] Pattern(long bytes)
    {
        byte[] pattern = new byte[bytes];
        for (int i = 0; i < pattern.Length; i++)
        {
            pattern[i] = unchecked((byte)((i * 151) + 13));
        }

        return pattern;
    }
}
