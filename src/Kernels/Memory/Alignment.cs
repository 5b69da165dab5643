using System.Numerics;

namespace Harness.Kernels.Memory;

/// <summary>Rounding up to a power of two.</summary>
internal static class Alignment
{
    /// <exception cref="CallerException">not a power of two</exception>
    public static void Require(long alignmentBytes)
    {
        if (!BitOperations.IsPow2(alignmentBytes))
        {
            throw new CallerException($"alignment {alignmentBytes} is not a power of two, such as 1, 64 or 256");
        }
    }

    /// <summary>The smallest multiple of the alignment that is not below <paramref name="bytes"/>.</summary>
    /// <exception cref="OverflowException">it is beyond 64 bits</exception>
    public static long RoundUp(long bytes, long alignmentBytes) => checked(bytes + (alignmentBytes - 1)) & -alignmentBytes;
}
