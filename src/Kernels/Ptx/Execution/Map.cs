using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

internal interface IUnary<T>
    where T : unmanaged
{
    static abstract Vector512<T> Invoke(Vector512<T> a);
}

internal interface IBinary<T>
    where T : unmanaged
{
    static abstract Vector512<T> Invoke(Vector512<T> a, Vector512<T> b);
}

internal interface ITernary<T>
    where T : unmanaged
{
    static abstract Vector512<T> Invoke(Vector512<T> a, Vector512<T> b, Vector512<T> c);
}

internal interface IScalarUnary<TA, TD>
{
    static abstract TD Invoke(TA a);
}

internal interface IScalarBinary<TA, TB, TD>
{
    static abstract TD Invoke(TA a, TB b);
}

internal interface IScalarTernary<TA, TB, TC, TD>
{
    static abstract TD Invoke(TA a, TB b, TC c);
}

/// <summary>
/// Handlers that apply one operation to every lane. The vector forms serve 32-bit and 64-bit types: all lanes are computed, two or four
/// vectors, and the lanes outside the mask keep their old value. The scalar forms serve everything else, lane by lane.
/// </summary>
internal static unsafe class Map
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Unary<TOp, T>(Warp* w, Instruction* i)
        where TOp : IUnary<T>
        where T : unmanaged
    {
        unchecked
        {
            T* a = (T*)(w->Registers + i->A);
            T* d = (T*)(w->Registers + i->D);
            uint mask = w->Exec;
            if (mask == Warp.AllLanes)
            {
                for (int k = 0; k < Warp.Lanes; k += Vector512<T>.Count)
                {
                    TOp.Invoke(Vector512.Load(a + k)).Store(d + k);
                }
            }
            else
            {
                for (int k = 0; k < Warp.Lanes; k += Vector512<T>.Count)
                {
                    LaneMask.Store(TOp.Invoke(Vector512.Load(a + k)), d + k, mask, k);
                }
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Binary<TOp, T>(Warp* w, Instruction* i)
        where TOp : IBinary<T>
        where T : unmanaged
    {
        unchecked
        {
            T* a = (T*)(w->Registers + i->A);
            T* b = (T*)(w->Registers + i->B);
            T* d = (T*)(w->Registers + i->D);
            uint mask = w->Exec;
            if (mask == Warp.AllLanes)
            {
                for (int k = 0; k < Warp.Lanes; k += Vector512<T>.Count)
                {
                    TOp.Invoke(Vector512.Load(a + k), Vector512.Load(b + k)).Store(d + k);
                }
            }
            else
            {
                for (int k = 0; k < Warp.Lanes; k += Vector512<T>.Count)
                {
                    LaneMask.Store(TOp.Invoke(Vector512.Load(a + k), Vector512.Load(b + k)), d + k, mask, k);
                }
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Ternary<TOp, T>(Warp* w, Instruction* i)
        where TOp : ITernary<T>
        where T : unmanaged
    {
        unchecked
        {
            T* a = (T*)(w->Registers + i->A);
            T* b = (T*)(w->Registers + i->B);
            T* c = (T*)(w->Registers + i->C);
            T* d = (T*)(w->Registers + i->D);
            uint mask = w->Exec;
            if (mask == Warp.AllLanes)
            {
                for (int k = 0; k < Warp.Lanes; k += Vector512<T>.Count)
                {
                    TOp.Invoke(Vector512.Load(a + k), Vector512.Load(b + k), Vector512.Load(c + k)).Store(d + k);
                }
            }
            else
            {
                for (int k = 0; k < Warp.Lanes; k += Vector512<T>.Count)
                {
                    LaneMask.Store(TOp.Invoke(Vector512.Load(a + k), Vector512.Load(b + k), Vector512.Load(c + k)), d + k, mask, k);
                }
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Scalar1<TOp, TA, TD>(Warp* w, Instruction* i)
        where TOp : IScalarUnary<TA, TD>
        where TA : unmanaged
        where TD : unmanaged
    {
        unchecked
        {
            byte* a = w->Registers + i->A;
            byte* d = w->Registers + i->D;
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                LaneMask.Set(d, lane, TOp.Invoke(LaneMask.Get<TA>(a, lane)));
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Scalar2<TOp, TA, TB, TD>(Warp* w, Instruction* i)
        where TOp : IScalarBinary<TA, TB, TD>
        where TA : unmanaged
        where TB : unmanaged
        where TD : unmanaged
    {
        unchecked
        {
            byte* a = w->Registers + i->A;
            byte* b = w->Registers + i->B;
            byte* d = w->Registers + i->D;
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                LaneMask.Set(d, lane, TOp.Invoke(LaneMask.Get<TA>(a, lane), LaneMask.Get<TB>(b, lane)));
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Scalar3<TOp, TA, TB, TC, TD>(Warp* w, Instruction* i)
        where TOp : IScalarTernary<TA, TB, TC, TD>
        where TA : unmanaged
        where TB : unmanaged
        where TC : unmanaged
        where TD : unmanaged
    {
        unchecked
        {
            byte* a = w->Registers + i->A;
            byte* b = w->Registers + i->B;
            byte* c = w->Registers + i->C;
            byte* d = w->Registers + i->D;
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                TD value = TOp.Invoke(LaneMask.Get<TA>(a, lane), LaneMask.Get<TB>(b, lane), LaneMask.Get<TC>(c, lane));
                LaneMask.Set(d, lane, value);
            }

            return i + 1;
        }
    }
}
