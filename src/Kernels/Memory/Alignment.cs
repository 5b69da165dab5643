using System.Numerics;

namespace Harness.Kernels.Memory;

/// <summary>Rounding up to a power of two, with or without a guard band.</summary>
internal static class Alignment
{
    /// <exception cref="CallerException">not a power of two, or a negative band</exception>
    public static void Require(long alignmentBytes, long guardBytes = 0)
    {
        if (guardBytes < 0)
        {
            throw new CallerException($"a guard band of {guardBytes} bytes is not possible; 0 is none");
        }

        if (!BitOperations.IsPow2(alignmentBytes))
        {
            throw new CallerException($"alignment {alignmentBytes} is not a power of two, such as 1, 64 or 256");
        }
    }

    /// <summary>The smallest multiple of the alignment that is not below <paramref name="bytes"/>.</summary>
    /// <exception cref="OverflowException">it is beyond 64 bits</exception>
    public static long RoundUp(long bytes, long alignmentBytes) => checked(bytes + (alignmentBytes - 1)) & -alignmentBytes;

    /// <summary>What a buffer takes with a band behind it that nobody may write.</summary>
    /// <exception cref="OverflowException">it is beyond 64 bits</exception>
    public static long Reserved(long bytes, long guardBytes, long alignmentBytes) => RoundUp(checked(bytes + guardBytes), alignmentBytes);
}
