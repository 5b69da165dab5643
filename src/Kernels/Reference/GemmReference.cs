using Harness.Kernels.Programs;

namespace Harness.Kernels.Reference;

/// <summary>Batched row-major product: C[b] = alpha op(A[b]) op(B[b]), or that added to what C holds; op(A) M x K, op(B) K x N.</summary>
public static class GemmReference
{
    /// <summary>
    /// The whole tensor of C, <paramref name="elements"/> long. What lies between its rows is as in <paramref name="old"/>; without that NaN, for
    /// nobody to compare.
    /// </summary>
    /// <param name="old">what the product is added to, null where C is written</param>
    public static double[] Compute(
        double[] a, MatrixLayout layoutA, double[] b, MatrixLayout layoutB, MatrixLayout layoutC, long elements,
        long batch, long m, long n, long k, double alpha, double[]? old = null)
    {
        double[] c = new double[elements];
        Array.Fill(c, double.NaN);
        old?.CopyTo(c, 0);
        for (long matrix = 0; matrix < batch; matrix++)
        {
            for (long row = 0; row < m; row++)
            {
                for (long column = 0; column < n; column++)
                {
                    double sum = 0;
                    for (long i = 0; i < k; i++)
                    {
                        sum += a[Index(layoutA, matrix, row, i)] * b[Index(layoutB, matrix, i, column)];
                    }

                    long at = Index(layoutC, matrix, row, column);
                    c[at] = alpha * sum + (old?[at] ?? 0);
                }
            }
        }

        return c;
    }

    private static long Index(MatrixLayout layout, long matrix, long row, long column) => matrix * layout.BatchStride
        + (layout.Transposed ? column * layout.LeadingDimension + row : row * layout.LeadingDimension + column);
}
