using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>
/// Loads and stores of global and constant memory. An access that covers one range of bytes is checked once: inside one live buffer, aligned,
/// every byte written before it is read. Everything else is checked lane by lane, which also finds the lane to blame.
/// </summary>
/// <remarks>TMem is the element in memory, TReg the register's element that it is extended to: of 4 or 8 bytes.</remarks>
internal static unsafe class GlobalHandlers
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Load<TMem, TReg>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
    {
        unchecked
        {
            ulong* a = (ulong*)(w->Registers + i->A);
            uint exec = w->Exec;
            int first = BitOperations.TrailingZeroCount(exec);
            int count = BitOperations.PopCount(exec);
            ulong address = a[first] + (ulong)i->Immediate;
            TReg* d = (TReg*)(w->Registers + i->Elements[0]);
            if (AddressPatterns.IsRun(exec) && AddressPatterns.IsStrided(a, exec, (ulong)sizeof(TMem)))
            {
                if (!CanRead(w, i, address, (ulong)(count * sizeof(TMem)), (ulong)sizeof(TMem)))
                {
                    return LoadEach<TMem, TReg>(w, i);
                }

                w->BytesRead += count * sizeof(TMem);
                TMem* source = (TMem*)address;
                if (sizeof(TMem) != sizeof(TReg))
                {
                    for (int k = 0; k < count; k++)
                    {
                        d[first + k] = TReg.CreateTruncating(source[k]);
                    }
                }
                else if (exec == Warp.AllLanes)
                {
                    for (int k = 0; k < Warp.Lanes; k += Vector512<TMem>.Count)
                    {
                        Vector512.Load(source + k).Store((TMem*)d + k);
                    }
                }
                else
                {
                    Unsafe.CopyBlockUnaligned(d + first, source, (uint)(count * sizeof(TMem)));
                }

                return i + 1;
            }

            if (AddressPatterns.IsStrided(a, exec, 0) && CanRead(w, i, address, (ulong)sizeof(TMem), (ulong)sizeof(TMem)))
            {
                w->BytesRead += count * sizeof(TMem);
                Vector512<TReg> value = Vector512.Create(TReg.CreateTruncating(*(TMem*)address));
                for (int k = 0; k < Warp.Lanes; k += Vector512<TReg>.Count)
                {
                    LaneMask.Store(value, d + k, exec, k);
                }

                return i + 1;
            }

            return LoadEach<TMem, TReg>(w, i);
        }
    }

    /// <summary><c>.v2</c>, <c>.v4</c>, <c>.v8</c>: <see cref="Instruction.Mode"/> elements a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* LoadVector<TMem, TReg>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
    {
        unchecked
        {
            ulong* a = (ulong*)(w->Registers + i->A);
            uint exec = w->Exec;
            int width = i->Mode;
            ulong bytes = (ulong)(width * sizeof(TMem));
            int first = BitOperations.TrailingZeroCount(exec);
            int count = BitOperations.PopCount(exec);
            ulong address = a[first] + (ulong)i->Immediate;
            if (AddressPatterns.IsRun(exec) && AddressPatterns.IsStrided(a, exec, bytes) && CanRead(w, i, address, bytes * (ulong)count, bytes))
            {
                w->BytesRead += (long)bytes * count;
                TMem* source = (TMem*)address;
                if (sizeof(TMem) == 4 && width == 4 && exec == Warp.AllLanes)
                {
                    Interleaving.Split4((float*)address, w->Registers, i);
                    return i + 1;
                }

                for (int element = 0; element < width; element++)
                {
                    if (i->Elements[element] >= 0)
                    {
                        TReg* d = (TReg*)(w->Registers + i->Elements[element]) + first;
                        for (int k = 0; k < count; k++)
                        {
                            d[k] = TReg.CreateTruncating(source[(k * width) + element]);
                        }
                    }
                }

                return i + 1;
            }

            return LoadEach<TMem, TReg>(w, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* Store<TMem, TReg>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
    {
        unchecked
        {
            ulong* a = (ulong*)(w->Registers + i->A);
            uint exec = w->Exec;
            int first = BitOperations.TrailingZeroCount(exec);
            int count = BitOperations.PopCount(exec);
            ulong address = a[first] + (ulong)i->Immediate;
            if (AddressPatterns.IsRun(exec)
                && AddressPatterns.IsStrided(a, exec, (ulong)sizeof(TMem))
                && CanWrite(w, i, address, (ulong)(count * sizeof(TMem)), (ulong)sizeof(TMem)))
            {
                w->BytesWritten += count * sizeof(TMem);
                TReg* s = (TReg*)(w->Registers + i->Elements[0]);
                TMem* destination = (TMem*)address;
                if (sizeof(TMem) != sizeof(TReg))
                {
                    for (int k = 0; k < count; k++)
                    {
                        destination[k] = TMem.CreateTruncating(s[first + k]);
                    }
                }
                else if (exec == Warp.AllLanes)
                {
                    for (int k = 0; k < Warp.Lanes; k += Vector512<TMem>.Count)
                    {
                        Vector512.Load((TMem*)s + k).Store(destination + k);
                    }
                }
                else
                {
                    Unsafe.CopyBlockUnaligned(destination, s + first, (uint)(count * sizeof(TMem)));
                }

                return i + 1;
            }

            return StoreEach<TMem, TReg>(w, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Instruction* StoreVector<TMem, TReg>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
    {
        unchecked
        {
            ulong* a = (ulong*)(w->Registers + i->A);
            uint exec = w->Exec;
            int width = i->Mode;
            ulong bytes = (ulong)(width * sizeof(TMem));
            int first = BitOperations.TrailingZeroCount(exec);
            int count = BitOperations.PopCount(exec);
            ulong address = a[first] + (ulong)i->Immediate;
            if (AddressPatterns.IsRun(exec) && AddressPatterns.IsStrided(a, exec, bytes) && CanWrite(w, i, address, bytes * (ulong)count, bytes))
            {
                w->BytesWritten += (long)bytes * count;
                TMem* destination = (TMem*)address;
                if (sizeof(TMem) == 4 && width == 4 && exec == Warp.AllLanes)
                {
                    Interleaving.Join4((float*)address, w->Registers, i);
                    return i + 1;
                }

                for (int element = 0; element < width; element++)
                {
                    TReg* s = (TReg*)(w->Registers + i->Elements[element]) + first;
                    for (int k = 0; k < count; k++)
                    {
                        destination[(k * width) + element] = TMem.CreateTruncating(s[k]);
                    }
                }

                return i + 1;
            }

            return StoreEach<TMem, TReg>(w, i);
        }
    }

    /// <summary>The host address of one lane's access, checked and marked. For atomics too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Checked(Warp* w, Instruction* i, int lane, ulong address, ulong bytes, bool reads, bool writes)
    {
        unchecked
        {
            LiveBuffer* buffer = w->Cache[i->CacheSlot];
            if (buffer == null || address < buffer->Start || address + bytes > buffer->End || address + bytes < address)
            {
                buffer = MemoryMap.Find(w->Memory, address);
                if (buffer == null || address + bytes > buffer->End || address + bytes < address)
                {
                    throw WarpFault.Of(FaultKind.OutOfBounds, i, lane, address, (long)bytes);
                }

                w->Cache[i->CacheSlot] = buffer;
            }

            if ((address & (bytes - 1)) != 0)
            {
                throw WarpFault.Of(FaultKind.Misaligned, i, lane, address, (long)bytes);
            }

            ulong bit = address - buffer->RegionStart;
            if (reads)
            {
                if (!ShadowBits.AllSet(buffer->Written, bit, bytes))
                {
                    ulong first = ShadowBits.FirstClear(buffer->Written, bit, bytes);
                    throw WarpFault.Of(FaultKind.Unwritten, i, lane, buffer->RegionStart + first, (long)bytes);
                }

                ShadowBits.Set(buffer->Read, bit, bytes);
            }

            if (writes)
            {
                ShadowBits.Set(buffer->Written, bit, bytes);
            }

            return (byte*)address;
        }
    }

    private static Instruction* LoadEach<TMem, TReg>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
    {
        unchecked
        {
            ulong* a = (ulong*)(w->Registers + i->A);
            int width = i->Mode;
            uint bytes = (uint)(width * sizeof(TMem));
            TMem* values = stackalloc TMem[8];
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                Unsafe.CopyBlockUnaligned(values, Checked(w, i, lane, a[lane] + (ulong)i->Immediate, bytes, true, false), bytes);
                for (int element = 0; element < width; element++)
                {
                    if (i->Elements[element] >= 0)
                    {
                        ((TReg*)(w->Registers + i->Elements[element]))[lane] = TReg.CreateTruncating(values[element]);
                    }
                }
            }

            w->BytesRead += BitOperations.PopCount(w->Exec) * bytes;
            return i + 1;
        }
    }

    private static Instruction* StoreEach<TMem, TReg>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
    {
        unchecked
        {
            ulong* a = (ulong*)(w->Registers + i->A);
            int width = i->Mode;
            uint bytes = (uint)(width * sizeof(TMem));
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                var destination = (TMem*)Checked(w, i, lane, a[lane] + (ulong)i->Immediate, bytes, false, true);
                for (int element = 0; element < width; element++)
                {
                    destination[element] = TMem.CreateTruncating(((TReg*)(w->Registers + i->Elements[element]))[lane]);
                }
            }

            w->BytesWritten += BitOperations.PopCount(w->Exec) * bytes;
            return i + 1;
        }
    }

    /// <summary>Marks the range read and says true, or says false where anything is wrong with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool CanRead(Warp* w, Instruction* i, ulong address, ulong bytes, ulong alignment)
    {
        unchecked
        {
            LiveBuffer* buffer = Buffer(w, i, address, bytes);
            if (buffer == null || (address & (alignment - 1)) != 0 || !ShadowBits.AllSet(buffer->Written, address - buffer->RegionStart, bytes))
            {
                return false;
            }

            ShadowBits.Set(buffer->Read, address - buffer->RegionStart, bytes);
            return true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool CanWrite(Warp* w, Instruction* i, ulong address, ulong bytes, ulong alignment)
    {
        unchecked
        {
            LiveBuffer* buffer = Buffer(w, i, address, bytes);
            if (buffer == null || (address & (alignment - 1)) != 0)
            {
                return false;
            }

            ShadowBits.Set(buffer->Written, address - buffer->RegionStart, bytes);
            return true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static LiveBuffer* Buffer(Warp* w, Instruction* i, ulong address, ulong bytes)
    {
        unchecked
        {
            LiveBuffer* buffer = w->Cache[i->CacheSlot];
            if (buffer != null && address >= buffer->Start && address + bytes <= buffer->End && address + bytes > address)
            {
                return buffer;
            }

            buffer = MemoryMap.Find(w->Memory, address);
            if (buffer == null || address + bytes > buffer->End || address + bytes < address)
            {
                return null;
            }

            return w->Cache[i->CacheSlot] = buffer;
        }
    }
}
