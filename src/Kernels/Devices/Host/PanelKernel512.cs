using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Devices;

/// <summary>
/// <see cref="PanelKernel"/> on 512-bit vectors: two vectors of lanes by up to 12 columns are 24 accumulators in 32 registers.
/// </summary>
internal static unsafe class PanelKernel512
{
    private const int Lanes = PanelKernel.Lanes;
    private const int Depth = PanelKernel.DepthGroup;

    public static void Multiply(
        float* left, float* right, nint groupStride, nint groups, int columns, float alpha, float beta, float* c, nint ldc)
    {
        unchecked
        {
            while (columns > 0)
            {
                int done;
                if (columns >= 12)
                {
                    Columns12(left, right, groupStride, groups, alpha, beta, c, ldc);
                    done = 12;
                }
                else if (columns >= 8)
                {
                    Columns8(left, right, groupStride, groups, alpha, beta, c, ldc);
                    done = 8;
                }
                else if (columns >= 4)
                {
                    Columns4(left, right, groupStride, groups, alpha, beta, c, ldc);
                    done = 4;
                }
                else if (columns >= 2)
                {
                    Columns2(left, right, groupStride, groups, alpha, beta, c, ldc);
                    done = 2;
                }
                else
                {
                    Columns1(left, right, groupStride, groups, alpha, beta, c, ldc);
                    done = 1;
                }

                columns -= done;
                right += done * Depth;
                c += done * ldc;
            }
        }
    }

    private static void Columns12(float* left, float* right, nint groupStride, nint groups, float alpha, float beta, float* c, nint ldc)
    {
        unchecked
        {
            Vector512<float> l0 = default, h0 = default;
            Vector512<float> l1 = default, h1 = default;
            Vector512<float> l2 = default, h2 = default;
            Vector512<float> l3 = default, h3 = default;
            Vector512<float> l4 = default, h4 = default;
            Vector512<float> l5 = default, h5 = default;
            Vector512<float> l6 = default, h6 = default;
            Vector512<float> l7 = default, h7 = default;
            Vector512<float> l8 = default, h8 = default;
            Vector512<float> l9 = default, h9 = default;
            Vector512<float> l10 = default, h10 = default;
            Vector512<float> l11 = default, h11 = default;
            for (; groups > 0; groups--)
            {
                for (float* end = right + Depth; right != end; right++, left += Lanes)
                {
                    Vector512<float> low = Vector512.Load(left), high = Vector512.Load(left + 16), b;
                    b = Vector512.Create(*right);
                    l0 = Vector512.FusedMultiplyAdd(low, b, l0);
                    h0 = Vector512.FusedMultiplyAdd(high, b, h0);
                    b = Vector512.Create(right[1 * Depth]);
                    l1 = Vector512.FusedMultiplyAdd(low, b, l1);
                    h1 = Vector512.FusedMultiplyAdd(high, b, h1);
                    b = Vector512.Create(right[2 * Depth]);
                    l2 = Vector512.FusedMultiplyAdd(low, b, l2);
                    h2 = Vector512.FusedMultiplyAdd(high, b, h2);
                    b = Vector512.Create(right[3 * Depth]);
                    l3 = Vector512.FusedMultiplyAdd(low, b, l3);
                    h3 = Vector512.FusedMultiplyAdd(high, b, h3);
                    b = Vector512.Create(right[4 * Depth]);
                    l4 = Vector512.FusedMultiplyAdd(low, b, l4);
                    h4 = Vector512.FusedMultiplyAdd(high, b, h4);
                    b = Vector512.Create(right[5 * Depth]);
                    l5 = Vector512.FusedMultiplyAdd(low, b, l5);
                    h5 = Vector512.FusedMultiplyAdd(high, b, h5);
                    b = Vector512.Create(right[6 * Depth]);
                    l6 = Vector512.FusedMultiplyAdd(low, b, l6);
                    h6 = Vector512.FusedMultiplyAdd(high, b, h6);
                    b = Vector512.Create(right[7 * Depth]);
                    l7 = Vector512.FusedMultiplyAdd(low, b, l7);
                    h7 = Vector512.FusedMultiplyAdd(high, b, h7);
                    b = Vector512.Create(right[8 * Depth]);
                    l8 = Vector512.FusedMultiplyAdd(low, b, l8);
                    h8 = Vector512.FusedMultiplyAdd(high, b, h8);
                    b = Vector512.Create(right[9 * Depth]);
                    l9 = Vector512.FusedMultiplyAdd(low, b, l9);
                    h9 = Vector512.FusedMultiplyAdd(high, b, h9);
                    b = Vector512.Create(right[10 * Depth]);
                    l10 = Vector512.FusedMultiplyAdd(low, b, l10);
                    h10 = Vector512.FusedMultiplyAdd(high, b, h10);
                    b = Vector512.Create(right[11 * Depth]);
                    l11 = Vector512.FusedMultiplyAdd(low, b, l11);
                    h11 = Vector512.FusedMultiplyAdd(high, b, h11);
                }

                right += groupStride - Depth;
            }

            Store(c, l0, h0, alpha, beta);
            Store(c + ldc, l1, h1, alpha, beta);
            Store(c + 2 * ldc, l2, h2, alpha, beta);
            Store(c + 3 * ldc, l3, h3, alpha, beta);
            Store(c + 4 * ldc, l4, h4, alpha, beta);
            Store(c + 5 * ldc, l5, h5, alpha, beta);
            Store(c + 6 * ldc, l6, h6, alpha, beta);
            Store(c + 7 * ldc, l7, h7, alpha, beta);
            Store(c + 8 * ldc, l8, h8, alpha, beta);
            Store(c + 9 * ldc, l9, h9, alpha, beta);
            Store(c + 10 * ldc, l10, h10, alpha, beta);
            Store(c + 11 * ldc, l11, h11, alpha, beta);
        }
    }

