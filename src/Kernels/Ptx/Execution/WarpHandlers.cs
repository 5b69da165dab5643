using System.Numerics;
using System.Runtime.CompilerServices;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Instructions in which the lanes of a warp see each other: shuffles, votes, matches, reductions.</summary>
internal static unsafe class WarpHandlers
{
    public const int Up = 0;
    public const int Down = 1;
    public const int Butterfly = 2;
    public const int Indexed = 3;

    public const int VoteAll = 0;
    public const int VoteAny = 1;
    public const int VoteUniform = 2;
    public const int VoteBallot = 3;

    /// <summary>
    /// Elements: 0 the predicate (or -1), 1 the member mask (or -1 for the legacy form). A value, B lane, C clamp and segment mask. A lane
    /// outside its segment, or one that does not execute, gives the own value and false.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Shuffle(Warp* w, Instruction* i)
    {
        unchecked
        {
            uint exec = CheckMembers(w, i, i->Elements[1]);
            uint* a = (uint*)(w->Registers + i->A);
            uint* b = (uint*)(w->Registers + i->B);
            uint* c = (uint*)(w->Registers + i->C);
            uint* d = (uint*)(w->Registers + i->D);
            uint* result = stackalloc uint[Warp.Lanes];
            uint valid = 0;
            int mode = i->Mode;
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                int offset = (int)(b[lane] & 31);
                uint control = c[lane];
                int segment = (int)((control >> 8) & 31);
                int clamp = (int)(control & 31);
                int last = (lane & segment) | (clamp & ~segment);
                int first = lane & segment;
                int source;
                bool inside;
                switch (mode)
                {
                    case Up:
                        source = lane - offset;
                        inside = source >= last;
                        break;
                    case Down:
                        source = lane + offset;
                        inside = source <= last;
                        break;
                    case Butterfly:
                        source = lane ^ offset;
                        inside = source <= last;
                        break;
                    default:
                        source = first | (offset & ~segment);
                        inside = source <= last;
                        break;
                }

                inside &= ((exec >> (source & 31)) & 1) != 0;
                valid |= inside ? 1U << lane : 0;
                result[lane] = a[inside ? source : lane];
            }

            for (int k = 0; k < Warp.Lanes; k += 16)
            {
                LaneMask.Store(System.Runtime.Intrinsics.Vector512.Load(result + k), d + k, exec, k);
            }

            if (i->Elements[0] >= 0)
            {
                Compare.Write((uint*)(w->Registers + i->Elements[0]), valid, exec);
            }

            return i + 1;
        }
    }

    /// <summary>A predicate (negated where the immediate is 1), element 1 the member mask; D a predicate, or a mask for ballot.</summary>
    public static Instruction* Vote(Warp* w, Instruction* i)
    {
        uint exec = CheckMembers(w, i, i->Elements[1]);
        uint yes = (*(uint*)(w->Registers + i->A) ^ (i->Immediate != 0 ? uint.MaxValue : 0)) & exec;
        switch (i->Mode)
        {
            case VoteBallot:
                Broadcast(w, i->D, yes, exec);
                break;
            case VoteAll:
                Compare.Write((uint*)(w->Registers + i->D), yes == exec ? uint.MaxValue : 0, exec);
                break;
            case VoteAny:
                Compare.Write((uint*)(w->Registers + i->D), yes != 0 ? uint.MaxValue : 0, exec);
                break;
            default:
                Compare.Write((uint*)(w->Registers + i->D), yes == 0 || yes == exec ? uint.MaxValue : 0, exec);
                break;
        }

        return i + 1;
    }

    public static Instruction* ActiveMask(Warp* w, Instruction* i)
    {
        Broadcast(w, i->D, w->Exec, w->Exec);
        return i + 1;
    }

    /// <summary><c>match.any</c> (mode 0) and <c>match.all</c> (mode 1, element 0 the predicate).</summary>
    public static Instruction* Match<T>(Warp* w, Instruction* i)
        where T : unmanaged, IEquatable<T>
    {
        uint exec = CheckMembers(w, i, i->Elements[1]);
        byte* a = w->Registers + i->A;
        uint* result = stackalloc uint[Warp.Lanes];
        bool same = true;
        for (uint left = exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            uint equal = 0;
            for (uint others = exec; others != 0; others &= others - 1)
            {
                int other = BitOperations.TrailingZeroCount(others);
                equal |= LaneMask.Get<T>(a, other).Equals(LaneMask.Get<T>(a, lane)) ? 1U << other : 0;
            }

            same &= equal == exec;
            result[lane] = equal;
        }

        for (uint left = exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            LaneMask.Set(w->Registers + i->D, lane, i->Mode == 0 ? result[lane] : same ? exec : 0);
        }

        if (i->Elements[0] >= 0)
        {
            Compare.Write((uint*)(w->Registers + i->Elements[0]), same ? uint.MaxValue : 0, exec);
        }

        return i + 1;
    }

    /// <summary><c>redux.sync</c>: one operation over the executing lanes' values.</summary>
    public static Instruction* Reduce<TOp, T>(Warp* w, Instruction* i)
        where TOp : IScalarBinary<T, T, T>
        where T : unmanaged
    {
        uint exec = CheckMembers(w, i, i->Elements[1]);
        uint left = exec;
        T result = LaneMask.Get<T>(w->Registers + i->A, BitOperations.TrailingZeroCount(left));
        for (left &= left - 1; left != 0; left &= left - 1)
        {
            result = TOp.Invoke(result, LaneMask.Get<T>(w->Registers + i->A, BitOperations.TrailingZeroCount(left)));
        }

        Broadcast(w, i->D, *(uint*)&result, exec);
        return i + 1;
    }

    /// <summary><c>bar.warp.sync</c>: nothing waits, as the lanes of a path run together; the mask is checked.</summary>
    public static Instruction* WarpSync(Warp* w, Instruction* i)
    {
        CheckMembers(w, i, i->Elements[1]);
        return i + 1;
    }

    /// <summary>The executing lanes must name themselves and each other: every live member is here, and every lane here is a member.</summary>
    private static uint CheckMembers(Warp* w, Instruction* i, int maskOffset)
    {
        uint exec = w->Exec;
        if (maskOffset < 0)
        {
            return exec;
        }

        uint* masks = (uint*)(w->Registers + maskOffset);
        for (uint left = exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            if ((masks[lane] & w->Live) != exec)
            {
                throw WarpFault.Of(FaultKind.MemberMask, i, lane, masks[lane], exec);
            }
        }

        return exec;
    }

    private static void Broadcast(Warp* w, int destination, uint value, uint exec)
    {
        uint* d = (uint*)(w->Registers + destination);
        for (int k = 0; k < Warp.Lanes; k += 16)
        {
            LaneMask.Store(System.Runtime.Intrinsics.Vector512.Create(value), d + k, exec, k);
        }
    }
}
