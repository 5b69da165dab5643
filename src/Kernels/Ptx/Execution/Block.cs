using System.Runtime.InteropServices;
using Harness.Kernels.Devices;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>What every block of a launch has in common.</summary>
internal unsafe struct LaunchFacts
{
    public Dim3 Grid;
    public Dim3 BlockSize;
    public int SharedBytes;
    public int DynamicSharedBytes;
    public byte* Parameters;
    public MemoryMap* Memory;
    public long Number;
    public int Worker;
    public int Workers;
}

/// <summary>
/// Where one worker runs blocks, one after the other: warps, register files, local and shared memory in native memory that is kept from
/// launch to launch and only ever grows, so that a launch allocates nothing.
/// </summary>
internal sealed unsafe class Block : IDisposable
{
    private const int MaxWarps = 32;

    private readonly Warp* _warps = Native<Warp>(MaxWarps);
    private readonly SharedMemory* _shared = Native<SharedMemory>(1);
    private readonly int* _arrived = Native<int>(BarrierRules.Barriers);
    private byte* _registers;
    private long _registerBytes;
    private PathEntry* _paths;
    private long _pathCount;
    private LiveBuffer** _cache;
    private long _cacheCount;
    private byte* _local;
    private long _localBytes;
    private long _sharedCells;
    private long _sharedBytes;
    private int _warpCount;
    private KernelProgram? _program;
    private LaunchFacts _facts;

    public long LaneInstructions { get; private set; }

    public long BytesRead { get; private set; }

    public long BytesWritten { get; private set; }

    /// <summary>The launch that this worker was last made ready for.</summary>
    public long LaunchNumber => _facts.Number;

    public void Prepare(KernelProgram program, in LaunchFacts facts)
    {
        _program = program;
        _facts = facts;
        (LaneInstructions, BytesRead, BytesWritten) = (0, 0, 0);
        int threads = (int)facts.BlockSize.Count;
        _warpCount = (threads + Warp.Lanes - 1) / Warp.Lanes;
        Grow(ref _registers, ref _registerBytes, (long)_warpCount * program.RegisterBytes);
        Grow(ref _local, ref _localBytes, 2L * _warpCount * Warp.Lanes * program.LocalBytes);
        GrowPaths((long)_warpCount * program.PathCapacity);
        GrowCache(program.CacheSlots);
        PrepareShared(program);
        NativeMemory.Clear(_registers, (nuint)((long)_warpCount * program.RegisterBytes));
        for (int k = 0; k < _warpCount; k++)
        {
            Warp* w = _warps + k;
            *w = default;
            w->Index = k;
            w->Registers = _registers + ((long)k * program.RegisterBytes);
            w->Paths = _paths + ((long)k * program.PathCapacity);
            w->Memory = facts.Memory;
            w->Cache = _cache;
            w->Shared = _shared;
            w->Parameters = facts.Parameters;
            w->ParameterBytes = program.ParameterBytes;
            w->LocalBytes = program.LocalBytes;
            w->Local = _local + ((long)k * Warp.Lanes * program.LocalBytes);
            w->LocalWritten = _local + ((long)(_warpCount + k) * Warp.Lanes * program.LocalBytes);
            int lanes = Math.Min(Warp.Lanes, threads - (k * Warp.Lanes));
            w->Existing = lanes == Warp.Lanes ? Warp.AllLanes : (1U << lanes) - 1;
            WarpRegisters.FillConstants(w, program);
            WarpRegisters.FillSpecials(w, program, facts, default, ofBlock: false);
        }
    }

    /// <exception cref="WarpFault">what the block did wrong, with <see cref="FaultWarp"/></exception>
    public void Run(Dim3 index)
    {
        Start(index);
        try
        {
            for (int done = 0; done < _warpCount;)
            {
                done = 0;
                bool ran = false;
                for (int k = 0; k < _warpCount; k++)
                {
                    Warp* w = _warps + k;
                    if (w->Status == WarpStatus.Ready)
                    {
                        FaultWarp = k;
                        RunWarp(w);
                        ran = true;
                    }

                    done += w->Status == WarpStatus.Done ? 1 : 0;
                }

                if (!ran && done < _warpCount)
                {
                    WarpFault deadlock = BarrierRules.Deadlock(_warps, _warpCount);
                    FaultWarp = FirstWaiting();
                    throw deadlock;
                }
            }
        }
        finally
        {
            for (int k = 0; k < _warpCount; k++)
            {
                Warp* w = _warps + k;
                LaneInstructions += w->LaneInstructions;
                BytesRead += w->BytesRead;
                BytesWritten += w->BytesWritten;
                (w->LaneInstructions, w->BytesRead, w->BytesWritten) = (0, 0, 0);
            }
        }
    }

    /// <summary>The warp that ran when a fault came.</summary>
    public int FaultWarp { get; private set; }

