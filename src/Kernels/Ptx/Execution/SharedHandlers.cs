using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Loads and stores of shared memory; TAddress is the address register's type, the rest as in <see cref="GlobalHandlers"/>.</summary>
internal static unsafe class SharedHandlers
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Load<TMem, TReg, TAddress>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
        where TAddress : unmanaged, IBinaryInteger<TAddress>
    {
        unchecked
        {
            uint exec = w->Exec;
            int width = i->Mode;
            SharedMemory* s = w->Shared;
            uint bytes = (uint)(width * sizeof(TMem));
            if (sizeof(TMem) == 4 && width == 1 && IsFast(s, i))
            {
                int first = BitOperations.TrailingZeroCount(exec);
                ulong offset = Offset<TAddress>(w, i, first);
                if (exec == Warp.AllLanes
                    && IsStrided<TAddress>(w, i, exec, 4) && (offset & 3) == 0 && offset + 128 <= s->Bytes && SharedTags.TryRead32(s, (uint)offset >> 2, w->SharedTag))
                {
                    TMem* source = (TMem*)(s->Base + offset);
                    TMem* d = (TMem*)(w->Registers + i->Elements[0]);
                    Vector512.Load(source).Store(d);
                    Vector512.Load(source + 16).Store(d + 16);
                    return i + 1;
                }

                if (IsStrided<TAddress>(w, i, exec, 0))
                {
                    var source = (TMem*)Checked(w, i, first, offset, 4);
                    SharedTags.Read(w, i, first, (uint)offset, 4);
                    Vector512<TMem> value = Vector512.Create(*source);
                    TMem* d = (TMem*)(w->Registers + i->Elements[0]);
                    LaneMask.Store(value, d, exec, 0);
                    LaneMask.Store(value, d + 16, exec, 16);
                    return i + 1;
                }
            }

            for (uint left = exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                ulong offset = Offset<TAddress>(w, i, lane);
                var source = (TMem*)Checked(w, i, lane, offset, bytes);
                SharedTags.Read(w, i, lane, (uint)offset, bytes);
                for (int element = 0; element < width; element++)
                {
                    if (i->Elements[element] >= 0)
                    {
                        ((TReg*)(w->Registers + i->Elements[element]))[lane] = TReg.CreateTruncating(source[element]);
                    }
                }
            }

            return i + 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Store<TMem, TReg, TAddress>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
        where TAddress : unmanaged, IBinaryInteger<TAddress>
    {
        unchecked
        {
            uint exec = w->Exec;
            int width = i->Mode;
            SharedMemory* s = w->Shared;
            uint bytes = (uint)(width * sizeof(TMem));
            if (sizeof(TMem) == 4 && width == 1 && exec == Warp.AllLanes && IsFast(s, i) && IsStrided<TAddress>(w, i, exec, 4))
            {
                ulong offset = Offset<TAddress>(w, i, 0);
                if ((offset & 3) == 0 && offset + 128 <= s->Bytes && SharedTags.TryWrite32(s, (uint)offset >> 2, w->SharedTag))
                {
                    TMem* destination = (TMem*)(s->Base + offset);
                    TMem* source = (TMem*)(w->Registers + i->Elements[0]);
                    Vector512.Load(source).Store(destination);
                    Vector512.Load(source + 16).Store(destination + 16);
                    return i + 1;
                }
            }

            for (uint left = exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                ulong offset = Offset<TAddress>(w, i, lane);
                var destination = (TMem*)Checked(w, i, lane, offset, bytes);
                SharedTags.Write(w, i, lane, (uint)offset, bytes);
                for (int element = 0; element < width; element++)
                {
                    destination[element] = TMem.CreateTruncating(((TReg*)(w->Registers + i->Elements[element]))[lane]);
                }
            }

            CheckOneWriter<TMem, TReg, TAddress>(w, i);
            return i + 1;
        }
    }

    /// <summary>The host address of one lane's access. Strong and plain accesses alike.</summary>
    public static byte* Checked(Warp* w, Instruction* i, int lane, ulong offset, uint bytes)
    {
        SharedMemory* s = w->Shared;
        if (unchecked(offset >= s->Bytes || offset + bytes > s->Bytes))
        {
            throw WarpFault.Of(FaultKind.SharedOutOfBounds, i, lane, offset, bytes);
        }

        if ((offset & (bytes - 1)) != 0)
        {
            throw WarpFault.Of(FaultKind.Misaligned, i, lane, offset | Windows.Shared, bytes);
        }

        return unchecked(s->Base + offset);
    }

    /// <summary>Two lanes of one store that write different values to one place leave an unspecified one.</summary>
    private static void CheckOneWriter<TMem, TReg, TAddress>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
        where TAddress : unmanaged, IBinaryInteger<TAddress>
    {
        unchecked
        {
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                ulong offset = Offset<TAddress>(w, i, lane);
                var memory = (TMem*)(w->Shared->Base + offset);
                for (int element = 0; element < i->Mode; element++)
                {
                    if (memory[element] != TMem.CreateTruncating(((TReg*)(w->Registers + i->Elements[element]))[lane]))
                    {
                        throw WarpFault.Of(FaultKind.SharedStoreConflict, i, lane, offset);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsFast(SharedMemory* s, Instruction* i) => s->CellShift == 2 && s->AtomicTags == null && !i->IsStrong;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsStrided<TAddress>(Warp* w, Instruction* i, uint exec, uint stride)
        where TAddress : unmanaged => sizeof(TAddress) == 4
        ? AddressPatterns.IsStrided((uint*)(w->Registers + i->A), exec, stride)
        : AddressPatterns.IsStrided((ulong*)(w->Registers + i->A), exec, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Offset<TAddress>(Warp* w, Instruction* i, int lane)
        where TAddress : unmanaged
    {
        unchecked
        {
            // 32-bit addresses wrap at 32 bits, as the sum of register and offset does on the device.
            return sizeof(TAddress) == 4
                ? ((uint*)(w->Registers + i->A))[lane] + (uint)i->Immediate
                : ((ulong*)(w->Registers + i->A))[lane] + (ulong)i->Immediate;
        }
    }
}
