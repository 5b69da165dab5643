using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Harness.Kernels.Devices;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>C[i] = alpha op(A[i]) op(B[i]) + beta C[i], column-major: element (row, column) of X at X[column * ldx + row]; strides in elements.</summary>
internal readonly record struct Product(
    bool TransposeA, bool TransposeB, int M, int N, int K, float Alpha, ulong A, int Lda, long StrideA, ulong B, int Ldb, long StrideB,
    float Beta, ulong C, int Ldc, long StrideC, int Batch, bool Tf32)
{
    public (int Rows, int Columns) ShapeA => TransposeA ? (K, M) : (M, K);

    public (int Rows, int Columns) ShapeB => TransposeB ? (N, K) : (K, N);

    /// <summary>What cuBLAS documents as CUBLAS_STATUS_INVALID_VALUE otherwise.</summary>
    public bool IsValid => M >= 0 && N >= 0 && K >= 0 && Batch >= 0
        && Lda >= Math.Max(1, ShapeA.Rows) && Ldb >= Math.Max(1, ShapeB.Rows) && Ldc >= Math.Max(1, M);

    /// <summary>From the first element to the last.</summary>
    public static long SpanBytes((int Rows, int Columns) shape, int leading, long stride, int batch) =>
        4 * (((batch - 1) * stride) + ((shape.Columns - 1) * (long)leading) + shape.Rows);
}

/// <summary>The definition, in double precision, each element rounded once.</summary>
internal sealed class ProductWork(FakeGpu gpu, string call, Product product) : Work(call, Ranges(gpu, product))
{
    public override void Run(FakeGpu gpu)
    {
        Product p = product;
        for (int matrix = 0; matrix < p.Batch; matrix++)
        {
            ulong a = p.A + (ulong)(4 * matrix * p.StrideA), b = p.B + (ulong)(4 * matrix * p.StrideB), c = p.C + (ulong)(4 * matrix * p.StrideC);
            float[] left = Read(gpu, "operand A", a, p.ShapeA, p.Lda);
            float[] right = Read(gpu, "operand B", b, p.ShapeB, p.Ldb);
            float[]? before = p.Beta == 0 ? null : Read(gpu, "operand C", c, (p.M, p.N), p.Ldc);
            for (int column = 0; column < p.N; column++)
            {
                Span<float> result = MemoryMarshal.Cast<byte, float>(gpu.Memory.Span(c + (ulong)(4L * column * p.Ldc), 4L * p.M));
                for (int row = 0; row < p.M; row++)
                {
                    double sum = 0;
                    for (int k = 0; k < p.K; k++)
                    {
                        double x = left[p.TransposeA ? (row * p.K) + k : (k * p.M) + row];
                        double y = right[p.TransposeB ? (k * p.N) + column : (column * p.K) + k];
                        sum += x * y;
                    }

                    result[row] = (float)((p.Alpha * sum) + (before is null ? 0 : p.Beta * (double)before[(column * p.M) + row]));
                }

                gpu.Memory.MarkWritten(c + (ulong)(4L * column * p.Ldc), 4L * p.M);
            }
        }
    }

    /// <summary>The matrix without what its leading dimension skips, as it is stored: column after column.</summary>
    private float[] Read(FakeGpu gpu, string what, ulong start, (int Rows, int Columns) shape, int leading)
    {
        float[] values = new float[shape.Rows * shape.Columns];
        for (int column = 0; column < shape.Columns; column++)
        {
            ulong at = start + (ulong)(4L * column * leading);
            gpu.Memory.Bytes.Read($"{Call}: {what}", new DevicePointer(gpu.Memory.ToHost(at)), 4L * shape.Rows);
            MemoryMarshal.Cast<byte, float>(gpu.Memory.Span(at, 4L * shape.Rows)).CopyTo(values.AsSpan(column * shape.Rows));
        }

        return product.Tf32 ? TensorFloat.Round(values) : values;
    }

    private static ImmutableArray<AddressRange> Ranges(FakeGpu gpu, in Product p)
    {
        if (p.M == 0 || p.N == 0 || p.K == 0 || p.Batch == 0)
        {
            throw gpu.Misuse("a product of nothing: no model of ours has one");
        }

        if (p.Batch > 1 && p.StrideC < ((p.N - 1) * (long)p.Ldc) + p.M && p.StrideC < p.M)
        {
            throw gpu.Misuse($"the results of a batch overlap: stride {p.StrideC}");
        }

        var a = new AddressRange(p.A, Product.SpanBytes(p.ShapeA, p.Lda, p.StrideA, p.Batch));
        var b = new AddressRange(p.B, Product.SpanBytes(p.ShapeB, p.Ldb, p.StrideB, p.Batch));
        var c = new AddressRange(p.C, Product.SpanBytes((p.M, p.N), p.Ldc, p.StrideC, p.Batch));
        gpu.Operand("A", a.Start, a.Bytes);
        gpu.Operand("B", b.Start, b.Bytes);
        gpu.Operand("C", c.Start, c.Bytes);
        return c.Overlaps(a) || c.Overlaps(b) ? throw gpu.Misuse("the result of a product overlaps an operand") : [a, b, c];
    }
}