    private void Start(Dim3 index)
    {
        KernelProgram program = _program!;
        NewEpoch();
        _shared->FirstTag = _shared->Epoch << SharedTags.WarpBits;
        NativeMemory.Clear(_arrived, BarrierRules.Barriers * sizeof(int));
        if (program.LocalBytes > 0)
        {
            NativeMemory.Clear(_local + ((long)_warpCount * Warp.Lanes * program.LocalBytes), (nuint)((long)_warpCount * Warp.Lanes * program.LocalBytes));
        }

        for (int k = 0; k < _warpCount; k++)
        {
            Warp* w = _warps + k;
            w->Live = w->Existing;
            w->Active = w->Existing;
            w->Exec = w->Existing;
            w->Reconvergence = null;
            w->PathCount = 0;
            w->CountedFrom = program.Code->Ordinal;
            w->Executed = 0;
            w->Resume = program.Code;
            w->Status = WarpStatus.Ready;
            w->SharedTag = (_shared->Epoch << SharedTags.WarpBits) | (uint)k;
            WarpRegisters.FillSpecials(w, program, _facts, index, ofBlock: true);
        }
    }

    private void RunWarp(Warp* w)
    {
        Instruction* i = w->Resume;
        w->SliceEnd = w->Executed + ControlHandlers.SliceInstructions;
        while (i != null)
        {
            i = i->Handler(w, i);
        }

        if (w->Status == WarpStatus.Waiting)
        {
            BarrierRules.Reached(_warps, _warpCount, w, _arrived);
        }
        else if (w->Status == WarpStatus.Done)
        {
            BarrierRules.Exited(_warps, _warpCount, _arrived);
        }
    }

    private int FirstWaiting()
    {
        int k = 0;
        while (_warps[k].Status != WarpStatus.Waiting)
        {
            k++;
        }

        return k;
    }

    /// <summary>Epochs have 26 bits; before they run out the tags are cleared and counting starts again.</summary>
    private void NewEpoch()
    {
        if (_shared->Epoch >= (1U << (32 - SharedTags.WarpBits - 1)))
        {
            ClearTags();
        }

        _shared->Epoch++;
    }

    private void PrepareShared(KernelProgram program)
    {
        long bytes = _facts.SharedBytes;
        long cells = bytes + 64;
        if (bytes + 64 > _sharedBytes)
        {
            NativeMemory.AlignedFree(_shared->Base);
            _sharedBytes = bytes + 64;
            _shared->Base = (byte*)NativeMemory.AlignedAlloc((nuint)_sharedBytes, 256);
        }

        if (cells > _sharedCells)
        {
            FreeTags();
            _sharedCells = cells;
            _tags = (uint*)NativeMemory.AlignedAlloc((nuint)(3 * cells * sizeof(uint)), 64);
        }

        _shared->Bytes = (uint)bytes;
        _shared->CellShift = program.SharedCellShift;
        _shared->WriteTags = _tags;
        _shared->ReadTags = _tags + _sharedCells;
        _shared->AtomicTags = program.HasSharedAtomics ? _tags + (2 * _sharedCells) : null;
        ClearTags();
    }

    private uint* _tags;

    private void ClearTags()
    {
        NativeMemory.Clear(_tags, (nuint)(3 * _sharedCells * sizeof(uint)));
        _shared->Epoch = 0;
    }

    private void FreeTags() => NativeMemory.AlignedFree(_tags);

    private void GrowPaths(long count)
    {
        if (count > _pathCount)
        {
            NativeMemory.AlignedFree(_paths);
            _paths = Native<PathEntry>((int)count);
            _pathCount = count;
        }
    }

    private void GrowCache(int count)
    {
        if (count > _cacheCount)
        {
            NativeMemory.AlignedFree(_cache);
            _cache = (LiveBuffer**)NativeMemory.AlignedAlloc((nuint)(count * sizeof(LiveBuffer*)), 64);
            _cacheCount = count;
        }

        // Buffers come and go between launches.
        NativeMemory.Clear(_cache, (nuint)(count * sizeof(LiveBuffer*)));
    }

    private static void Grow(ref byte* memory, ref long capacity, long bytes)
    {
        if (bytes > capacity)
        {
            NativeMemory.AlignedFree(memory);
            memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            capacity = bytes;
        }
    }

    private static T* Native<T>(int count)
        where T : unmanaged
    {
        T* memory = (T*)NativeMemory.AlignedAlloc((nuint)((long)count * sizeof(T)), 64);
        NativeMemory.Clear(memory, (nuint)((long)count * sizeof(T)));
        return memory;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_shared->Base);
        FreeTags();
        NativeMemory.AlignedFree(_shared);
        NativeMemory.AlignedFree(_warps);
        NativeMemory.AlignedFree(_arrived);
        NativeMemory.AlignedFree(_registers);
        NativeMemory.AlignedFree(_paths);
        NativeMemory.AlignedFree(_cache);
        NativeMemory.AlignedFree(_local);
    }
}
