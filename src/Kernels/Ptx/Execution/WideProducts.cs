using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>The wide products and extensions that address arithmetic uses in every kernel, in vector form.</summary>
internal static unsafe class WideProducts
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* MultiplySigned(Warp* w, Instruction* i)
    {
        unchecked
        {
            int* a = (int*)(w->Registers + i->A);
            int* b = (int*)(w->Registers + i->B);
            long* d = (long*)(w->Registers + i->D);
            for (int k = 0; k < Warp.Lanes; k += 8)
            {
                (Vector512<long> left, Vector512<long> right) = (Widen(a + k), Widen(b + k));
                LaneMask.Store(left * right, d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* MultiplyUnsigned(Warp* w, Instruction* i)
    {
        unchecked
        {
            uint* a = (uint*)(w->Registers + i->A);
            uint* b = (uint*)(w->Registers + i->B);
            ulong* d = (ulong*)(w->Registers + i->D);
            for (int k = 0; k < Warp.Lanes; k += 8)
            {
                LaneMask.Store(Widen(a + k) * Widen(b + k), d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* MultiplyAddSigned(Warp* w, Instruction* i)
    {
        unchecked
        {
            int* a = (int*)(w->Registers + i->A);
            int* b = (int*)(w->Registers + i->B);
            long* c = (long*)(w->Registers + i->C);
            long* d = (long*)(w->Registers + i->D);
            for (int k = 0; k < Warp.Lanes; k += 8)
            {
                LaneMask.Store((Widen(a + k) * Widen(b + k)) + Vector512.Load(c + k), d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* MultiplyAddUnsigned(Warp* w, Instruction* i)
    {
        unchecked
        {
            uint* a = (uint*)(w->Registers + i->A);
            uint* b = (uint*)(w->Registers + i->B);
            ulong* c = (ulong*)(w->Registers + i->C);
            ulong* d = (ulong*)(w->Registers + i->D);
            for (int k = 0; k < Warp.Lanes; k += 8)
            {
                LaneMask.Store((Widen(a + k) * Widen(b + k)) + Vector512.Load(c + k), d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    /// <summary><c>cvt.s64.s32</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* ExtendSigned(Warp* w, Instruction* i)
    {
        unchecked
        {
            int* a = (int*)(w->Registers + i->A);
            long* d = (long*)(w->Registers + i->D);
            for (int k = 0; k < Warp.Lanes; k += 8)
            {
                LaneMask.Store(Widen(a + k), d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    /// <summary><c>cvt.u64.u32</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* ExtendUnsigned(Warp* w, Instruction* i)
    {
        unchecked
        {
            uint* a = (uint*)(w->Registers + i->A);
            ulong* d = (ulong*)(w->Registers + i->D);
            for (int k = 0; k < Warp.Lanes; k += 8)
            {
                LaneMask.Store(Widen(a + k), d + k, w->Exec, k);
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> Widen(int* values)
    {
        Vector256<int> narrow = Vector256.Load(values);
        return Vector512.Create(Vector256.WidenLower(narrow), Vector256.WidenUpper(narrow));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Widen(uint* values)
    {
        Vector256<uint> narrow = Vector256.Load(values);
        return Vector512.Create(Vector256.WidenLower(narrow), Vector256.WidenUpper(narrow));
    }
}
