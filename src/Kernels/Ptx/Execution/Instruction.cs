namespace Harness.Kernels.Ptx.Execution;

/// <summary>
/// One decoded instruction, or one of the few that a PTX instruction needs. Operands are byte offsets into the warp's register file, where
/// immediates and special registers lie too, broadcast over the lanes. A handler returns the instruction to run next, null where the warp stops.
/// </summary>
internal unsafe struct Instruction
{
    public delegate*<Warp*, Instruction*, Instruction*> Handler;

    /// <summary>What <see cref="ControlHandlers.Guarded"/> runs for the lanes whose guard holds.</summary>
    public delegate*<Warp*, Instruction*, Instruction*> Inner;

    /// <summary>Where a branch goes, which function is called.</summary>
    public Instruction* Target;

    /// <summary>Where the two sides of a branch meet again (immediate post-dominator); null where only the function's end is common.</summary>
    public Instruction* Reconvergence;

    /// <summary>Address offset, shift count, table, as the handler says.</summary>
    public long Immediate;

    /// <summary>Destination.</summary>
    public int D;
    public int A;
    public int B;
    public int C;

    /// <summary>Further register offsets: elements of a vector access, second destinations; -1 for the sink.</summary>
    public fixed int Elements[8];

    /// <summary>Small numbers that a handler needs: vector width, mode.</summary>
    public int Mode;

    /// <summary>A volatile, relaxed, acquire or release access: it races with nothing.</summary>
    public bool IsStrong;

    /// <summary>The guard's predicate; -1 for none.</summary>
    public int Guard;
    public bool GuardNegated;

    /// <summary>Set on the second and later parts of one PTX instruction, so that lanes without the guard are not uncounted twice.</summary>
    public bool Continues;

    /// <summary>Index of the PTX instruction; equal for the parts of one.</summary>
    public int Ordinal;

    /// <summary>Slot for the buffer that this access hit last.</summary>
    public int CacheSlot;
}
