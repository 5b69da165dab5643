using System.Numerics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary><c>testp</c>: what kind of number it is, as a predicate; <see cref="Instruction.Mode"/> is the index in <see cref="Kinds"/>.</summary>
internal static unsafe class TestProperty
{
    public static readonly string[] Kinds = ["finite", "infinite", "number", "notanumber", "normal", "subnormal"];

    public static Instruction* Run<T>(Warp* w, Instruction* i)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        uint bits = 0;
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            bits |= Holds(LaneMask.Get<T>(w->Registers + i->A, lane), i->Mode) ? 1U << lane : 0;
        }

        Compare.Write((uint*)(w->Registers + i->D), bits, w->Exec);
        return i + 1;
    }

    private static bool Holds<T>(T value, int kind)
        where T : IFloatingPointIeee754<T> => kind switch
        {
            0 => T.IsFinite(value),
            1 => T.IsInfinity(value),
            2 => !T.IsNaN(value),
            3 => T.IsNaN(value),
            4 => T.IsNormal(value),
            _ => T.IsSubnormal(value),
        };
}
