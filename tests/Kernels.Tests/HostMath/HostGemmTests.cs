using Harness.Kernels.Devices;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Kernels.Tests.HostMath;

public class HostGemmTests
{
    private static readonly int[] s_extents = [1, 2, 3, 5, 8, 12, 13, 16, 17, 31, 32, 33, 37, 64, 100, 131];

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Awkward_shapes_agree_with_double_precision(bool transposeA, bool transposeB)
    {
        using var pool = new WorkerPool(2);
        var random = new Random(7);
        for (int i = 0; i < 120; i++)
        {
            int m = s_extents[random.Next(s_extents.Length)];
            int n = s_extents[random.Next(s_extents.Length)];
            int k = s_extents[random.Next(s_extents.Length)];
            Check(pool, transposeA, transposeB, m, n, k, 1, 0, random.Next(3), 1 + random.Next(3), i);
        }
    }

    [Theory]
    [InlineData(false, false, 300, 290, 700)]
    [InlineData(true, false, 515, 64, 768)]
    [InlineData(true, false, 64, 515, 300)]
    [InlineData(true, false, 1000, 1, 513)]
    [InlineData(true, false, 99, 8, 25)]
    [InlineData(true, false, 99, 9, 2000)]
    [InlineData(false, true, 7, 1100, 50)]
    public void Blocks_fit_together(bool transposeA, bool transposeB, int m, int n, int k)
    {
        using var pool = new WorkerPool(3);
        Check(pool, transposeA, transposeB, m, n, k, 1, 0, 5, 2, 1);
        Check(pool, transposeA, transposeB, m, n, k, -0.5f, 2.5f, 0, 1, 2);
    }

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(0f, 0.5f)]
    [InlineData(0f, 0f)]
    [InlineData(2f, -1f)]
    public void Alpha_and_beta_scale_product_and_previous_contents(float alpha, float beta)
    {
        using var pool = new WorkerPool(2);
        Check(pool, false, false, 40, 13, 20, alpha, beta, 1, 2, 3);
        Check(pool, true, false, 40, 5, 20, alpha, beta, 1, 2, 4);
        Check(pool, true, true, 33, 50, 600, alpha, beta, 1, 1, 5);
    }

    [Theory]
    [InlineData(false, 20)]
    [InlineData(true, 20)]
    [InlineData(true, 3)]
    public void With_an_empty_sum_the_result_is_beta_c(bool transposeA, int n)
    {
        using var pool = new WorkerPool(2);
        Check(pool, transposeA, false, 40, n, 0, 1, 0.5f, 0, 1, 1);
        Check(pool, transposeA, false, 40, n, 0, 1, 0, 0, 1, 1);
    }

    [Fact]
    public void A_stride_of_zero_repeats_an_operand_over_the_batch()
    {
        using var pool = new WorkerPool(2);
        const int m = 20, n = 10, k = 9, batch = 4;
        using NativeFloats a = NativeFloats.Random(m * k, 1);
        using NativeFloats b = NativeFloats.Random(batch * k * n, 2);
        using NativeFloats c = NativeFloats.Filled(batch * m * n, float.NaN);
        var call = new GemmCall(false, false, m, n, k, 1, a.Pointer, m, 0, b.Pointer, k, k * n, 0, c.Pointer, m, m * n, batch);
        float[] before = c.Span.ToArray();
        HostGemm.Run(call, pool);
        Compare(call, a, b, before, c);
    }

    [Theory]
    [InlineData(false, 333, 222)]
    [InlineData(true, 333, 222)]
    [InlineData(true, 333, 4)]
    public void The_bytes_do_not_depend_on_the_number_of_workers(bool transposeA, int m, int n)
    {
        const int k = 1001;
        using NativeFloats a = NativeFloats.Random(m * k, 1);
        using NativeFloats b = NativeFloats.Random(k * n, 2);
        float[]? first = null;
        foreach (int workers in new[] { 1, 2, 7 })
        {
            using var pool = new WorkerPool(workers);
            using NativeFloats c = NativeFloats.Filled(m * n, float.NaN);
            HostGemm.Run(new GemmCall(transposeA, false, m, n, k, 1, a.Pointer, transposeA ? k : m, 0, b.Pointer, k, 0, 0, c.Pointer, m, 0, 1), pool);
            first ??= c.Span.ToArray();
            Assert.True(first.AsSpan().SequenceEqual(c.Span));
        }
    }

    [Fact]
    public void Infinities_and_nans_go_where_they_belong()
    {
        using var pool = new WorkerPool(1);
        const int m = 35, n = 14, k = 5;
        using NativeFloats a = NativeFloats.Random(m * k, 1);
        using NativeFloats b = NativeFloats.Random(k * n, 2);
        using NativeFloats c = NativeFloats.Filled(m * n, 0);
        a.Span[33] = float.PositiveInfinity;
        b.Span[7 * k] = float.NaN;
        HostGemm.Run(new GemmCall(false, false, m, n, k, 1, a.Pointer, m, 0, b.Pointer, k, 0, 0, c.Pointer, m, 0, 1), pool);
        for (int j = 0; j < n; j++)
        {
            for (int i = 0; i < m; i++)
            {
                float value = c.Span[j * m + i];
                Assert.Equal(j == 7, float.IsNaN(value));
                Assert.Equal(i == 33 && j != 7, float.IsInfinity(value));
            }
        }
    }

    [Fact]
    public void A_steady_loop_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        using NativeFloats a = NativeFloats.Random(100 * 100, 1);
        using NativeFloats c = NativeFloats.Random(100 * 100, 2);
        var wide = new GemmCall(true, false, 100, 100, 100, 1, a.Pointer, 100, 0, a.Pointer, 100, 0, 0, c.Pointer, 100, 0, 1);
        GemmCall narrow = wide with { N = 2 };
        HostGemm.Run(wide, pool);
        HostGemm.Run(narrow, pool);
        Assert.Equal(0, ManagedAllocation.LeastBytesOf(() =>
        {
            for (int i = 0; i < 10; i++)
            {
                HostGemm.Run(wide, pool);
                HostGemm.Run(narrow, pool);
            }
        }));
    }

    // Operands have leading dimensions and strides with `slack` unused elements, which must not be written.
    private static void Check(
        WorkerPool pool, bool transposeA, bool transposeB, int m, int n, int k, float alpha, float beta, int slack, int batch, int seed)
    {
        int lda = Math.Max(1, transposeA ? k : m) + slack, ldb = Math.Max(1, transposeB ? n : k) + slack, ldc = m + slack;
        int strideA = lda * (transposeA ? m : k) + slack, strideB = ldb * (transposeB ? k : n) + slack, strideC = ldc * n + slack;
        using NativeFloats a = NativeFloats.Random(strideA * batch, seed);
        using NativeFloats b = NativeFloats.Random(strideB * batch, seed + 1);
        using NativeFloats c = beta == 0 ? NativeFloats.Filled(strideC * batch, float.NaN) : NativeFloats.Random(strideC * batch, seed + 2);
        float[] before = c.Span.ToArray();
        var call = new GemmCall(
            transposeA, transposeB, m, n, k, alpha, a.Pointer, lda, strideA, b.Pointer, ldb, strideB, beta, c.Pointer, ldc, strideC, batch);
        HostGemm.Run(call, pool);
        Compare(call, a, b, before, c);
    }

    private static void Compare(in GemmCall call, NativeFloats a, NativeFloats b, float[] before, NativeFloats c)
    {
        c.CheckGuards();
        ReadOnlySpan<float> sa = a.Span, sb = b.Span, sc = c.Span;
        var written = new bool[before.Length];
        for (long batch = 0; batch < call.BatchCount; batch++)
        {
            for (long j = 0; j < call.N; j++)
            {
                for (long i = 0; i < call.M; i++)
                {
                    double sum = 0, magnitude = 0;
                    for (long k = 0; k < call.K; k++)
                    {
                        long ia = batch * call.StrideA + (call.TransposeA ? k + i * call.LeadingDimensionA : i + k * call.LeadingDimensionA);
                        long ib = batch * call.StrideB + (call.TransposeB ? j + k * call.LeadingDimensionB : k + j * call.LeadingDimensionB);
                        sum += (double)sa[(int)ia] * sb[(int)ib];
                        magnitude += Math.Abs((double)sa[(int)ia] * sb[(int)ib]);
                    }

                    int ic = (int)(batch * call.StrideC + i + j * call.LeadingDimensionC);
                    written[ic] = true;
                    double previous = call.Beta == 0 ? 0 : (double)call.Beta * before[ic];
                    double expected = call.Alpha * sum + previous;
                    // A sum of k products in any order: (k + 2) half ulps of the sum of magnitudes.
                    double tolerance = (call.K + 2) * 6e-8 * (Math.Abs(call.Alpha) * magnitude + Math.Abs(previous)) + 1e-30;
                    if (!(Math.Abs(sc[ic] - expected) <= tolerance))
                    {
                        Assert.Fail($"{call}: element ({i}, {j}) of product {batch} is {sc[ic]}, expected {expected} within {tolerance}");
                    }
                }
            }
        }

        for (int i = 0; i < before.Length; i++)
        {
            if (!written[i] && BitConverter.SingleToInt32Bits(before[i]) != BitConverter.SingleToInt32Bits(sc[i]))
            {
                Assert.Fail($"{call}: element {i} between the columns was written");
            }
        }
    }
}
