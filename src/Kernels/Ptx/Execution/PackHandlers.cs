using System.Numerics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary><c>mov</c> between a register and the registers of its parts, and what reads a clock.</summary>
internal static unsafe class PackHandlers
{
    /// <summary>Elements of TPart, the first lowest, into a register of TWhole.</summary>
    public static Instruction* Pack<TPart, TWhole>(Warp* w, Instruction* i)
        where TPart : unmanaged, IBinaryInteger<TPart>
        where TWhole : unmanaged, IBinaryInteger<TWhole>
    {
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            TWhole whole = TWhole.Zero;
            for (int k = 0; k < i->Mode; k++)
            {
                whole |= TWhole.CreateTruncating(LaneMask.Get<TPart>(w->Registers + i->Elements[k], lane)) << (k * sizeof(TPart) * 8);
            }

            LaneMask.Set(w->Registers + i->D, lane, whole);
        }

        return i + 1;
    }

    public static Instruction* Unpack<TPart, TWhole>(Warp* w, Instruction* i)
        where TPart : unmanaged, IBinaryInteger<TPart>
        where TWhole : unmanaged, IBinaryInteger<TWhole>
    {
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            TWhole whole = LaneMask.Get<TWhole>(w->Registers + i->A, lane);
            for (int k = 0; k < i->Mode; k++)
            {
                if (i->Elements[k] >= 0)
                {
                    LaneMask.Set(w->Registers + i->Elements[k], lane, TPart.CreateTruncating(whole >> (k * sizeof(TPart) * 8)));
                }
            }
        }

        return i + 1;
    }

    /// <summary><c>%clock</c> and its kin: the instructions that the warp has executed, so that runs repeat exactly.</summary>
    public static Instruction* Clock<T>(Warp* w, Instruction* i)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            if (((w->Exec >> lane) & 1) != 0)
            {
                LaneMask.Set(w->Registers + i->D, lane, T.CreateTruncating(w->Executed + i->Ordinal - w->CountedFrom));
            }
        }

        return i + 1;
    }

    /// <summary>A kernel parameter, the same for all lanes: <see cref="Instruction.Immediate"/> is its offset.</summary>
    public static Instruction* Parameter<TMem, TReg>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
    {
        for (int element = 0; element < i->Mode; element++)
        {
            if (i->Elements[element] < 0)
            {
                continue;
            }

            TReg value = TReg.CreateTruncating(((TMem*)(w->Parameters + i->Immediate))[element]);
            var d = (TReg*)(w->Registers + i->Elements[element]);
            for (int k = 0; k < Warp.Lanes; k += System.Runtime.Intrinsics.Vector512<TReg>.Count)
            {
                LaneMask.Store(System.Runtime.Intrinsics.Vector512.Create(value), d + k, w->Exec, k);
            }
        }

        return i + 1;
    }
}
