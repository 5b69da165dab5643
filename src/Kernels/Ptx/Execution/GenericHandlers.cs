using System.Numerics;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>One instruction in each of the state spaces that a generic address may point to; addresses are 64-bit offsets in the space.</summary>
internal unsafe interface ISpaces
{
    static abstract Instruction* Global(Warp* w, Instruction* i);

    static abstract Instruction* Shared(Warp* w, Instruction* i);

    static abstract Instruction* Local(Warp* w, Instruction* i);

    static abstract Instruction* Parameter(Warp* w, Instruction* i);
}

internal readonly unsafe struct Loads<TMem, TReg> : ISpaces
    where TMem : unmanaged, IBinaryInteger<TMem>
    where TReg : unmanaged, IBinaryInteger<TReg>
{
    public static Instruction* Global(Warp* w, Instruction* i) =>
        i->Mode == 1 ? GlobalHandlers.Load<TMem, TReg>(w, i) : GlobalHandlers.LoadVector<TMem, TReg>(w, i);

    public static Instruction* Shared(Warp* w, Instruction* i) => SharedHandlers.Load<TMem, TReg, ulong>(w, i);

    public static Instruction* Local(Warp* w, Instruction* i) => LocalHandlers.Load<TMem, TReg, ulong>(w, i);

    public static Instruction* Parameter(Warp* w, Instruction* i) => LocalHandlers.LoadParameter<TMem, TReg, ulong>(w, i);
}

internal readonly unsafe struct Stores<TMem, TReg> : ISpaces
    where TMem : unmanaged, IBinaryInteger<TMem>
    where TReg : unmanaged, IBinaryInteger<TReg>
{
    public static Instruction* Global(Warp* w, Instruction* i) =>
        i->Mode == 1 ? GlobalHandlers.Store<TMem, TReg>(w, i) : GlobalHandlers.StoreVector<TMem, TReg>(w, i);

    public static Instruction* Shared(Warp* w, Instruction* i) => SharedHandlers.Store<TMem, TReg, ulong>(w, i);

    public static Instruction* Local(Warp* w, Instruction* i) => LocalHandlers.Store<TMem, TReg, ulong>(w, i);

    public static Instruction* Parameter(Warp* w, Instruction* i) =>
        throw WarpFault.Of(FaultKind.ConstantStore, i, BitOperations.TrailingZeroCount(w->Exec));
}

/// <summary>Generic addresses: each lane's goes to the state space whose window it lies in.</summary>
internal static unsafe class GenericHandlers
{
    /// <summary><see cref="Instruction.C"/> is a 64-bit register for the offsets in the window.</summary>
    public static Instruction* Access<TSpaces>(Warp* w, Instruction* i)
        where TSpaces : ISpaces
    {
        unchecked
        {
            ulong* a = (ulong*)(w->Registers + i->A);
            Vector512<ulong> all = Vector512.Load(a) | Vector512.Load(a + 8) | Vector512.Load(a + 16) | Vector512.Load(a + 24);
            Vector512<ulong> mask = Vector512.Create(Windows.Mask);
            if ((all & mask) == Vector512<ulong>.Zero)
            {
                return TSpaces.Global(w, i);
            }

            uint exec = w->Exec;
            uint shared = 0;
            uint local = 0;
            uint parameters = 0;
            ulong* offsets = (ulong*)(w->Registers + i->C);
            for (uint left = exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                ulong window = (a[lane] + (ulong)i->Immediate) & Windows.Mask;
                shared |= window == Windows.Shared ? 1U << lane : 0;
                local |= window == Windows.Local ? 1U << lane : 0;
                parameters |= window == Windows.Parameters ? 1U << lane : 0;
                offsets[lane] = a[lane] & ~Windows.Mask;
            }

            Instruction inWindow = *i;
            inWindow.A = i->C;
            w->Exec = shared;
            if (shared != 0)
            {
                TSpaces.Shared(w, &inWindow);
            }

            w->Exec = local;
            if (local != 0)
            {
                TSpaces.Local(w, &inWindow);
            }

            w->Exec = parameters;
            if (parameters != 0)
            {
                TSpaces.Parameter(w, &inWindow);
            }

            w->Exec = exec & ~(shared | local | parameters);
            if (w->Exec != 0)
            {
                TSpaces.Global(w, i);
            }

            w->Exec = exec;
            return i + 1;
        }
    }

    /// <summary><c>cvta</c>: adds the window's address, or with a negative one takes it away.</summary>
    public static Instruction* ToGeneric(Warp* w, Instruction* i)
    {
        unchecked
        {
            ulong* a = (ulong*)(w->Registers + i->A);
            ulong* d = (ulong*)(w->Registers + i->D);
            for (int k = 0; k < Warp.Lanes; k += 8)
            {
                LaneMask.Store(Vector512.Load(a + k) + Vector512.Create((ulong)i->Immediate), d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    /// <summary><c>isspacep</c>: the window in the immediate.</summary>
    public static Instruction* IsInWindow(Warp* w, Instruction* i)
    {
        ulong* a = (ulong*)(w->Registers + i->A);
        uint bits = 0;
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            bits |= (a[lane] & Windows.Mask) == unchecked((ulong)i->Immediate) ? 1U << lane : 0;
        }

        Compare.Write((uint*)(w->Registers + i->D), bits, w->Exec);
        return i + 1;
    }
}
