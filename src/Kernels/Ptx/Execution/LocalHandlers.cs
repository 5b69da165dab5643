using System.Numerics;
using System.Runtime.CompilerServices;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>Where the state spaces lie in the generic address space. No host address is so high.</summary>
internal static class Windows
{
    public const ulong Shared = 0x7F00_0000_0000_0000;
    public const ulong Local = 0x7E00_0000_0000_0000;
    public const ulong Parameters = 0x7D00_0000_0000_0000;

    /// <summary>The bits that tell the windows apart; 0 for global memory.</summary>
    public const ulong Mask = 0xFF00_0000_0000_0000;
}

/// <summary>Local memory, a thread's own: local variables and the parameters of functions. And the kernel's parameters, which all threads read.</summary>
internal static unsafe class LocalHandlers
{
    public static Instruction* Load<TMem, TReg, TAddress>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
        where TAddress : unmanaged, IBinaryInteger<TAddress>
    {
        unchecked
        {
            int width = i->Mode;
            uint bytes = (uint)(width * sizeof(TMem));
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                ulong offset = SharedHandlers.Offset<TAddress>(w, i, lane);
                Check(w, i, lane, offset, bytes);
                byte* written = w->LocalWritten + ((long)lane * w->LocalBytes) + offset;
                for (uint k = 0; k < bytes; k++)
                {
                    if (written[k] == 0)
                    {
                        throw WarpFault.Of(FaultKind.LocalUnwritten, i, lane, offset + k, bytes);
                    }
                }

                var source = (TMem*)(w->Local + ((long)lane * w->LocalBytes) + offset);
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

    public static Instruction* Store<TMem, TReg, TAddress>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
        where TAddress : unmanaged, IBinaryInteger<TAddress>
    {
        unchecked
        {
            int width = i->Mode;
            uint bytes = (uint)(width * sizeof(TMem));
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                ulong offset = SharedHandlers.Offset<TAddress>(w, i, lane);
                Check(w, i, lane, offset, bytes);
                Unsafe.InitBlockUnaligned(w->LocalWritten + ((long)lane * w->LocalBytes) + offset, 1, bytes);
                var destination = (TMem*)(w->Local + ((long)lane * w->LocalBytes) + offset);
                for (int element = 0; element < width; element++)
                {
                    destination[element] = TMem.CreateTruncating(((TReg*)(w->Registers + i->Elements[element]))[lane]);
                }
            }

            return i + 1;
        }
    }

    /// <summary>Copies <see cref="Instruction.Immediate"/> bytes from offset A to offset B of every lane's local memory: arguments and results of calls.</summary>
    public static Instruction* Copy(Warp* w, Instruction* i)
    {
        unchecked
        {
            uint bytes = (uint)i->Immediate;
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                long start = (long)BitOperations.TrailingZeroCount(left) * w->LocalBytes;
                Buffer.MemoryCopy(w->Local + start + i->A, w->Local + start + i->B, bytes, bytes);
                Buffer.MemoryCopy(w->LocalWritten + start + i->A, w->LocalWritten + start + i->B, bytes, bytes);
            }

            return i + 1;
        }
    }

    public static Instruction* LoadParameter<TMem, TReg, TAddress>(Warp* w, Instruction* i)
        where TMem : unmanaged, IBinaryInteger<TMem>
        where TReg : unmanaged, IBinaryInteger<TReg>
        where TAddress : unmanaged, IBinaryInteger<TAddress>
    {
        unchecked
        {
            int width = i->Mode;
            uint bytes = (uint)(width * sizeof(TMem));
            for (uint left = w->Exec; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                ulong offset = SharedHandlers.Offset<TAddress>(w, i, lane);
                if (offset >= (ulong)w->ParameterBytes || offset + bytes > (ulong)w->ParameterBytes)
                {
                    throw WarpFault.Of(FaultKind.ParameterOutOfBounds, i, lane, offset, bytes);
                }

                if ((offset & (bytes - 1)) != 0)
                {
                    throw WarpFault.Of(FaultKind.Misaligned, i, lane, offset | Windows.Parameters, bytes);
                }

                var source = (TMem*)(w->Parameters + offset);
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

    private static void Check(Warp* w, Instruction* i, int lane, ulong offset, uint bytes)
    {
        if (unchecked(offset >= (ulong)w->LocalBytes || offset + bytes > (ulong)w->LocalBytes))
        {
            throw WarpFault.Of(FaultKind.LocalOutOfBounds, i, lane, offset, bytes);
        }

        if ((offset & (bytes - 1)) != 0)
        {
            throw WarpFault.Of(FaultKind.Misaligned, i, lane, offset | Windows.Local, bytes);
        }
    }
}
