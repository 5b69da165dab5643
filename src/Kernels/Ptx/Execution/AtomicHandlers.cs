using System.Numerics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>The new value from the old one and the operands.</summary>
internal interface IAtomic<T>
    where T : unmanaged
{
    static abstract T Invoke(T old, T b, T c);
}

/// <summary>
/// <c>atom</c> and <c>red</c>. Lanes take their turns in lane order. Global memory is shared with blocks that run on other threads, so the
/// new value goes in by compare and exchange; a block's shared memory belongs to one thread.
/// </summary>
internal readonly unsafe struct Atomics<T, TOp> : ISpaces
    where T : unmanaged, IEquatable<T>
    where TOp : IAtomic<T>
{
    public static Instruction* Global(Warp* w, Instruction* i)
    {
        unchecked
        {
            ulong* a = (ulong*)(w->Registers + i->A);
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                var place = (T*)GlobalHandlers.Checked(w, i, lane, a[lane] + (ulong)i->Immediate, (ulong)sizeof(T), true, true);
                T b = LaneMask.Get<T>(w->Registers + i->B, lane);
                T c = LaneMask.Get<T>(w->Registers + i->Elements[0], lane);
                T old;
                do
                {
                    old = *place;
                }
                while (!Interlocked.CompareExchange(ref *place, TOp.Invoke(old, b, c), old).Equals(old));

                if (i->D >= 0)
                {
                    LaneMask.Set(w->Registers + i->D, lane, old);
                }
            }

            long bytes = (long)BitOperations.PopCount(w->Exec) * sizeof(T);
            w->BytesRead += bytes;
            w->BytesWritten += bytes;
            return i + 1;
        }
    }

    public static Instruction* Shared(Warp* w, Instruction* i) => SharedAt<ulong>(w, i);

    public static Instruction* SharedAt<TAddress>(Warp* w, Instruction* i)
        where TAddress : unmanaged
    {
        for (uint left = w->Exec; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ulong offset = SharedHandlers.Offset<TAddress>(w, i, lane);
            var place = (T*)SharedHandlers.Checked(w, i, lane, offset, (uint)sizeof(T));
            SharedTags.Atomic(w, i, lane, (uint)offset, (uint)sizeof(T));
            T old = *place;
            *place = TOp.Invoke(old, LaneMask.Get<T>(w->Registers + i->B, lane), LaneMask.Get<T>(w->Registers + i->Elements[0], lane));
            if (i->D >= 0)
            {
                LaneMask.Set(w->Registers + i->D, lane, old);
            }
        }

        return i + 1;
    }

    public static Instruction* Local(Warp* w, Instruction* i) =>
        throw WarpFault.Of(FaultKind.LocalOutOfBounds, i, BitOperations.TrailingZeroCount(w->Exec), ((ulong*)(w->Registers + i->A))[0], sizeof(T));

    public static Instruction* Parameter(Warp* w, Instruction* i) =>
        throw WarpFault.Of(FaultKind.ConstantStore, i, BitOperations.TrailingZeroCount(w->Exec));
}

/// <summary>A two-operand operation as an atomic one.</summary>
internal readonly struct AtomicOf<TOp, T> : IAtomic<T>
    where TOp : IScalarBinary<T, T, T>
    where T : unmanaged
{
    public static T Invoke(T old, T b, T c) => TOp.Invoke(old, b);
}

internal readonly struct AtomicExchange<T> : IAtomic<T>
    where T : unmanaged
{
    public static T Invoke(T old, T b, T c) => b;
}

internal readonly struct AtomicCompareAndSwap<T> : IAtomic<T>
    where T : unmanaged, IEquatable<T>
{
    public static T Invoke(T old, T b, T c) => old.Equals(b) ? c : old;
}

/// <summary>Counts up to b, then starts at 0.</summary>
internal readonly struct AtomicIncrement : IAtomic<uint>
{
    public static uint Invoke(uint old, uint b, uint c) => old >= b ? 0 : old + 1;
}

/// <summary>Counts down to 0, then starts at b.</summary>
internal readonly struct AtomicDecrement : IAtomic<uint>
{
    public static uint Invoke(uint old, uint b, uint c) => old == 0 || old > b ? b : old - 1;
}

internal readonly struct And1<T> : IScalarBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, T b) => a & b;
}

internal readonly struct Or1<T> : IScalarBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, T b) => a | b;
}

internal readonly struct Xor1<T> : IScalarBinary<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Invoke(T a, T b) => a ^ b;
}

/// <summary>Signed minimum and maximum on the bits that compare and exchange works on.</summary>
internal readonly struct AsBits<TOp, T, TBits> : IScalarBinary<TBits, TBits, TBits>
    where TOp : IScalarBinary<T, T, T>
    where T : unmanaged
    where TBits : unmanaged
{
    public static TBits Invoke(TBits a, TBits b)
    {
        T result = TOp.Invoke(System.Runtime.CompilerServices.Unsafe.BitCast<TBits, T>(a), System.Runtime.CompilerServices.Unsafe.BitCast<TBits, T>(b));
        return System.Runtime.CompilerServices.Unsafe.BitCast<T, TBits>(result);
    }
}

internal readonly struct SingleAdd : IScalarBinary<float, float, float>
{
    public static float Invoke(float a, float b) => Canonical.Of(a + b);
}

internal readonly struct DoubleAdd : IScalarBinary<double, double, double>
{
    public static double Invoke(double a, double b) => Canonical.Of(a + b);
}
