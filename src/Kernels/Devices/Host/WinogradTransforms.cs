using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Devices;

/// <summary>
/// The three small matrices of F(4x4, 3x3) applied from both sides (docs/convolution.md), 16 channels or filters at a time: every
/// element below is a vector of 16.
/// </summary>
internal static unsafe class WinogradTransforms
{
    private const int Lanes = 16;
    private const float Root2 = 1.41421356237f;

    /// <summary>to[i * 6 + j] = (B^T d B)[i, j].</summary>
    /// <param name="d">[6][6][16], rows <paramref name="rowStride"/> floats apart, columns adjacent</param>
    /// <param name="to">36 vectors, <paramref name="placeStride"/> floats apart</param>
    public static void Input(float* d, nint rowStride, float* to, nint placeStride)
    {
        unchecked
        {
            float* columns = stackalloc float[WinogradLayout.Places * Lanes];
            for (nint j = 0; j < 6; j++)
            {
                float* from = d + j * Lanes;
                InputColumn(
                    Vector512.Load(from), Vector512.Load(from + rowStride), Vector512.Load(from + 2 * rowStride),
                    Vector512.Load(from + 3 * rowStride), Vector512.Load(from + 4 * rowStride), Vector512.Load(from + 5 * rowStride),
                    columns + j * Lanes, 6 * Lanes);
            }

            for (nint i = 0; i < 6; i++)
            {
                float* from = columns + i * (6 * Lanes);
                InputColumn(
                    Vector512.Load(from), Vector512.Load(from + Lanes), Vector512.Load(from + 2 * Lanes),
                    Vector512.Load(from + 3 * Lanes), Vector512.Load(from + 4 * Lanes), Vector512.Load(from + 5 * Lanes),
                    to + i * 6 * placeStride, placeStride);
            }
        }
    }

    /// <summary>to[i * 6 + j] = (G g G^T)[i, j].</summary>
    /// <param name="g">[3][3], <paramref name="tapStride"/> floats apart</param>
    /// <param name="to">36 vectors, <paramref name="placeStride"/> floats apart</param>
    public static void Filter(float* g, nint tapStride, float* to, nint placeStride)
    {
        unchecked
        {
            float* columns = stackalloc float[6 * 3 * Lanes];
            for (nint j = 0; j < 3; j++)
            {
                float* from = g + j * tapStride;
                FilterColumn(
                    Vector512.Load(from), Vector512.Load(from + 3 * tapStride), Vector512.Load(from + 6 * tapStride),
                    columns + j * Lanes, 3 * Lanes);
            }

            for (nint i = 0; i < 6; i++)
            {
                float* from = columns + i * (3 * Lanes);
                FilterColumn(
                    Vector512.Load(from), Vector512.Load(from + Lanes), Vector512.Load(from + 2 * Lanes),
                    to + i * 6 * placeStride, placeStride);
            }
        }
    }

    /// <summary>to[i, j] = (A^T m A)[i, j] + bias, or the larger of that and 0.</summary>
    /// <param name="m">36 vectors, <paramref name="placeStride"/> floats apart</param>
    /// <param name="to">[4][4][16], rows <paramref name="rowStride"/> floats apart, columns adjacent</param>
    public static void Output(float* m, nint placeStride, Vector512<float> bias, bool relu, float* to, nint rowStride)
    {
        unchecked
        {
            float* columns = stackalloc float[4 * 6 * Lanes];
            for (nint j = 0; j < 6; j++)
            {
                float* from = m + j * placeStride;
                nint row = 6 * placeStride;
                OutputColumn(
                    Vector512.Load(from), Vector512.Load(from + row), Vector512.Load(from + 2 * row),
                    Vector512.Load(from + 3 * row), Vector512.Load(from + 4 * row), Vector512.Load(from + 5 * row),
                    out Vector512<float> y0, out Vector512<float> y1, out Vector512<float> y2, out Vector512<float> y3);
                y0.Store(columns + j * Lanes);
                y1.Store(columns + (6 + j) * Lanes);
                y2.Store(columns + (12 + j) * Lanes);
                y3.Store(columns + (18 + j) * Lanes);
            }

            Vector512<float> least = relu ? Vector512<float>.Zero : Vector512.Create(float.NegativeInfinity);
            for (nint i = 0; i < 4; i++)
            {
                float* from = columns + i * (6 * Lanes);
                OutputColumn(
                    Vector512.Load(from), Vector512.Load(from + Lanes), Vector512.Load(from + 2 * Lanes),
                    Vector512.Load(from + 3 * Lanes), Vector512.Load(from + 4 * Lanes), Vector512.Load(from + 5 * Lanes),
                    out Vector512<float> y0, out Vector512<float> y1, out Vector512<float> y2, out Vector512<float> y3);
                float* row = to + i * rowStride;
                Vector512.Max(y0 + bias, least).Store(row);
                Vector512.Max(y1 + bias, least).Store(row + Lanes);
                Vector512.Max(y2 + bias, least).Store(row + 2 * Lanes);
                Vector512.Max(y3 + bias, least).Store(row + 3 * Lanes);
            }
        }
    }

