using System.Globalization;
using System.Runtime.InteropServices;
using Harness.Kernels.Ptx.Execution;

namespace Harness.Kernels.Devices;

/// <summary>
/// The software GPU's memory: regions of native memory, each with two bits a byte that say whether the byte was written and read since its
/// buffer began, and the live buffers inside them. Addresses are real host addresses.
/// </summary>
internal sealed unsafe class SimulatedMemory : IDisposable
{
    /// <summary>At least what a driver's allocation is aligned to.</summary>
    private const int RegionAlignment = 4096;

    private readonly List<Region> _regions = [];
    private readonly List<nint> _buffers = [];
    private readonly List<string> _names = [];
    private readonly Stack<int> _freeIds = new();
    private int _mapCapacity;

    public SimulatedMemory()
    {
        Map = (MemoryMap*)NativeMemory.AllocZeroed(1, (nuint)sizeof(MemoryMap));
    }

    /// <summary>What kernels look addresses up in.</summary>
    public MemoryMap* Map { get; }

    /// <exception cref="OutOfMemoryBytesException">the host has not that much memory</exception>
    public DevicePointer Allocate(string name, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        nuint shadowBytes = (nuint)(((bytes + 63) / 64) + 1) * 8;
        byte* memory = null;
        ulong* shadow = null;
        try
        {
            memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, RegionAlignment);
            shadow = (ulong*)NativeMemory.AllocZeroed(2 * shadowBytes);
        }
        catch (OutOfMemoryException)
        {
            NativeMemory.AlignedFree(memory);
            long free = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            throw new OutOfMemoryBytesException(name, bytes, free, free);
        }

