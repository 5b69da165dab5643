using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Harness.Kernels.Devices;

/// <summary>A part of an image's row, every so many pixels, as a convolution reads it: zeros lie around the image.</summary>
internal static unsafe class StridedRow
{
    /// <summary>to[i] = row[start + i * stride] where that is inside the row, else 0, for i below count.</summary>
    public static void Read(float* row, nint width, nint start, nint stride, nint count, float* to)
    {
        unchecked
        {
            (nint from, nint end) = Inside(width, start, stride, count);
            NativeMemory.Clear(to, (nuint)(from * sizeof(float)));
            NativeMemory.Clear(to + end, (nuint)((count - end) * sizeof(float)));
            ReadInside(row, start, stride, from, end, to);
        }
    }

    /// <summary>As <see cref="Read"/>, over what is zero already.</summary>
    public static void ReadOverZeros(float* row, nint width, nint start, nint stride, nint count, float* to)
    {
        (nint from, nint end) = Inside(width, start, stride, count);
        ReadInside(row, start, stride, from, end, to);
    }

    private static (nint From, nint End) Inside(nint width, nint start, nint stride, nint count)
    {
        unchecked
        {
            nint from = start >= 0 ? 0 : Math.Min(count, (-start + stride - 1) / stride);
            nint end = start >= width ? from : Math.Max(from, Math.Min(count, (width - 1 - start) / stride + 1));
            return (from, end);
        }
    }

    private static void ReadInside(float* row, nint start, nint stride, nint from, nint end, float* to)
    {
        unchecked
        {
            if (stride == 1)
            {
                Unsafe.CopyBlockUnaligned(to + from, row + start + from, (uint)((end - from) * sizeof(float)));
                return;
            }

            for (nint i = from; i < end; i++)
            {
                to[i] = row[start + i * stride];
            }
        }
    }
}