    /// <summary>to[i * 6 + j] = (A y A^T)[i, j]: the gradient of <see cref="Output"/>.</summary>
    /// <param name="y">[4][4][16], rows <paramref name="rowStride"/> floats apart, columns adjacent</param>
    /// <param name="to">36 vectors, <paramref name="placeStride"/> floats apart</param>
    public static void OutputGradient(float* y, nint rowStride, float* to, nint placeStride)
    {
        unchecked
        {
            float* columns = stackalloc float[6 * 4 * Lanes];
            for (nint j = 0; j < 4; j++)
            {
                float* from = y + j * Lanes;
                OutputGradientColumn(
                    Vector512.Load(from), Vector512.Load(from + rowStride), Vector512.Load(from + 2 * rowStride),
                    Vector512.Load(from + 3 * rowStride), columns + j * Lanes, 4 * Lanes);
            }

            for (nint i = 0; i < 6; i++)
            {
                float* from = columns + i * (4 * Lanes);
                OutputGradientColumn(
                    Vector512.Load(from), Vector512.Load(from + Lanes), Vector512.Load(from + 2 * Lanes), Vector512.Load(from + 3 * Lanes),
                    to + i * 6 * placeStride, placeStride);
            }
        }
    }

    /// <summary>to[i * 3 + j] = (G^T u G)[i, j]: the gradient of <see cref="Filter"/>.</summary>
    /// <param name="u">36 vectors, <paramref name="placeStride"/> floats apart</param>
    /// <param name="to">9 vectors, adjacent</param>
    public static void FilterGradient(float* u, nint placeStride, float* to)
    {
        unchecked
        {
            float* columns = stackalloc float[3 * 6 * Lanes];
            for (nint j = 0; j < 6; j++)
            {
                float* from = u + j * placeStride;
                nint row = 6 * placeStride;
                FilterGradientColumn(
                    Vector512.Load(from), Vector512.Load(from + row), Vector512.Load(from + 2 * row),
                    Vector512.Load(from + 3 * row), Vector512.Load(from + 4 * row), Vector512.Load(from + 5 * row),
                    columns + j * Lanes, 6 * Lanes);
            }

            for (nint i = 0; i < 3; i++)
            {
                float* from = columns + i * (6 * Lanes);
                FilterGradientColumn(
                    Vector512.Load(from), Vector512.Load(from + Lanes), Vector512.Load(from + 2 * Lanes),
                    Vector512.Load(from + 3 * Lanes), Vector512.Load(from + 4 * Lanes), Vector512.Load(from + 5 * Lanes),
                    to + i * 3 * Lanes, Lanes);
            }
        }
    }

