namespace Harness.Kernels.Ptx.Execution;

internal enum WarpStatus
{
    /// <summary>Can go on.</summary>
    Ready,

    /// <summary>Waits at a barrier.</summary>
    Waiting,

    /// <summary>All threads have exited.</summary>
    Done,
}

/// <summary>A path that waits for its turn: other side of a branch, join of two sides, or what comes after a call.</summary>
internal unsafe struct PathEntry
{
    public Instruction* Next;
    public Instruction* Reconvergence;
    public uint Mask;
    public bool IsCall;
}

/// <summary>Per-block shared memory with the tags that find races; one a worker, reused from block to block (see <see cref="SharedTags"/>).</summary>
internal unsafe struct SharedMemory
{
    public byte* Base;
    public uint Bytes;

    /// <summary>Last writer, last reader and last atomic access of every cell.</summary>
    public uint* WriteTags;
    public uint* ReadTags;
    public uint* AtomicTags;

    /// <summary>Cells are 1 &lt;&lt; shift bytes: 4, or 1 in kernels with narrower shared accesses.</summary>
    public int CellShift;

    /// <summary>Tags below are from an earlier block.</summary>
    public uint FirstTag;

    /// <summary>Counts barriers; the upper bits of a tag.</summary>
    public uint Epoch;
}

/// <summary>The state of one warp of 32 lanes, in native memory.</summary>
internal unsafe struct Warp
{
    public const int Lanes = 32;
    public const uint AllLanes = uint.MaxValue;

    /// <summary>Register file: 128 bytes a register of up to 32 bits, 256 a 64-bit register, 4 a predicate.</summary>
    public byte* Registers;

    /// <summary>Lanes that the current instruction executes for: <see cref="Active"/> less those whose guard is false.</summary>
    public uint Exec;

    /// <summary>Lanes on the current path.</summary>
    public uint Active;

    /// <summary>Lanes that have not exited.</summary>
    public uint Live;

    /// <summary>Lanes that exist: all but in a block's last warp.</summary>
    public uint Existing;

    /// <summary>Where the current path ends and the path below it in the stack goes on.</summary>
    public Instruction* Reconvergence;

    /// <summary>Where to go on after a barrier or a time slice.</summary>
    public Instruction* Resume;

    public PathEntry* Paths;
    public int PathCount;

    /// <summary>Ordinal of the first instruction that is executed and not yet counted.</summary>
    public int CountedFrom;

    /// <summary>Warp instructions executed in this block, and where the current time slice ends.</summary>
    public long Executed;
    public long SliceEnd;

    public long LaneInstructions;
    public long BytesRead;
    public long BytesWritten;

    public MemoryMap* Memory;

    /// <summary>The worker's last buffer hit for every memory instruction.</summary>
    public LiveBuffer** Cache;

    public SharedMemory* Shared;

    /// <summary>The warp's mark in shared-memory tags: epoch and warp index.</summary>
    public uint SharedTag;

    /// <summary>The kernel's parameters, one block for all warps.</summary>
    public byte* Parameters;
    public int ParameterBytes;

    /// <summary>Local memory, all of lane 0's bytes first, and a byte each that says whether it was written.</summary>
    public byte* Local;
    public byte* LocalWritten;
    public int LocalBytes;

    public WarpStatus Status;
    public int Index;
    public int BarrierId;
    public int BarrierThreads;
    public Instruction* BarrierAt;

    /// <summary>Scratch: 32 words of 8 bytes, three times.</summary>
    public ulong* Scratch;
}
