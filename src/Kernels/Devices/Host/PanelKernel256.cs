using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Kernels.Devices;

/// <summary>
/// <see cref="PanelKernel"/> on 256-bit vectors, half the lanes at a time: two vectors by up to 6 columns are 12 accumulators in 16
/// registers. The runtime splits them where the machine has narrower ones.
/// </summary>
internal static unsafe class PanelKernel256
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
                int done = columns >= 6 ? 6 : columns >= 3 ? 3 : 1;
                for (int lane = 0; lane < Lanes; lane += 16)
                {
                    switch (done)
                    {
                        case 6:
                            Columns6(left + lane, right, groupStride, groups, alpha, beta, c + lane, ldc);
                            break;
                        case 3:
                            Columns3(left + lane, right, groupStride, groups, alpha, beta, c + lane, ldc);
                            break;
                        default:
                            Columns1(left + lane, right, groupStride, groups, alpha, beta, c + lane, ldc);
                            break;
                    }
                }

                columns -= done;
                right += done * Depth;
                c += done * ldc;
            }
        }
    }

    private static void Columns6(float* left, float* right, nint groupStride, nint groups, float alpha, float beta, float* c, nint ldc)
    {
        unchecked
        {
            Vector256<float> l0 = default, h0 = default;
            Vector256<float> l1 = default, h1 = default;
            Vector256<float> l2 = default, h2 = default;
            Vector256<float> l3 = default, h3 = default;
            Vector256<float> l4 = default, h4 = default;
            Vector256<float> l5 = default, h5 = default;
            for (; groups > 0; groups--)
            {
                for (float* end = right + Depth; right != end; right++, left += Lanes)
                {
                    Vector256<float> low = Vector256.Load(left), high = Vector256.Load(left + 8), b;
                    b = Vector256.Create(*right);
                    l0 = Vector256.FusedMultiplyAdd(low, b, l0);
                    h0 = Vector256.FusedMultiplyAdd(high, b, h0);
                    b = Vector256.Create(right[1 * Depth]);
                    l1 = Vector256.FusedMultiplyAdd(low, b, l1);
                    h1 = Vector256.FusedMultiplyAdd(high, b, h1);
                    b = Vector256.Create(right[2 * Depth]);
                    l2 = Vector256.FusedMultiplyAdd(low, b, l2);
                    h2 = Vector256.FusedMultiplyAdd(high, b, h2);
                    b = Vector256.Create(right[3 * Depth]);
                    l3 = Vector256.FusedMultiplyAdd(low, b, l3);
                    h3 = Vector256.FusedMultiplyAdd(high, b, h3);
                    b = Vector256.Create(right[4 * Depth]);
                    l4 = Vector256.FusedMultiplyAdd(low, b, l4);
                    h4 = Vector256.FusedMultiplyAdd(high, b, h4);
                    b = Vector256.Create(right[5 * Depth]);
                    l5 = Vector256.FusedMultiplyAdd(low, b, l5);
                    h5 = Vector256.FusedMultiplyAdd(high, b, h5);
                }

                right += groupStride - Depth;
            }

            Store(c, l0, h0, alpha, beta);
            Store(c + ldc, l1, h1, alpha, beta);
            Store(c + 2 * ldc, l2, h2, alpha, beta);
            Store(c + 3 * ldc, l3, h3, alpha, beta);
            Store(c + 4 * ldc, l4, h4, alpha, beta);
            Store(c + 5 * ldc, l5, h5, alpha, beta);
        }
    }

    private static void Columns3(float* left, float* right, nint groupStride, nint groups, float alpha, float beta, float* c, nint ldc)
    {
        unchecked
        {
            Vector256<float> l0 = default, h0 = default;
            Vector256<float> l1 = default, h1 = default;
            Vector256<float> l2 = default, h2 = default;
            for (; groups > 0; groups--)
            {
                for (float* end = right + Depth; right != end; right++, left += Lanes)
                {
                    Vector256<float> low = Vector256.Load(left), high = Vector256.Load(left + 8), b;
                    b = Vector256.Create(*right);
                    l0 = Vector256.FusedMultiplyAdd(low, b, l0);
                    h0 = Vector256.FusedMultiplyAdd(high, b, h0);
                    b = Vector256.Create(right[1 * Depth]);
                    l1 = Vector256.FusedMultiplyAdd(low, b, l1);
                    h1 = Vector256.FusedMultiplyAdd(high, b, h1);
                    b = Vector256.Create(right[2 * Depth]);
                    l2 = Vector256.FusedMultiplyAdd(low, b, l2);
                    h2 = Vector256.FusedMultiplyAdd(high, b, h2);
                }

                right += groupStride - Depth;
            }

            Store(c, l0, h0, alpha, beta);
            Store(c + ldc, l1, h1, alpha, beta);
            Store(c + 2 * ldc, l2, h2, alpha, beta);
        }
    }

    private static void Columns1(float* left, float* right, nint groupStride, nint groups, float alpha, float beta, float* c, nint ldc)
    {
        unchecked
        {
            Vector256<float> l0 = default, h0 = default;
            for (; groups > 0; groups--)
            {
                for (float* end = right + Depth; right != end; right++, left += Lanes)
                {
                    Vector256<float> low = Vector256.Load(left), high = Vector256.Load(left + 8), b;
                    b = Vector256.Create(*right);
                    l0 = Vector256.FusedMultiplyAdd(low, b, l0);
                    h0 = Vector256.FusedMultiplyAdd(high, b, h0);
                }

                right += groupStride - Depth;
            }

            Store(c, l0, h0, alpha, beta);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, Vector256<float> low, Vector256<float> high, float alpha, float beta)
    {
        unchecked
        {
            low *= alpha;
            high *= alpha;
            if (beta != 0)
            {
                Vector256<float> scale = Vector256.Create(beta);
                low = Vector256.FusedMultiplyAdd(Vector256.Load(c), scale, low);
                high = Vector256.FusedMultiplyAdd(Vector256.Load(c + 8), scale, high);
            }

            low.Store(c);
            high.Store(c + 8);
        }
    }
}
