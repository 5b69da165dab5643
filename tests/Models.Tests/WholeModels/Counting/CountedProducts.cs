using Harness.Kernels.Programs;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>C[b] (+)= alpha op(A[b]) op(B[b]): a multiply-accumulate for every term of every element.</summary>
internal static class CountedProducts
{
    public static void Compute(CountedTensors t, GemmStep s)
    {
        Counted[] a = t.Read(s.A), b = t.Read(s.B), c = s.Accumulate ? t.Read(s.C) : t.Zeros(s.C.Shape.Elements);
        for (long i = 0; i < s.Batch * s.M * s.N; i++)
        {
            long matrix = i / (s.M * s.N), row = i / s.N % s.M, column = i % s.N, at = At(s.LayoutC, matrix, row, column);
            Counted sum = t.Number(0);
            for (long k = 0; k < s.K; k++)
            {
                sum = sum.MultiplyAccumulate(a[At(s.LayoutA, matrix, row, k)], b[At(s.LayoutB, matrix, k, column)]);
            }

            sum = s.Alpha == 1 ? sum : sum * t.Number(s.Alpha);
            c[at] = s.Accumulate ? c[at] + sum : sum;
        }

        t.Write(s.C, c);
    }

    private static long At(MatrixLayout layout, long matrix, long row, long column) => matrix * layout.BatchStride
        + (layout.Transposed ? column : row) * layout.LeadingDimension + (layout.Transposed ? row : column);
}