        _regions.Add(new Region(name, (ulong)memory, bytes, (nint)shadow, (nint)((byte*)shadow + shadowBytes)));
        return new DevicePointer((ulong)memory);
    }

    /// <exception cref="CallerException">no region begins there, or a buffer in it is still alive</exception>
    public void Free(DevicePointer start)
    {
        int index = _regions.FindIndex(region => region.Start == start.Address);
        if (index < 0)
        {
            throw new CallerException($"{start} is not the start of an allocated region");
        }

        Region region = _regions[index];
        for (int k = 0; k < Map->Count; k++)
        {
            if (Map->Sorted[k]->RegionStart == region.Start)
            {
                throw new CallerException($"'{region.Name}' is freed while '{_names[Map->Sorted[k]->Id]}' lives in it");
            }
        }

        _regions.RemoveAt(index);
        region.Release();
    }

    public int BeginBuffer(string name, DevicePointer address, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        Region region = RegionOf(address, bytes) ?? throw new CallerException($"'{name}' ({bytes} bytes at {address}) does not lie in an allocated region");
        ulong start = address.Address;
        ulong end = start + (ulong)bytes;
        int below = MemoryMap.IndexBelow(Map, start);
        if (below >= 0 && Map->Sorted[below]->End > start)
        {
            throw new CheckFailedException($"'{name}' overlaps the live buffer '{_names[Map->Sorted[below]->Id]}'");
        }

        if (below + 1 < Map->Count && Map->Sorted[below + 1]->Start < end)
        {
            throw new CheckFailedException($"'{name}' overlaps the live buffer '{_names[Map->Sorted[below + 1]->Id]}'");
        }

        int id = NewId(name);
        var buffer = (LiveBuffer*)_buffers[id];
        *buffer = new LiveBuffer
        {
            Start = start, End = end, RegionStart = region.Start, Written = (ulong*)region.Written, Read = (ulong*)region.Read, Id = id,
        };
        ShadowBits.Clear(buffer->Written, start - region.Start, (ulong)bytes);
        ShadowBits.Clear(buffer->Read, start - region.Start, (ulong)bytes);
        Insert(below + 1, buffer);
        return id;
    }

    public BufferTouch EndBuffer(int id)
    {
        BufferTouch touch = Touch(id);
        var buffer = (LiveBuffer*)_buffers[id];
        int index = MemoryMap.IndexBelow(Map, buffer->Start);
        for (int k = index; k < Map->Count - 1; k++)
        {
            Map->Sorted[k] = Map->Sorted[k + 1];
        }

        Map->Count--;
        buffer->End = buffer->Start;
        _freeIds.Push(id);
        return touch;
    }

    public BufferTouch Touch(int id)
    {
        if ((uint)id >= (uint)_buffers.Count || ((LiveBuffer*)_buffers[id])->End == ((LiveBuffer*)_buffers[id])->Start)
        {
            throw new CallerException($"buffer {id} is not alive");
        }

        var buffer = (LiveBuffer*)_buffers[id];
        ulong first = buffer->Start - buffer->RegionStart;
        ulong count = buffer->End - buffer->Start;
        return new BufferTouch(ShadowBits.PopCount(buffer->Written, first, count), ShadowBits.PopCount(buffer->Read, first, count));
    }

    /// <summary>A host call reads these bytes: they must lie in one live buffer and have been written.</summary>
    /// <param name="what">the call and its operand, for the message</param>
    public void Read(string what, DevicePointer address, long bytes)
    {
        LiveBuffer* buffer = Holding(what, address, bytes);
        ulong first = address.Address - buffer->RegionStart;
        if (!ShadowBits.AllSet(buffer->Written, first, (ulong)bytes))
        {
            ulong missing = buffer->RegionStart + ShadowBits.FirstClear(buffer->Written, first, (ulong)bytes) - buffer->Start;
            throw new CheckFailedException($"{what} reads byte {missing} of '{_names[buffer->Id]}', which was never written");
        }

        ShadowBits.Set(buffer->Read, first, (ulong)bytes);
    }

    /// <summary>A host call writes these bytes: they must lie in one live buffer.</summary>
    public void Write(string what, DevicePointer address, long bytes)
    {
        LiveBuffer* buffer = Holding(what, address, bytes);
        ShadowBits.Set(buffer->Written, address.Address - buffer->RegionStart, (ulong)bytes);
    }

    /// <summary>Which live buffer an address that hits none is near to.</summary>
    public string Near(ulong address, long bytes)
    {
        int below = MemoryMap.IndexBelow(Map, address);
        if (below >= 0)
        {
            LiveBuffer* buffer = Map->Sorted[below];
            string name = $"'{_names[buffer->Id]}' ({(buffer->End - buffer->Start).ToString(CultureInfo.InvariantCulture)} bytes)";
            if (address + (ulong)bytes <= buffer->End)
            {
                return $"byte {address - buffer->Start} of {name}";
            }

            bool aboveIsNearer = below + 1 < Map->Count && address > buffer->End && Map->Sorted[below + 1]->Start - address < address - buffer->End;
            if (!aboveIsNearer)
            {
                return address < buffer->End ? $"from byte {address - buffer->Start} over the end of {name}" : $"{address - buffer->End} bytes past the end of {name}";
            }
        }

        if (below + 1 >= Map->Count)
        {
            return "there is no live buffer";
        }

        LiveBuffer* above = Map->Sorted[below + 1];
        return $"{above->Start - address} bytes before '{_names[above->Id]}' ({above->End - above->Start} bytes)";
    }

    private LiveBuffer* Holding(string what, DevicePointer address, long bytes)
    {
        LiveBuffer* buffer = MemoryMap.Find(Map, address.Address);
        if (buffer == null || address.Address + (ulong)bytes > buffer->End)
        {
            throw new CheckFailedException(
                address == DevicePointer.Null
                    ? $"{what} is the null pointer"
                    : $"{what}: {bytes} bytes at {address} are outside of every live buffer: {Near(address.Address, bytes)}");
        }

        return buffer;
    }

    private Region? RegionOf(DevicePointer address, long bytes)
    {
        foreach (Region region in _regions)
        {
            if (address.Address >= region.Start && address.Address + (ulong)bytes <= region.Start + (ulong)region.Bytes)
            {
                return region;
            }
        }

        return null;
    }

    private int NewId(string name)
    {
        if (_freeIds.TryPop(out int id))
        {
            _names[id] = name;
            return id;
        }

        _buffers.Add((nint)NativeMemory.AllocZeroed(1, (nuint)sizeof(LiveBuffer)));
        _names.Add(name);
        return _buffers.Count - 1;
    }

    private void Insert(int at, LiveBuffer* buffer)
    {
        if (Map->Count == _mapCapacity)
        {
            _mapCapacity = Math.Max(64, 2 * _mapCapacity);
            Map->Sorted = (LiveBuffer**)NativeMemory.Realloc(Map->Sorted, (nuint)(_mapCapacity * sizeof(LiveBuffer*)));
        }

        for (int k = Map->Count; k > at; k--)
        {
            Map->Sorted[k] = Map->Sorted[k - 1];
        }

        Map->Sorted[at] = buffer;
        Map->Count++;
    }

    public void Dispose()
    {
        foreach (Region region in _regions)
        {
            region.Release();
        }

        foreach (nint buffer in _buffers)
        {
            NativeMemory.Free((void*)buffer);
        }

        NativeMemory.Free(Map->Sorted);
        NativeMemory.Free(Map);
    }

    private sealed record Region(string Name, ulong Start, long Bytes, nint Written, nint Read)
    {
        public void Release()
        {
            NativeMemory.AlignedFree((void*)Start);
            NativeMemory.Free((void*)Written);
        }
    }
}
