using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Kernels.Devices;

/// <summary>Transposition of small blocks of floats, the step between a tensor's layout and a panel's.</summary>
internal static unsafe class Transposition
{
    /// <summary>to[j * toStride + i] = from[i * fromStride + j] for i and j below 8; strides in floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Block8(float* from, nint fromStride, float* to, nint toStride)
    {
        if (Avx.IsSupported)
        {
            Block8Avx(from, fromStride, to, toStride);
        }
        else
        {
            Block(from, fromStride, 8, 8, to, toStride);
        }
    }

    /// <summary>to[j * toStride + i] = from[i * fromStride + j] for i below rows and j below columns.</summary>
    public static void Block(float* from, nint fromStride, nint rows, nint columns, float* to, nint toStride)
    {
        unchecked
        {
            for (nint j = 0; j < columns; j++)
            {
                for (nint i = 0; i < rows; i++)
                {
                    to[j * toStride + i] = from[i * fromStride + j];
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block8Avx(float* from, nint fromStride, float* to, nint toStride)
    {
        unchecked
        {
            float* from4 = from + 4 * fromStride;
            // Rows 0-3 beside rows 4-7, so that what remains is four 4x4 transpositions within 128-bit halves.
            Vector256<float> a0 = Halves(from, from4);
            Vector256<float> a1 = Halves(from + fromStride, from4 + fromStride);
            Vector256<float> a2 = Halves(from + 2 * fromStride, from4 + 2 * fromStride);
            Vector256<float> a3 = Halves(from + 3 * fromStride, from4 + 3 * fromStride);
            Vector256<float> b0 = Halves(from + 4, from4 + 4);
            Vector256<float> b1 = Halves(from + fromStride + 4, from4 + fromStride + 4);
            Vector256<float> b2 = Halves(from + 2 * fromStride + 4, from4 + 2 * fromStride + 4);
            Vector256<float> b3 = Halves(from + 3 * fromStride + 4, from4 + 3 * fromStride + 4);
            Quarters(a0, a1, a2, a3, to, toStride);
            Quarters(b0, b1, b2, b3, to + 4 * toStride, toStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(float* low, float* high) =>
        Avx.InsertVector128(Vector128.Load(low).ToVector256Unsafe(), Vector128.Load(high), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarters(
        Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3, float* to, nint toStride)
    {
        unchecked
        {
            Vector256<float> low01 = Avx.UnpackLow(r0, r1);
            Vector256<float> high01 = Avx.UnpackHigh(r0, r1);
            Vector256<float> low23 = Avx.UnpackLow(r2, r3);
            Vector256<float> high23 = Avx.UnpackHigh(r2, r3);
            Avx.Shuffle(low01, low23, 0x44).Store(to);
            Avx.Shuffle(low01, low23, 0xEE).Store(to + toStride);
            Avx.Shuffle(high01, high23, 0x44).Store(to + 2 * toStride);
            Avx.Shuffle(high01, high23, 0xEE).Store(to + 3 * toStride);
        }
    }
}
