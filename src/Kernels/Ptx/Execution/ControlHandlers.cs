using System.Numerics;
using System.Runtime.CompilerServices;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>
/// Branches, calls and exits of one warp. Where lanes part, both sides run one after the other up to the branch's immediate post-dominator,
/// where they are joined again; the paths that wait are a stack. A path is in the stack once for each join it has ahead of it, and joins
/// nest as the post-dominator tree does, so that the stack's depth is bounded by the number of branches plus 32, for any flow graph.
/// </summary>
internal static unsafe class ControlHandlers
{
    /// <summary>One warp may execute this many instructions in one block; more is taken for a loop without end.</summary>
    public const long InstructionLimit = 1L << 32;

    /// <summary>After so many instructions another warp of the block gets its turn, so that a loop may wait for what another warp writes.</summary>
    public const long SliceInstructions = 1L << 18;

    /// <summary>Runs any handler but those of this file for the lanes whose guard holds.</summary>
    public static Instruction* Guarded(Warp* w, Instruction* i)
    {
        uint exec = Taken(w, i);
        if (!i->Continues)
        {
            w->LaneInstructions -= BitOperations.PopCount(w->Active & ~exec);
        }

        if (exec != 0)
        {
            w->Exec = exec;
            i->Inner(w, i);
            w->Exec = w->Active;
        }

        return i + 1;
    }

    public static Instruction* Branch(Warp* w, Instruction* i)
    {
        uint taken = Taken(w, i);
        uint stay = w->Active & ~taken;
        if (stay == 0)
        {
            return Jump(w, i, i->Target);
        }

        if (taken == 0)
        {
            return i + 1;
        }

        Count(w, i);
        Join(w, i->Reconvergence, w->Active);
        if (i + 1 == i->Reconvergence)
        {
            return Enter(w, i->Target, taken);
        }

        if (i->Target != i->Reconvergence)
        {
            Push(w, i + 1, w->Reconvergence, stay, false);
            return Enter(w, i->Target, taken);
        }

        return Enter(w, i + 1, stay);
    }

    /// <summary><c>brx.idx</c>: the table is in <see cref="Instruction.Target"/>'s place, as jumps that stand behind this instruction.</summary>
    public static Instruction* BranchIndexed(Warp* w, Instruction* i)
    {
        uint exec = Taken(w, i);
        uint stay = w->Active & ~exec;
        Count(w, i);
        uint* index = (uint*)(w->Registers + i->A);
        uint count = (uint)i->Immediate;
        uint all = w->Active;
        Join(w, i->Reconvergence, all);
        Instruction* table = i + 1;
        for (uint left = exec; left != 0;)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            uint chosen = index[lane];
            if (chosen >= count)
            {
                throw WarpFault.Of(FaultKind.BranchIndex, i, lane, chosen, count);
            }

            uint together = 0;
            for (uint rest = left; rest != 0; rest &= rest - 1)
            {
                int other = BitOperations.TrailingZeroCount(rest);
                together |= index[other] == chosen ? 1U << other : 0;
            }

            left &= ~together;
            if (table[chosen].Target != i->Reconvergence)
            {
                Push(w, table[chosen].Target, w->Reconvergence, together, false);
            }
        }

        if (stay != 0)
        {
            Push(w, table + count, w->Reconvergence, stay, false);
        }

