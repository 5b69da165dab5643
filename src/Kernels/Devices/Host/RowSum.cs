using System.Numerics;

namespace Harness.Kernels.Devices;

/// <summary>What a gradient does with a row of sums: it is the result, or a part of one.</summary>
internal static unsafe class RowSum
{
    /// <summary>to[i] = from[i], or that added to to[i].</summary>
    public static void Write(float* from, nint count, bool adds, float* to)
    {
        unchecked
        {
            if (!adds)
            {
                new ReadOnlySpan<float>(from, (int)count).CopyTo(new Span<float>(to, (int)count));
                return;
            }

            nint i = 0;
            for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector.Store(Vector.Load(to + i) + Vector.Load(from + i), to + i);
            }

            for (; i < count; i++)
            {
                to[i] += from[i];
            }
        }
    }
}