    private static void Columns8(float* left, float* right, nint groupStride, nint groups, float alpha, float beta, float* c, nint ldc)
    {
        unchecked
        {
            Vector512<float> l0 = default, h0 = default;
            Vector512<float> l1 = default, h1 = default;
            Vector512<float> l2 = default, h2 = default;
            Vector512<float> l3 = default, h3 = default;
            Vector512<float> l4 = default, h4 = default;
            Vector512<float> l5 = default, h5 = default;
            Vector512<float> l6 = default, h6 = default;
            Vector512<float> l7 = default, h7 = default;
            for (; groups > 0; groups--)
            {
                for (float* end = right + Depth; right != end; right++, left += Lanes)
                {
                    Vector512<float> low = Vector512.Load(left), high = Vector512.Load(left + 16), b;
                    b = Vector512.Create(*right);
                    l0 = Vector512.FusedMultiplyAdd(low, b, l0);
                    h0 = Vector512.FusedMultiplyAdd(high, b, h0);
                    b = Vector512.Create(right[1 * Depth]);
                    l1 = Vector512.FusedMultiplyAdd(low, b, l1);
                    h1 = Vector512.FusedMultiplyAdd(high, b, h1);
                    b = Vector512.Create(right[2 * Depth]);
                    l2 = Vector512.FusedMultiplyAdd(low, b, l2);
                    h2 = Vector512.FusedMultiplyAdd(high, b, h2);
                    b = Vector512.Create(right[3 * Depth]);
                    l3 = Vector512.FusedMultiplyAdd(low, b, l3);
                    h3 = Vector512.FusedMultiplyAdd(high, b, h3);
                    b = Vector512.Create(right[4 * Depth]);
                    l4 = Vector512.FusedMultiplyAdd(low, b, l4);
                    h4 = Vector512.FusedMultiplyAdd(high, b, h4);
                    b = Vector512.Create(right[5 * Depth]);
                    l5 = Vector512.FusedMultiplyAdd(low, b, l5);
                    h5 = Vector512.FusedMultiplyAdd(high, b, h5);
                    b = Vector512.Create(right[6 * Depth]);
                    l6 = Vector512.FusedMultiplyAdd(low, b, l6);
                    h6 = Vector512.FusedMultiplyAdd(high, b, h6);
                    b = Vector512.Create(right[7 * Depth]);
                    l7 = Vector512.FusedMultiplyAdd(low, b, l7);
                    h7 = Vector512.FusedMultiplyAdd(high, b, h7);
                }

                right += groupStride - Depth;
            }

            Store(c, l0, h0, alpha, beta);
            Store(c + ldc, l1, h1, alpha, beta);
            Store(c + 2 * ldc, l2, h2, alpha, beta);
            Store(c + 3 * ldc, l3, h3, alpha, beta);
            Store(c + 4 * ldc, l4, h4, alpha, beta);
            Store(c + 5 * ldc, l5, h5, alpha, beta);
            Store(c + 6 * ldc, l6, h6, alpha, beta);
            Store(c + 7 * ldc, l7, h7, alpha, beta);
        }
    }

