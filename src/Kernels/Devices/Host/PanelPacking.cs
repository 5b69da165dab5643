using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Devices;

/// <summary>Copies blocks of column-major operands into the layouts that <see cref="PanelKernel"/> reads. Strides in floats.</summary>
internal static unsafe class PanelPacking
{
    private const int Lanes = PanelKernel.Lanes;
    private const int Depth = PanelKernel.DepthGroup;

    public static nint RoundUpDepth(nint depth) => (depth + Depth - 1) / Depth * Depth;

    /// <summary>
    /// One panel of op(A): panel[k * 32 + i] = op(A)(i, k), zero for rows from <paramref name="rows"/> to 32 and for k from
    /// <paramref name="depth"/> to the next multiple of 16.
    /// </summary>
    /// <param name="a">op(A)(0, 0) of the panel: element (i, k) is a[i + k * ld], or a[k + i * ld] where transposed</param>
    public static void Left(float* a, nint ld, bool transposed, nint rows, nint depth, float* panel)
    {
        unchecked
        {
            if (rows < Lanes)
            {
                NativeMemory.Clear(panel, (nuint)(depth * Lanes * sizeof(float)));
            }

            if (transposed)
            {
                Transposed(a, ld, rows, depth, panel, Lanes);
            }
            else if (rows == Lanes)
            {
                for (nint k = 0; k < depth; k++)
                {
                    Copy16(a + k * ld, panel + k * Lanes);
                    Copy16(a + k * ld + 16, panel + k * Lanes + 16);
                }
            }
            else
            {
                for (nint k = 0; k < depth; k++)
                {
                    Unsafe.CopyBlockUnaligned(panel + k * Lanes, a + k * ld, (uint)(rows * sizeof(float)));
                }
            }

            nint padding = RoundUpDepth(depth) - depth;
            NativeMemory.Clear(panel + depth * Lanes, (nuint)(padding * Lanes * sizeof(float)));
        }
    }

    /// <summary>
    /// Columns of op(B): packed[k / 16 * columns * 16 + j * 16 + k % 16] = op(B)(k, j), zero for k from <paramref name="depth"/> to the
    /// next multiple of 16.
    /// </summary>
    /// <param name="b">op(B)(0, 0): element (k, j) is b[k + j * ld], or b[j + k * ld] where transposed</param>
    public static void Right(float* b, nint ld, bool transposed, nint columns, nint depth, float* packed)
    {
        unchecked
        {
            nint whole = depth / Depth * Depth;
            for (nint k = 0; k < whole; k += Depth, packed += columns * Depth)
            {
                if (transposed)
                {
                    Transposed(b + k * ld, ld, Depth, columns, packed, Depth);
                }
                else
                {
                    for (nint j = 0; j < columns; j++)
                    {
                        Copy16(b + k + j * ld, packed + j * Depth);
                    }
                }
            }

            if (whole == depth)
            {
                return;
            }

            NativeMemory.Clear(packed, (nuint)(columns * Depth * sizeof(float)));
            for (nint j = 0; j < columns; j++)
            {
                for (nint k = whole; k < depth; k++)
                {
                    packed[j * Depth + k - whole] = transposed ? b[j + k * ld] : b[k + j * ld];
                }
            }
        }
    }

    // to[k * toStride + i] = from[i * fromStride + k] for i below rows and k below columns.
    private static void Transposed(float* from, nint fromStride, nint rows, nint columns, float* to, nint toStride)
    {
        unchecked
        {
            nint wholeRows = rows / 8 * 8;
            nint wholeColumns = columns / 8 * 8;
            for (nint i = 0; i < wholeRows; i += 8)
            {
                for (nint k = 0; k < wholeColumns; k += 8)
                {
                    Transposition.Block8(from + i * fromStride + k, fromStride, to + k * toStride + i, toStride);
                }
            }

            Transposition.Block(
                from + wholeColumns, fromStride, wholeRows, columns - wholeColumns, to + wholeColumns * toStride, toStride);
            Transposition.Block(from + wholeRows * fromStride, fromStride, rows - wholeRows, columns, to + wholeRows, toStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy16(float* from, float* to)
    {
        Vector256<float> low = Vector256.Load(from);
        Vector256<float> high = Vector256.Load(from + 8);
        low.Store(to);
        high.Store(to + 8);
    }
}
