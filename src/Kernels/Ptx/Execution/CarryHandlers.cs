using System.Numerics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>
/// Extended precision: <c>add.cc</c>, <c>addc</c>, <c>sub.cc</c>, <c>subc</c>, <c>mad.cc</c>, <c>madc</c>. The carry is a predicate of the function, one bit a
/// lane; for subtraction it is the borrow.
/// </summary>
internal static unsafe class CarryHandlers
{
    public const int WritesCarry = 1;
    public const int ReadsCarry = 2;
    public const int Subtracts = 4;
    public const int MultipliesLow = 8;
    public const int MultipliesHigh = 16;

    /// <summary>The carry's predicate is in the first of <see cref="Instruction.Elements"/>; <see cref="Instruction.Mode"/> has the flags.</summary>
    public static Instruction* Run<T, TWide>(Warp* w, Instruction* i)
        where T : unmanaged, IBinaryInteger<T>
        where TWide : unmanaged, IBinaryInteger<TWide>
    {
        uint* carries = (uint*)(w->Registers + i->Elements[0]);
        int mode = i->Mode;
        int width = sizeof(T) * 8;
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            unchecked
            {
                int lane = BitOperations.TrailingZeroCount(left);
                TWide first = TWide.CreateTruncating(LaneMask.Get<T>(w->Registers + i->A, lane));
                TWide second = TWide.CreateTruncating(LaneMask.Get<T>(w->Registers + i->B, lane));
                if ((mode & (MultipliesLow | MultipliesHigh)) != 0)
                {
                    TWide product = first * second;
                    first = (mode & MultipliesHigh) != 0 ? product >> width : TWide.CreateTruncating(T.CreateTruncating(product));
                    second = TWide.CreateTruncating(LaneMask.Get<T>(w->Registers + i->C, lane));
                    first = Unsigned<T, TWide>(first);
                }

                first = Unsigned<T, TWide>(first);
                second = Unsigned<T, TWide>(second);
                TWide carry = (mode & ReadsCarry) != 0 && ((*carries >> lane) & 1) != 0 ? TWide.One : TWide.Zero;
                TWide result = (mode & Subtracts) != 0 ? first - second - carry : first + second + carry;
                LaneMask.Set(w->Registers + i->D, lane, T.CreateTruncating(result));
                if ((mode & WritesCarry) != 0)
                {
                    bool set = ((result >> width) & TWide.One) != TWide.Zero;
                    *carries = set ? *carries | (1U << lane) : *carries & ~(1U << lane);
                }
            }
        }

        return i + 1;
    }

    /// <summary>The low half without its sign: the carry is that of unsigned numbers.</summary>
    private static TWide Unsigned<T, TWide>(TWide value)
        where T : unmanaged
        where TWide : unmanaged, IBinaryInteger<TWide> => value & ((TWide.One << (sizeof(T) * 8)) - TWide.One);
}
