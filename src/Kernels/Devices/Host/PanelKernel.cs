using System.Runtime.Intrinsics;

namespace Harness.Kernels.Devices;

/// <summary>
/// The inner product of everything here, GEMM and both convolutions: a panel of 32 rows of a left operand times some columns of a
/// right one, both packed so that the loop reads them front to back.
/// </summary>
internal static unsafe class PanelKernel
{
    /// <summary>Rows of a left panel, and of the tile of the result.</summary>
    public const int Lanes = 32;

    /// <summary>The summed index goes in groups of 16: 16 floats of one column of the right operand lie together, a cache line.</summary>
    public const int DepthGroup = 16;

    /// <summary>Columns that the widest kernel takes at a time.</summary>
    public const int Columns = 12;

    /// <summary>
    /// c[j * ldc + i] = alpha * sum over k of left[k * 32 + i] * right[k / 16 * groupStride + j * 16 + k % 16] + beta * c[j * ldc + i].
    /// </summary>
    /// <param name="left">[16 groups][32]</param>
    /// <param name="right">[groups][columns][16]</param>
    /// <param name="groupStride">floats from one group of the right operand to the next</param>
    /// <param name="groups">how many groups of 16 are summed</param>
    /// <param name="columns">any number</param>
    /// <param name="beta">with 0, c is not read</param>
    public static void Multiply(
        float* left, float* right, nint groupStride, nint groups, int columns, float alpha, float beta, float* c, nint ldc)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            PanelKernel512.Multiply(left, right, groupStride, groups, columns, alpha, beta, c, ldc);
        }
        else
        {
            PanelKernel256.Multiply(left, right, groupStride, groups, columns, alpha, beta, c, ldc);
        }
    }
}
