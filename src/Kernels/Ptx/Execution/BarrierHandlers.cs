using System.Numerics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>
/// Barriers of a block. The warp stops; the block's runner lets it go on once enough warps have come. All live threads of a warp must
/// come together: a warp of which some threads are elsewhere would hang, or go on in an unspecified state, on a device.
/// </summary>
internal static unsafe class BarrierHandlers
{
    public const int Sync = 0;
    public const int Arrive = 1;
    public const int ReduceCount = 2;
    public const int ReduceAnd = 3;
    public const int ReduceOr = 4;

    /// <summary>A barrier, B number of threads (-1 for all); for reductions C the predicate (immediate 1: negated) and D the result.</summary>
    public static Instruction* Bar(Warp* w, Instruction* i)
    {
        uint exec = ControlHandlers.Taken(w, i);
        if (exec == 0)
        {
            return i + 1;
        }

        int lane = BitOperations.TrailingZeroCount(exec);
        if (exec != w->Live)
        {
            throw WarpFault.Of(FaultKind.BarrierDivergence, i, BitOperations.TrailingZeroCount(w->Live & ~exec), exec, BitOperations.PopCount(w->Live));
        }

        ControlHandlers.Count(w, i);
        w->CountedFrom = (i + 1)->Ordinal;
        w->BarrierId = (int)LaneMask.Get<uint>(w->Registers + i->A, lane);
        w->BarrierThreads = i->B < 0 ? -1 : (int)LaneMask.Get<uint>(w->Registers + i->B, lane);
        w->BarrierAt = i;
        w->Resume = i + 1;
        w->Status = WarpStatus.Waiting;
        return null;
    }
}
