using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

// Comparisons (PTX ISA, "setp", "set"): ordered ones are false with a NaN, the ...u forms true.

internal readonly struct IsEqual<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => Vector512.Equals(a, b);
}

/// <summary><c>ne</c>: for floating point false with a NaN.</summary>
internal readonly struct IsNotEqual<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => typeof(T) == typeof(float) || typeof(T) == typeof(double)
        ? Vector512.LessThan(a, b) | Vector512.GreaterThan(a, b)
        : ~Vector512.Equals(a, b);
}

internal readonly struct IsLess<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => Vector512.LessThan(a, b);
}

internal readonly struct IsLessOrEqual<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => Vector512.LessThanOrEqual(a, b);
}

internal readonly struct IsGreater<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => Vector512.GreaterThan(a, b);
}

internal readonly struct IsGreaterOrEqual<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => Vector512.GreaterThanOrEqual(a, b);
}

/// <summary><c>num</c>: neither is a NaN.</summary>
internal readonly struct IsOrdered<T> : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => Vector512.Equals(a, a) & Vector512.Equals(b, b);
}

/// <summary>The opposite: from <c>lt</c> comes <c>geu</c>, from <c>num</c> comes <c>nan</c>.</summary>
internal readonly struct Opposite<TOp, T> : IBinary<T>
    where TOp : IBinary<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Invoke(Vector512<T> a, Vector512<T> b) => ~TOp.Invoke(a, b);
}

/// <summary>Subnormal operands count as zeros (<c>setp.ftz</c>).</summary>
internal readonly struct FlushedOperands<TOp> : IBinary<float>
    where TOp : IBinary<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Invoke(Vector512<float> a, Vector512<float> b) => TOp.Invoke(FloatRules.Flush(a), FloatRules.Flush(b));
}

/// <summary>Handlers that make predicates. A predicate is one bit a lane.</summary>
internal static unsafe class Compare
{
    /// <summary>What 8-bit and 16-bit operands are widened to before they are compared.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Vector<TOp, T>(Warp* w, Instruction* i)
        where TOp : IBinary<T>
        where T : unmanaged
    {
        unchecked
        {
            T* a = (T*)(w->Registers + i->A);
            T* b = (T*)(w->Registers + i->B);
            uint bits = 0;
            for (int k = 0; k < Warp.Lanes; k += Vector512<T>.Count)
            {
                bits |= (uint)TOp.Invoke(Vector512.Load(a + k), Vector512.Load(b + k)).ExtractMostSignificantBits() << k;
            }

            Write((uint*)(w->Registers + i->D), bits, w->Exec);
            return i + 1;
        }
    }

    /// <summary>A predicate as a register of the result's type: all ones, 1.0 or 0 (<c>set</c>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Spread(Warp* w, Instruction* i)
    {
        unchecked
        {
            uint bits = *(uint*)(w->Registers + i->A);
            uint* d = (uint*)(w->Registers + i->D);
            Vector512<uint> one = Vector512.Create((uint)i->Immediate);
            for (int k = 0; k < Warp.Lanes; k += 16)
            {
                LaneMask.Store(LaneMask.Of<uint>(bits, k) & one, d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(uint* destination, uint bits, uint exec) => *destination = (*destination & ~exec) | (bits & exec);
}

/// <summary>Handlers on predicates: logic, copies, selection.</summary>
internal static unsafe class PredicateHandlers
{
    /// <summary>Immediate bits say which operand is negated: 1 for A, 2 for B, 4 for C.</summary>
    private static uint Operand(Warp* w, int offset, long negated, int bit) => *(uint*)(w->Registers + offset) ^ ((negated & bit) != 0 ? uint.MaxValue : 0);

    public static Instruction* Move(Warp* w, Instruction* i)
    {
        Compare.Write((uint*)(w->Registers + i->D), Operand(w, i->A, i->Immediate, 1), w->Exec);
        return i + 1;
    }

    public static Instruction* And(Warp* w, Instruction* i)
    {
        Compare.Write((uint*)(w->Registers + i->D), Operand(w, i->A, i->Immediate, 1) & Operand(w, i->B, i->Immediate, 2), w->Exec);
        return i + 1;
    }

    public static Instruction* Or(Warp* w, Instruction* i)
    {
        Compare.Write((uint*)(w->Registers + i->D), Operand(w, i->A, i->Immediate, 1) | Operand(w, i->B, i->Immediate, 2), w->Exec);
        return i + 1;
    }

    public static Instruction* Xor(Warp* w, Instruction* i)
    {
        Compare.Write((uint*)(w->Registers + i->D), Operand(w, i->A, i->Immediate, 1) ^ Operand(w, i->B, i->Immediate, 2), w->Exec);
        return i + 1;
    }

    /// <summary><c>selp</c>: A where the predicate C holds, else B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Select<T>(Warp* w, Instruction* i)
        where T : unmanaged
    {
        unchecked
        {
            T* a = (T*)(w->Registers + i->A);
            T* b = (T*)(w->Registers + i->B);
            T* d = (T*)(w->Registers + i->D);
            uint bits = Operand(w, i->C, i->Immediate, 4);
            for (int k = 0; k < Warp.Lanes; k += Vector512<T>.Count)
            {
                LaneMask.Store(Vector512.ConditionalSelect(LaneMask.Of<T>(bits, k), Vector512.Load(a + k), Vector512.Load(b + k)), d + k, w->Exec, k);
            }

            return i + 1;
        }
    }
}

/// <summary><c>slct</c>: a where c is not negative, else b.</summary>
internal readonly struct SelectBySign<T, TC> : IScalarTernary<T, T, TC, T>
    where T : unmanaged
    where TC : unmanaged, INumber<TC>
{
    public static T Invoke(T a, T b, TC c) => c >= TC.Zero ? a : b;
}