    private static void Columns4(float* left, float* right, nint groupStride, nint groups, float alpha, float beta, float* c, nint ldc)
    {
        unchecked
        {
            Vector512<float> l0 = default, h0 = default;
            Vector512<float> l1 = default, h1 = default;
            Vector512<float> l2 = default, h2 = default;
            Vector512<float> l3 = default, h3 = default;
            for (; groups > 0; groups--)
            {
                for (float* end = right + Depth; right != end; right++, left += Lanes)
                {
                    Vector512<float> low = Vector512.Load(left), high = Vector512.Load(left + 16), b;
                    b = Vector512.Create(*right);
                    l0 = Vector512.FusedMultiplyAdd(low, b, l0);
                    h0 = Vector512.FusedMultiplyAdd(high, b, h0);
                    b = Vector512.Create(right[1 * Depth]);
                    l1 = Vector512.FusedMultiplyAdd(low, b, l1);
                    h1 = Vector512.FusedMultiplyAdd(high, b, h1);
                    b = Vector512.Create(right[2 * Depth]);
                    l2 = Vector512.FusedMultiplyAdd(low, b, l2);
                    h2 = Vector512.FusedMultiplyAdd(high, b, h2);
                    b = Vector512.Create(right[3 * Depth]);
                    l3 = Vector512.FusedMultiplyAdd(low, b, l3);
                    h3 = Vector512.FusedMultiplyAdd(high, b, h3);
                }

                right += groupStride - Depth;
            }

            Store(c, l0, h0, alpha, beta);
            Store(c + ldc, l1, h1, alpha, beta);
            Store(c + 2 * ldc, l2, h2, alpha, beta);
            Store(c + 3 * ldc, l3, h3, alpha, beta);
        }
    }

    private static void Columns2(float* left, float* right, nint groupStride, nint groups, float alpha, float beta, float* c, nint ldc)
    {
        unchecked
        {
            Vector512<float> l0 = default, h0 = default;
            Vector512<float> l1 = default, h1 = default;
            for (; groups > 0; groups--)
            {
                for (float* end = right + Depth; right != end; right++, left += Lanes)
                {
                    Vector512<float> low = Vector512.Load(left), high = Vector512.Load(left + 16), b;
                    b = Vector512.Create(*right);
                    l0 = Vector512.FusedMultiplyAdd(low, b, l0);
                    h0 = Vector512.FusedMultiplyAdd(high, b, h0);
                    b = Vector512.Create(right[1 * Depth]);
                    l1 = Vector512.FusedMultiplyAdd(low, b, l1);
                    h1 = Vector512.FusedMultiplyAdd(high, b, h1);
                }

                right += groupStride - Depth;
            }

            Store(c, l0, h0, alpha, beta);
            Store(c + ldc, l1, h1, alpha, beta);
        }
    }

    private static void Columns1(float* left, float* right, nint groupStride, nint groups, float alpha, float beta, float* c, nint ldc)
    {
        unchecked
        {
            Vector512<float> l0 = default, h0 = default;
            for (; groups > 0; groups--)
            {
                for (float* end = right + Depth; right != end; right++, left += Lanes)
                {
                    Vector512<float> low = Vector512.Load(left), high = Vector512.Load(left + 16), b;
                    b = Vector512.Create(*right);
                    l0 = Vector512.FusedMultiplyAdd(low, b, l0);
                    h0 = Vector512.FusedMultiplyAdd(high, b, h0);
                }

                right += groupStride - Depth;
            }

            Store(c, l0, h0, alpha, beta);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, Vector512<float> low, Vector512<float> high, float alpha, float beta)
    {
        unchecked
        {
            low *= alpha;
            high *= alpha;
            if (beta != 0)
            {
                Vector512<float> scale = Vector512.Create(beta);
                low = Vector512.FusedMultiplyAdd(Vector512.Load(c), scale, low);
                high = Vector512.FusedMultiplyAdd(Vector512.Load(c + 16), scale, high);
            }

            low.Store(c);
            high.Store(c + 16);
        }
    }
}
