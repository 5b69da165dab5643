using System.Runtime.CompilerServices;

namespace Harness.Kernels.Ptx.Execution;

internal enum FaultKind
{
    OutOfBounds,
    Misaligned,
    Unwritten,
    SharedOutOfBounds,
    SharedUnwritten,
    SharedRace,
    SharedStoreConflict,
    LocalOutOfBounds,
    LocalUnwritten,
    ParameterOutOfBounds,
    ConstantStore,
    BarrierDivergence,
    MemberMask,
    BranchIndex,
    InstructionLimit,
    Trap,
}

/// <summary>What a handler saw, before anybody has put words to it (<see cref="FaultMessage"/>): handlers know addresses, not names.</summary>
/// <param name="kind">which rule was broken</param>
/// <param name="lane">the first lane that broke it</param>
/// <param name="value">address, offset or mask, as the kind says</param>
/// <param name="detail">bytes of the access, or the other warp</param>
internal sealed class WarpFault(FaultKind kind, int ordinal, int lane, ulong value, long detail) : Exception
{
    public FaultKind Kind { get; } = kind;
    public int Ordinal { get; } = ordinal;
    public int Lane { get; } = lane;
    public ulong Value { get; } = value;
    public long Detail { get; } = detail;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static unsafe WarpFault Of(FaultKind kind, Instruction* at, int lane, ulong value = 0, long detail = 0) =>
        new(kind, at->Ordinal, lane, value, detail);
}
