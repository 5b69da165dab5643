using System.Globalization;
using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx.Execution;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>One device allocation.</summary>
/// <param name="Start">in the device's address space</param>
/// <param name="Host">where its bytes really are</param>
internal sealed record DeviceBlock(string Label, ulong Start, long Bytes, DevicePointer Host, int Buffer)
{
    public ulong End => Start + (ulong)Bytes;
}

/// <summary>
/// The device's memory. Its addresses are no host addresses: they lie where no host pointer can (above bit 47), so that one passed for the other is
/// seen, and between two allocations lies a gap. The bytes themselves are the software GPU's, with its shadow of written bytes.
/// </summary>
internal sealed class FakeMemory : IDisposable
{
    /// <summary>No pointer of a host process is above 2^47 on x86-64 and Arm64.</summary>
    public const ulong Base = 0x00D0_0000_0000_0000;

    /// <summary>What the driver takes from the system at once: small allocations share such a block.</summary>
    public const long GranuleBytes = 2L << 20;

    private readonly List<DeviceBlock> _blocks = [];
    private ulong _next = Base;
    private int _count;

    public SimulatedMemory Bytes { get; } = new();

    public IReadOnlyList<DeviceBlock> Blocks => _blocks;

    /// <summary>What the driver has taken for the allocations: whole granules.</summary>
    public long TakenBytes
    {
        get
        {
            long small = _blocks.Where(block => block.Bytes < GranuleBytes).Sum(block => RoundUp(block.Bytes, 512));
            return RoundUp(small, GranuleBytes) + _blocks.Where(block => block.Bytes >= GranuleBytes).Sum(block => RoundUp(block.Bytes, GranuleBytes));
        }
    }

    public static bool IsDevice(ulong address) => address >= Base && address < Base << 1;

    public DeviceBlock Allocate(long bytes)
    {
        string label = "D" + (++_count).ToString(CultureInfo.InvariantCulture);
        DevicePointer host = Bytes.Allocate(label, bytes);
        var block = new DeviceBlock(label, _next, bytes, host, Bytes.BeginBuffer(label, host, bytes));
        _next += (ulong)(RoundUp(bytes, GranuleBytes) + GranuleBytes);
        _blocks.Add(block);
        return block;
    }

    public void Free(DeviceBlock block)
    {
        Bytes.EndBuffer(block.Buffer);
        Bytes.Free(block.Host);
        _blocks.Remove(block);
    }

    /// <summary>The allocation that holds the whole range, null where there is none.</summary>
    public DeviceBlock? Find(ulong address, long bytes = 1) =>
        _blocks.Find(block => address >= block.Start && address < block.End && (ulong)bytes <= block.End - address);

    /// <summary>Where a kernel that is given this address would look: an address beyond the end of a block stays beyond its end.</summary>
    public ulong ToHost(ulong address)
    {
        DeviceBlock? block = _blocks.Find(block => address >= block.Start && address < block.End + (ulong)GranuleBytes);
        return block is null ? address : block.Host.Address + (address - block.Start);
    }

    /// <summary>The bytes of a range that was found.</summary>
    public unsafe Span<byte> Span(ulong address, long bytes) => new((void*)ToHost(address), checked((int)bytes));

    /// <summary>What lies there, with 0xFF for every byte that was never written.</summary>
    public unsafe void CopyOut(ulong address, Span<byte> destination)
    {
        ulong host = ToHost(address);
        new ReadOnlySpan<byte>((void*)host, destination.Length).CopyTo(destination);
        LiveBuffer* buffer = MemoryMap.Find(Bytes.Map, host);
        if (!ShadowBits.AllSet(buffer->Written, host - buffer->RegionStart, (ulong)destination.Length))
        {
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = ShadowBits.AllSet(buffer->Written, host - buffer->RegionStart + (ulong)i, 1) ? destination[i] : (byte)0xFF;
            }
        }
    }

    public void MarkWritten(ulong address, long bytes) => Bytes.Write("a copy", new DevicePointer(ToHost(address)), bytes);

    /// <summary><c>D2+64</c>; null where no allocation is or was there.</summary>
    public string? Label(ulong address)
    {
        DeviceBlock? block = _blocks.Find(block => address >= block.Start && address <= block.End);
        return block is null ? null
            : address == block.Start ? block.Label
            : $"{block.Label}+{(address - block.Start).ToString(CultureInfo.InvariantCulture)}";
    }

    public void Dispose() => Bytes.Dispose();

    public static long RoundUp(long bytes, long unit) => (bytes + unit - 1) / unit * unit;
}

/// <summary>One page-locked host allocation, with a guard before and behind it.</summary>
internal sealed unsafe class PinnedBlock : IDisposable
{
    private const int GuardBytes = 4096;
    private const byte Guard = 0xA5;
    private const byte Fresh = 0xCD;
    private readonly byte* _memory;

    public PinnedBlock(string label, long bytes)
    {
        Label = label;
        Bytes = bytes;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + (2 * GuardBytes)), GuardBytes);
        new Span<byte>(_memory, GuardBytes).Fill(Guard);
        new Span<byte>(_memory + GuardBytes, checked((int)bytes)).Fill(Fresh);
        new Span<byte>(_memory + GuardBytes + bytes, GuardBytes).Fill(Guard);
    }

    public string Label { get; }

    public long Bytes { get; }

    public ulong Start => (ulong)(_memory + GuardBytes);

    public bool Holds(ulong address, long bytes) => address >= Start && address <= Start + (ulong)Bytes && (ulong)bytes <= Start + (ulong)Bytes - address;

    public bool IsIntact =>
        !new Span<byte>(_memory, GuardBytes).ContainsAnyExcept(Guard) && !new Span<byte>(_memory + GuardBytes + Bytes, GuardBytes).ContainsAnyExcept(Guard);

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}
