using System.Numerics;

namespace Harness.Kernels.Devices;

/// <summary>
/// Products with few columns, A transposed: a fully connected layer on a small batch. The weights are read once, in order, at the
/// speed of memory, so packing them would only cost. Each element of the result is a dot product of two contiguous vectors.
/// </summary>
internal sealed unsafe class DotGemmWork : IParallelWork
{
    private const long MaximumColumns = 8;
    private const int RowsPerItem = 32;
    private const int RowsTogether = 4;

    private GemmCall _call;
    private long _rowBlocks;

    public static bool Applies(in GemmCall call) =>
        call.TransposeA && !call.TransposeB && call.N <= MaximumColumns && call.K > 0 && call.Alpha != 0;

    public void Run(in GemmCall call, WorkerPool pool)
    {
        _call = call;
        _rowBlocks = (call.M + RowsPerItem - 1) / RowsPerItem;
        pool.Run(this, checked((int)(_rowBlocks * call.BatchCount)));
    }

    public void Execute(int item, int worker)
    {
        unchecked
        {
            long batch = item / _rowBlocks;
            nint first = (nint)(item % _rowBlocks) * RowsPerItem;
            nint last = (nint)Math.Min(first + RowsPerItem, _call.M);
            nint lda = (nint)_call.LeadingDimensionA, ldb = (nint)_call.LeadingDimensionB, ldc = (nint)_call.LeadingDimensionC;
            float* a = (float*)_call.A.Address + batch * _call.StrideA;
            float* b = (float*)_call.B.Address + batch * _call.StrideB;
            float* c = (float*)_call.C.Address + batch * _call.StrideC;
            float* sums = stackalloc float[RowsTogether];
            for (nint i = first; i < last; i += RowsTogether)
            {
                // Fewer than four rows left: the last four again, or one by one where there are not even four.
                nint count = Math.Min(RowsTogether, last - i);
                for (nint j = 0; j < (nint)_call.N; j++)
                {
                    float* column = b + j * ldb;
                    if (count == RowsTogether)
                    {
                        FourRows(a + i * lda, lda, column, (nint)_call.K, sums);
                    }
                    else
                    {
                        for (nint r = 0; r < count; r++)
                        {
                            sums[r] = OneRow(a + (i + r) * lda, column, (nint)_call.K);
                        }
                    }

                    float* to = c + i + j * ldc;
                    for (nint r = 0; r < count; r++)
                    {
                        float value = _call.Alpha * sums[r];
                        to[r] = _call.Beta == 0 ? value : float.FusedMultiplyAdd(to[r], _call.Beta, value);
                    }
                }
            }
        }
    }

    private static void FourRows(float* rows, nint stride, float* column, nint depth, float* sums)
    {
        unchecked
        {
            float* row0 = rows, row1 = rows + stride, row2 = row1 + stride, row3 = row2 + stride;
            Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
            nint k = 0;
            for (; k <= depth - Vector<float>.Count; k += Vector<float>.Count)
            {
                Vector<float> x = Vector.Load(column + k);
                s0 = Vector.FusedMultiplyAdd(Vector.Load(row0 + k), x, s0);
                s1 = Vector.FusedMultiplyAdd(Vector.Load(row1 + k), x, s1);
                s2 = Vector.FusedMultiplyAdd(Vector.Load(row2 + k), x, s2);
                s3 = Vector.FusedMultiplyAdd(Vector.Load(row3 + k), x, s3);
            }

            sums[0] = Vector.Sum(s0) + Tail(row0, column, k, depth);
            sums[1] = Vector.Sum(s1) + Tail(row1, column, k, depth);
            sums[2] = Vector.Sum(s2) + Tail(row2, column, k, depth);
            sums[3] = Vector.Sum(s3) + Tail(row3, column, k, depth);
        }
    }

    private static float OneRow(float* row, float* column, nint depth)
    {
        unchecked
        {
            Vector<float> s = default;
            nint k = 0;
            for (; k <= depth - Vector<float>.Count; k += Vector<float>.Count)
            {
                s = Vector.FusedMultiplyAdd(Vector.Load(row + k), Vector.Load(column + k), s);
            }

            return Vector.Sum(s) + Tail(row, column, k, depth);
        }
    }

    private static float Tail(float* row, float* column, nint k, nint depth)
    {
        float sum = 0;
        for (; k < depth; k++)
        {
            sum = float.FusedMultiplyAdd(row[k], column[k], sum);
        }

        return sum;
    }
}
