using Harness.Kernels.Programs;

namespace Harness.Kernels.Reference;

/// <summary>Batched row-major product: C[b] = alpha op(A[b]) op(B[b]), op(A) M x K, op(B) K x N.</summary>
public static class GemmReference
{
    /// <summary>The whole tensor of C, <paramref name="elements"/> long; what lies between its rows is NaN, for nobody to compare.</summary>
    public static double[] Compute(
        double[] a, MatrixLayout layoutA, double[] b, MatrixLayout layoutB, MatrixLayout layoutC, long elements,
        long batch, long m, long n, long k, double alpha)
    {
        double[] c = new double[elements];
        Array.Fill(c, double.NaN);
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

                    c[Index(layoutC, matrix, row, column)] = alpha * sum;
                }
            }
        }

        return c;
    }

    private static long Index(MatrixLayout layout, long matrix, long row, long column) => matrix * layout.BatchStride
        + (layout.Transposed ? column * layout.LeadingDimension + row : row * layout.LeadingDimension + column);
}
