using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Ptx.Execution;

/// <summary>A 32-bit lane mask as vector masks, and registers lane by lane.</summary>
internal static unsafe class LaneMask
{
    /// <summary>All ones in the elements whose lane, counted from <paramref name="firstLane"/>, is in the mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Of<T>(uint mask, int firstLane)
        where T : unmanaged
    {
        unchecked
        {
            if (sizeof(T) == 8)
            {
                Vector512<ulong> bits64 = Vector512.Create(1UL, 2, 4, 8, 16, 32, 64, 128);
                return Vector512.Equals(Vector512.Create((ulong)(mask >> firstLane)) & bits64, bits64).As<ulong, T>();
            }

            Vector512<uint> bits = Vector512.Create(1U, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
            return Vector512.Equals(Vector512.Create(mask >> firstLane) & bits, bits).As<uint, T>();
        }
    }

    /// <summary>Stores the lanes of the mask, keeps the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(Vector512<T> value, T* destination, uint mask, int firstLane)
        where T : unmanaged =>
        Vector512.ConditionalSelect(Of<T>(mask, firstLane), value, Vector512.Load(destination)).Store(destination);

    /// <summary>Lane of a register: registers of up to 32 bits have 4 bytes a lane, 64-bit registers 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Get<T>(byte* register, int lane)
        where T : unmanaged => *(T*)(register + lane * (sizeof(T) == 8 ? 8 : 4));

    /// <summary>The bits above a type of 8 or 16 bits become zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set<T>(byte* register, int lane, T value)
        where T : unmanaged
    {
        if (sizeof(T) == 8)
        {
            ((T*)register)[lane] = value;
        }
        else
        {
            ((uint*)register)[lane] = sizeof(T) == 4 ? *(uint*)&value : sizeof(T) == 2 ? *(ushort*)&value : *(byte*)&value;
        }
    }
}