    // Multiplies by B^T.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputColumn(
        Vector512<float> d0, Vector512<float> d1, Vector512<float> d2, Vector512<float> d3, Vector512<float> d4, Vector512<float> d5,
        float* to, nint stride)
    {
        unchecked
        {
            Vector512<float> inner = Vector512.FusedMultiplyAdd(Vector512.Create(-2f), d2, d4);
            Vector512<float> outer = Vector512.FusedMultiplyAdd(Vector512.Create(-0.5f), d2, d4);
            Vector512<float> innerOdd = Vector512.FusedMultiplyAdd(Vector512.Create(-Root2), d1, d3 * (Root2 / 2));
            Vector512<float> outerOdd = Vector512.FusedMultiplyAdd(Vector512.Create(-Root2 / 2), d1, d3 * Root2);
            Vector512<float> scale = Vector512.Create(-2.5f);
            Vector512.FusedMultiplyAdd(scale, d2, d0 + d4).Store(to);
            (inner + innerOdd).Store(to + stride);
            (inner - innerOdd).Store(to + 2 * stride);
            (outer + outerOdd).Store(to + 3 * stride);
            (outer - outerOdd).Store(to + 4 * stride);
            Vector512.FusedMultiplyAdd(scale, d3, d1 + d5).Store(to + 5 * stride);
        }
    }

    // Multiplies by G.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FilterColumn(Vector512<float> g0, Vector512<float> g1, Vector512<float> g2, float* to, nint stride)
    {
        unchecked
        {
            Vector512<float> inner = Vector512.FusedMultiplyAdd(Vector512.Create(-2f / 3), g0, g2 * (-1f / 3));
            Vector512<float> innerMiddle = g1 * (Root2 / 3);
            Vector512<float> outer = Vector512.FusedMultiplyAdd(Vector512.Create(1f / 6), g0, g2 * (1f / 3));
            Vector512<float> outerMiddle = g1 * (Root2 / 6);
            g0.Store(to);
            (inner - innerMiddle).Store(to + stride);
            (inner + innerMiddle).Store(to + 2 * stride);
            (outer + outerMiddle).Store(to + 3 * stride);
            (outer - outerMiddle).Store(to + 4 * stride);
            g2.Store(to + 5 * stride);
        }
    }

    // Multiplies by A^T.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputColumn(
        Vector512<float> m0, Vector512<float> m1, Vector512<float> m2, Vector512<float> m3, Vector512<float> m4, Vector512<float> m5,
        out Vector512<float> y0, out Vector512<float> y1, out Vector512<float> y2, out Vector512<float> y3)
    {
        Vector512<float> sum12 = m1 + m2, difference12 = m1 - m2, sum34 = m3 + m4, difference34 = m3 - m4;
        y0 = m0 + sum12 + sum34;
        y1 = Vector512.FusedMultiplyAdd(Vector512.Create(Root2), difference34, difference12 * (Root2 / 2));
        y2 = Vector512.FusedMultiplyAdd(Vector512.Create(2f), sum34, sum12 * 0.5f);
        y3 = Vector512.FusedMultiplyAdd(
            Vector512.Create(2 * Root2), difference34, Vector512.FusedMultiplyAdd(Vector512.Create(Root2 / 4), difference12, m5));
    }

    // Multiplies by A.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputGradientColumn(
        Vector512<float> y0, Vector512<float> y1, Vector512<float> y2, Vector512<float> y3, float* to, nint stride)
    {
        unchecked
        {
            Vector512<float> inner = Vector512.FusedMultiplyAdd(Vector512.Create(0.5f), y2, y0);
            Vector512<float> innerOdd = Vector512.FusedMultiplyAdd(Vector512.Create(Root2 / 4), y3, y1 * (Root2 / 2));
            Vector512<float> outer = Vector512.FusedMultiplyAdd(Vector512.Create(2f), y2, y0);
            Vector512<float> outerOdd = Vector512.FusedMultiplyAdd(Vector512.Create(2 * Root2), y3, y1 * Root2);
            y0.Store(to);
            (inner + innerOdd).Store(to + stride);
            (inner - innerOdd).Store(to + 2 * stride);
            (outer + outerOdd).Store(to + 3 * stride);
            (outer - outerOdd).Store(to + 4 * stride);
            y3.Store(to + 5 * stride);
        }
    }

    // Multiplies by G^T.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FilterGradientColumn(
        Vector512<float> u0, Vector512<float> u1, Vector512<float> u2, Vector512<float> u3, Vector512<float> u4, Vector512<float> u5,
        float* to, nint stride)
    {
        unchecked
        {
            Vector512<float> inner = u1 + u2, outer = u3 + u4;
            Vector512.FusedMultiplyAdd(Vector512.Create(1f / 6), outer, Vector512.FusedMultiplyAdd(Vector512.Create(-2f / 3), inner, u0)).Store(to);
            Vector512.FusedMultiplyAdd(Vector512.Create(Root2 / 6), u3 - u4, (u2 - u1) * (Root2 / 3)).Store(to + stride);
            Vector512.FusedMultiplyAdd(Vector512.Create(1f / 3), outer - inner, u5).Store(to + 2 * stride);
        }
    }
}