        return NextPath(w);
    }

    /// <summary>Stands where two sides of a branch meet. It is no PTX instruction and counts as none.</summary>
    public static Instruction* Reconverge(Warp* w, Instruction* i)
    {
        if (i != w->Reconvergence)
        {
            return i + 1;
        }

        CountUpTo(w, i->Ordinal);
        return NextPath(w);
    }

    public static Instruction* Exit(Warp* w, Instruction* i)
    {
        uint lanes = Taken(w, i);
        Count(w, i);
        w->Live &= ~lanes;
        for (int k = 0; k < w->PathCount; k++)
        {
            w->Paths[k].Mask &= ~lanes;
        }

        return Leave(w, i, lanes);
    }

    /// <summary>Return from a function: the lanes wait in the caller's path.</summary>
    public static Instruction* Return(Warp* w, Instruction* i)
    {
        uint lanes = Taken(w, i);
        Count(w, i);
        for (int k = w->PathCount - 1; k >= 0 && !w->Paths[k].IsCall; k--)
        {
            w->Paths[k].Mask &= ~lanes;
        }

        return Leave(w, i, lanes);
    }

    public static Instruction* Call(Warp* w, Instruction* i)
    {
        uint lanes = Taken(w, i);
        Count(w, i);
        if (lanes == 0)
        {
            w->CountedFrom = (i + 1)->Ordinal;
            return i + 1;
        }

        Push(w, i + 1, w->Reconvergence, w->Active, true);
        w->Reconvergence = null;
        return Enter(w, i->Target, lanes);
    }

    public static Instruction* Trap(Warp* w, Instruction* i)
    {
        uint lanes = Taken(w, i);
        return lanes == 0 ? i + 1 : throw WarpFault.Of(FaultKind.Trap, i, BitOperations.TrailingZeroCount(lanes));
    }

    /// <summary>The lanes of the current path whose guard holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Taken(Warp* w, Instruction* i)
    {
        if (i->Guard < 0)
        {
            return w->Active;
        }

        uint predicate = *(uint*)(w->Registers + i->Guard);
        return w->Active & (i->GuardNegated ? ~predicate : predicate);
    }

    /// <summary>Counts the instructions of the straight line that ends with this one.</summary>
    public static void Count(Warp* w, Instruction* i) => CountUpTo(w, i->Ordinal + 1);

    private static void CountUpTo(Warp* w, int ordinal)
    {
        int instructions = ordinal - w->CountedFrom;
        w->Executed += instructions;
        w->LaneInstructions += (long)instructions * BitOperations.PopCount(w->Active);
        w->CountedFrom = ordinal;
    }

    /// <summary>All lanes of the path go to the target; backwards, the time slice is watched.</summary>
    private static Instruction* Jump(Warp* w, Instruction* i, Instruction* target)
    {
        Count(w, i);
        w->CountedFrom = target->Ordinal;
        return target <= i && w->Executed >= w->SliceEnd ? Pause(w, target) : target;
    }

    private static Instruction* Enter(Warp* w, Instruction* target, uint lanes)
    {
        w->Active = lanes;
        w->Exec = lanes;
        w->CountedFrom = target->Ordinal;
        return w->Executed >= w->SliceEnd ? Pause(w, target) : target;
    }

    private static Instruction* Pause(Warp* w, Instruction* target)
    {
        if (w->Executed >= InstructionLimit)
        {
            throw WarpFault.Of(FaultKind.InstructionLimit, target, BitOperations.TrailingZeroCount(w->Active), 0, InstructionLimit);
        }

        w->Resume = target;
        return null;
    }

    /// <summary>Some lanes go; the others go on, or the next path does.</summary>
    private static Instruction* Leave(Warp* w, Instruction* i, uint lanes)
    {
        w->Active &= ~lanes;
        w->Exec = w->Active;
        if (w->Active == 0)
        {
            return NextPath(w);
        }

        w->CountedFrom = (i + 1)->Ordinal;
        return i + 1;
    }

    /// <summary>Leaves a path that waits at the join for all these lanes, unless the current path ends there anyway.</summary>
    private static void Join(Warp* w, Instruction* join, uint lanes)
    {
        if (join != null && join != w->Reconvergence)
        {
            Push(w, join, w->Reconvergence, lanes, false);
            w->Reconvergence = join;
        }
    }

    private static void Push(Warp* w, Instruction* next, Instruction* reconvergence, uint mask, bool isCall)
    {
        w->Paths[w->PathCount++] = new PathEntry { Next = next, Reconvergence = reconvergence, Mask = mask, IsCall = isCall };
    }

    /// <summary>Takes the next path that still has lanes; the warp is done where there is none.</summary>
    private static Instruction* NextPath(Warp* w)
    {
        while (w->PathCount > 0)
        {
            PathEntry* path = w->Paths + --w->PathCount;
            if (path->Mask != 0)
            {
                w->Reconvergence = path->Reconvergence;
                return Enter(w, path->Next, path->Mask);
            }
        }

        w->Active = 0;
        w->Exec = 0;
        w->Status = WarpStatus.Done;
        return null;
    }
}
