using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Ptx;

/// <summary>What a C compiler made of ordinary kernels, executed: sums, scans, tiles, stencils, calls. Expected values are computed here in C#.</summary>
public sealed class PtxCorpusExecutionTests
{
    private readonly Random _random = new(7);

    [Fact]
    public void Reductions_through_shared_memory_and_shuffles()
    {
        const int n = 5000;
        float[] x = Integers(n, -50, 50);
        using var run = new CorpusRun("reduce.ptx");
        ulong partial = run.Out<float>(4);
        ulong total = run.In(0f);
        ulong input = run.In(x);
        run.Launch("reduce_tree", new Dim3(4), new Dim3(256), 0, partial, input, n);
        run.Launch("reduce_shuffle", new Dim3(3), new Dim3(128), 0, total, input, n);
        Assert.Equal(x.Sum(), run.Read<float>(partial, 4).Sum());
        Assert.Equal(x.Sum(), run.Read<float>(total, 1)[0]);
    }

    [Fact]
    public void Scans_of_a_block_and_of_a_warp()
    {
        int[] x = [.. Integers(256, -9, 10).Select(v => (int)v)];
        using var run = new CorpusRun("scan.ptx");
        ulong input = run.In(x);
        ulong block = run.Out<int>(200);
        ulong warp = run.Out<int>(256);
        run.Launch("scan_block", new Dim3(1), new Dim3(256), 0, block, input, 200);
        run.Launch("scan_warp", new Dim3(2), new Dim3(128), 0, warp, input);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => x.Take(i + 1).Sum()), run.Read<int>(block, 200));
        Assert.Equal(Enumerable.Range(0, 256).Select(i => x.Skip(i / 32 * 32).Take(i % 32 + 1).Sum()), run.Read<int>(warp, 256));
    }

    [Fact]
    public void A_transpose_through_a_padded_tile()
    {
        const int rows = 70;
        const int columns = 45;
        float[] x = Integers(rows * columns, -1000, 1000);
        using var run = new CorpusRun("transpose.ptx");
        ulong y = run.Out<float>(x.Length);
        run.Launch("transpose", new Dim3(2, 3), new Dim3(32, 8), 0, y, run.In(x), rows, columns);
        Assert.Equal(Enumerable.Range(0, x.Length).Select(i => x[i % rows * columns + i / rows]), run.Read<float>(y, x.Length));
    }

    [Fact]
    public void Stencils_in_one_and_two_dimensions()
    {
        const int n = 300;
        const int width = 40;
        const int height = 9;
        float[] weights = [0.0625f, 0.25f, 0.375f, 0.25f, 0.0625f];
        float[] x = Integers(n, -64, 64);
        double[] grid = [.. Integers(width * height, -64, 64).Select(v => (double)v)];
        using var run = new CorpusRun("stencil.ptx");
        ulong y = run.Out<float>(n);
        run.Launch("stencil5", new Dim3(3), new Dim3(128), 0, y, run.In(x), n);
        Assert.Equal(
            Enumerable.Range(0, n).Select(i => Enumerable.Range(-2, 5).Sum(k => weights[k + 2] * x[Math.Clamp(i + k, 0, n - 1)])),
            run.Read<float>(y, n));

        ulong heated = run.In(grid);
        run.Launch("heat", new Dim3(2, height), new Dim3(32), 0, heated, run.In(grid), width, height, CorpusRun.Bits(0.125));
        double[] result = run.Read<double>(heated, grid.Length);
        for (int at = 0; at < grid.Length; at++)
        {
            bool inside = at % width is > 0 and < width - 1 && at / width is > 0 and < height - 1;
            double expected = inside ? grid[at] + 0.125 * (grid[at + 1] + grid[at - 1] + grid[at + width] + grid[at - width] - 4 * grid[at]) : grid[at];
            Assert.Equal(expected, result[at]);
        }
    }

    [Fact]
    public void A_histogram_with_shared_and_global_atomics()
    {
        byte[] x = new byte[3000];
        _random.NextBytes(x);
        using var run = new CorpusRun("histogram.ptx");
        ulong counts = run.In(new int[256]);
        run.Launch("histogram256", new Dim3(5), new Dim3(64), 0, counts, run.In(x), (ulong)x.Length);
        Assert.Equal(Enumerable.Range(0, 256).Select(v => x.Count(b => b == v)), run.Read<int>(counts, 256));
    }

    [Fact]
    public void Every_kind_of_atomic()
    {
        int[] x = [.. Enumerable.Range(0, 128).Select(_ => _random.Next(-100_000, 100_000))];
        using var run = new CorpusRun("histogram.ptx");
        ulong words = run.In(0, 0, -1, 0, 0, -1, 0, 5);
        ulong wrap = run.In(0u, 0u);
        ulong wide = run.In(0L, long.MinValue);
        run.Launch("atomics", new Dim3(2), new Dim3(64), 0, words, run.In(x), wrap, wide);
        int[] expected =
        [
            Math.Min(0, x.Min()), Math.Max(0, x.Max()), x.Aggregate(-1, (a, b) => a & b), x.Aggregate((a, b) => a | b), x.Aggregate((a, b) => a ^ b),
            unchecked((int)x.Min(v => unchecked((uint)v))), unchecked((int)x.Max(v => unchecked((uint)v))), 5 + 2 * x.Sum(),
        ];
        Assert.Equal(expected, run.Read<int>(words, 8));

        // inc counts 0 1 ... 6 and starts again; dec the other way round.
        Assert.Equal([128u % 7, (7 - 128u % 7) % 7], run.Read<uint>(wrap, 2));
        Assert.Equal([x.Sum(v => (long)v), x.Max()], run.Read<long>(wide, 2));
    }

    [Fact]
    public void Halves_are_widened_scaled_and_rounded()
    {
        const int n = 65;
        Half[] x = [.. Integers(n, -4000, 4000).Select(v => (Half)(v / 7))];
        using var run = new CorpusRun("half.ptx");
        ulong y = run.Out<ushort>(n);
        run.Launch("half_scale", new Dim3(1), new Dim3(96), 0, y, run.In(x), CorpusRun.Bits(0.3f), n);
        Assert.Equal(x.Select(h => (Half)((float)h * 0.3f)), run.Read<Half>(y, n));
    }

    [Fact]
    public void Packed_halves_add_and_fuse()
    {
        Half[] a = [.. Integers(64, -40, 40).Select(v => (Half)(v / 8))];
        Half[] b = [.. Integers(64, -40, 40).Select(v => (Half)(v / 8))];
        Half[] c = [.. Integers(64, -40, 40).Select(v => (Half)(v / 8))];
        using var run = new CorpusRun("half.ptx");
        ulong y = run.Out<Half>(64);
        run.Launch("half_native", new Dim3(1), new Dim3(32), 0, y, run.In(a), run.In(b), run.In(c), 32);
        Half[] result = run.Read<Half>(y, 64);
        for (int i = 0; i < 64; i += 2)
        {
            Assert.Equal((Half)((double)(Half)(a[i] + a[i + 1]) * (double)b[i] + (double)c[i]), result[i]);
            Assert.Equal((Half)((double)a[i + 1] * (double)b[i + 1] + (double)c[i + 1]), result[i + 1]);
        }
    }

    [Fact]
    public void Integers_of_64_bits()
    {
        ulong[] a = [.. Enumerable.Range(0, 100).Select(_ => unchecked((ulong)_random.NextInt64(long.MinValue, long.MaxValue))), ulong.MaxValue, 0, 1UL << 63];
        ulong[] b = [.. a.Select((v, i) => i % 3 == 0 ? 7UL : (ulong)_random.NextInt64() >> (i % 50))];
        using var run = new CorpusRun("integers.ptx");
        ulong y = run.Out<ulong>(a.Length);
        run.Launch("integers64", new Dim3(1), new Dim3(128), 0, y, run.In(a), run.In(b), (ulong)a.Length);
        Assert.Equal(a.Zip(b, Expected), run.Read<ulong>(y, a.Length));

        static ulong Expected(ulong x, ulong odd)
        {
            unchecked
            {
                ulong y = odd | 1;
                ulong h = x * 6364136223846793005UL + 1442695040888963407UL;
                h ^= h >> (int)(x & 63);
                h += (x / y) + (x % y);
                h ^= (ulong)(((long)x >> 7) + Math.Max((long)x, (long)y));
                h += (x << 13) | (x >> 51);
                return h - (ulong)((long)x % 1000);
            }
        }
    }

    [Fact]
    public void Bits_and_narrow_types()
    {
        uint[] x = [0, 1, 0x80000000, uint.MaxValue, .. Enumerable.Range(0, 60).Select(_ => (uint)_random.NextInt64(1L << 32))];
        sbyte[] bytes = [.. x.Select(v => unchecked((sbyte)(v >> 3)))];
        short[] shorts = [.. x.Select(v => unchecked((short)(v >> 5)))];
        using var run = new CorpusRun("integers.ptx");
        ulong y = run.Out<uint>(x.Length);
        ulong input = run.In(x);
        run.Launch("bits32", new Dim3(1), new Dim3(64), 0, y, input, (ulong)x.Length);
        Assert.Equal(x.Select(Expected), run.Read<uint>(y, x.Length));

        ulong c = run.In(bytes);
        ulong s = run.In(shorts);
        run.Launch("narrow_types", new Dim3(2), new Dim3(32), 0, c, s, input, (ulong)x.Length);
        Assert.Equal(x.Zip(bytes, (v, b) => unchecked((sbyte)(b * 3 + (int)v))), run.Read<sbyte>(c, x.Length));
        Assert.Equal(x.Zip(shorts, (v, b) => unchecked((short)(b / 5 - (short)v))), run.Read<short>(s, x.Length));

        static uint Expected(uint x)
        {
            unchecked
            {
                uint h = (uint)System.Numerics.BitOperations.PopCount(x) + ((uint)System.Numerics.BitOperations.LeadingZeroCount(x | 1) << 6)
                    + ((uint)System.Numerics.BitOperations.TrailingZeroCount(x | 0x80000000) << 12);
                uint reversed = 0;
                for (int bit = 0; bit < 32; bit++)
                {
                    reversed |= ((x >> bit) & 1) << (31 - bit);
                }

                h ^= reversed;
                h += (x << 7) | (x >> 25);
                h += System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(x);
                h ^= (uint)(((ulong)x * x) >> 32);
                return h + (uint)((int)x / 7) + (uint)((int)x % 7) + x / 10;
            }
        }
    }

    [Fact]
    public void Doubles_keep_every_bit()
    {
        double[] x = [.. Enumerable.Range(0, 33).Select(_ => _random.NextDouble() * 2000 - 1000)];
        using var run = new CorpusRun("doubles.ptx");
        ulong y = run.Out<double>(x.Length);
        run.Launch("doubles", new Dim3(1), new Dim3(64), 0, y, run.In(x), (ulong)x.Length);
        double[] result = run.Read<double>(y, x.Length);
        for (int i = 0; i < x.Length; i++)
        {
            double v = x[i];
            double q = 1 / Math.FusedMultiplyAdd(v, v, 1);
            double expected = Math.Sqrt(q) + Math.FusedMultiplyAdd(v, q, 0.5) + (int)v + (long)(v * 16) + (double)(float)v
                + Math.Abs(v) + Math.Floor(v) + Math.Truncate(v) + (v < q ? v : q);
            Assert.Equal(expected, result[i], 1e-9);
        }

        double[] rows = [.. Enumerable.Range(0, 3 * 50).Select(_ => _random.NextDouble() * Math.Pow(10, _random.Next(-8, 8)))];
        ulong sums = run.Out<double>(3);
        run.Launch("kahan", new Dim3(1), new Dim3(32), 0, sums, run.In(rows), 3, 50);
        Assert.Equal(Enumerable.Range(0, 3).Select(r => Kahan(rows.AsSpan(r * 50, 50))), run.Read<double>(sums, 3));

        static double Kahan(ReadOnlySpan<double> values)
        {
            double sum = 0;
            double lost = 0;
            foreach (double value in values)
            {
                double y = value - lost;
                double t = sum + y;
                lost = t - sum - y;
                sum = t;
            }

            return sum;
        }
    }

    [Fact]
    public void Switches_divergent_loops_and_local_arrays()
    {
        int[] op = [.. Enumerable.Range(0, 64).Select(i => i % 11 == 8 ? 100 : i % 11 == 9 ? 1000 : i % 11)];
        int[] a = [.. Enumerable.Range(0, 64).Select(_ => _random.Next(-999, 999))];
        int[] b = [.. Enumerable.Range(0, 64).Select(i => i % 5 == 0 ? 0 : _random.Next(-999, 999))];
        using (var run = new CorpusRun("switch.ptx"))
        {
            ulong y = run.Out<int>(64);
            run.Launch("choose", new Dim3(1), new Dim3(64), 0, y, run.In(op), run.In(a), run.In(b), 64);
            Assert.Equal(Enumerable.Range(0, 64).Select(i => Choose(op[i], a[i], b[i])), run.Read<int>(y, 64));
        }

        using (var run = new CorpusRun("divergence.ptx"))
        {
            uint[] start = [.. Enumerable.Range(0, 100).Select(i => (uint)i), 0xFFFFFFFF, 837799];
            ulong y = run.Out<int>(start.Length);
            run.Launch("collatz", new Dim3(2), new Dim3(64), 0, y, run.In(start), (ulong)start.Length);
            Assert.Equal(start.Select(Collatz), run.Read<int>(y, start.Length));
        }

        using (var run = new CorpusRun("local.ptx"))
        {
            int[] x = [.. Enumerable.Range(0, 8 * 40).Select(_ => _random.Next(-50, 50))];
            ulong y = run.In(x);
            run.Launch("sort8", new Dim3(2), new Dim3(32), 0, y, 40);
            Assert.Equal(x.Chunk(8).SelectMany(group => group.Order()), run.Read<int>(y, x.Length));
        }

        static int Choose(int op, int x, int y) => op switch
        {
            0 => x + y, 1 => x - y, 2 => x * y, 3 => y == 0 ? 0 : x / y, 4 => x & y, 5 => x | y, 6 => x ^ y, 7 => x << (y & 31),
            100 => x > y ? 1 : 0, 1000 => -x, _ => 12345,
        };

        static int Collatz(uint v)
        {
            int count = 0;
            while (v != 1)
            {
                if (v == 0)
                {
                    return -1;
                }

                if (v % 2 == 1 && v > 1431655764)
                {
                    return -2;
                }

                v = v % 2 == 1 ? 3 * v + 1 : v / 2;
                if (++count > 500)
                {
                    break;
                }
            }

            return count;
        }
    }

    [Theory]
    [InlineData("calls.ptx")]
    [InlineData("debug.ptx")]
    public void Calls_pass_scalars_structures_and_pointers(string file)
    {
        const int n = 40;
        float[] f = Integers(n, -20, 20);
        int[] s = [.. Enumerable.Range(0, n).Select(i => i * 3 - 50)];
        long[] w = [.. Enumerable.Range(0, n).Select(i => (i - 20) * 10_000_000_000L)];
        using var run = new CorpusRun(file);
        (ulong floats, ulong ints, ulong longs) = (run.In(f), run.In(s), run.In(w));
        run.Launch("calls", new Dim3(1), new Dim3(64), 0, floats, ints, longs, n);
        Assert.Equal(f.Select(x => (2 * x - 3) * x + 0.5f), run.Read<float>(floats, n));
        Assert.Equal(s.Select((x, i) => x + i + 7), run.Read<int>(ints, n));
        Assert.Equal(w.Select((x, i) => x * i), run.Read<long>(longs, n));
    }

    [Fact]
    public void A_tiled_product_of_any_size()
    {
        const int m = 21;
        const int n = 35;
        const int k = 18;
        float[] a = Integers(m * k, -9, 9);
        float[] b = Integers(k * n, -9, 9);
        using var run = new CorpusRun("matmul.ptx");
        ulong c = run.Out<float>(m * n);
        run.Launch("matmul16", new Dim3(3, 2), new Dim3(16, 16), 0, c, run.In(a), run.In(b), m, n, k);
        Assert.Equal(
            Enumerable.Range(0, m * n).Select(at => Enumerable.Range(0, k).Sum(i => a[at / n * k + i] * b[i * n + at % n])),
            run.Read<float>(c, m * n));
    }

    [Fact]
    public void Vector_accesses_and_gathers()
    {
        const int n = 60;
        float[] x = Integers(n * 4, -99, 99);
        float[] y = Integers(n * 4, -99, 99);
        int[] pairs = [.. Enumerable.Range(0, n * 2)];
        int[] index = [.. Enumerable.Range(0, n).Select(_ => _random.Next(n * 4))];
        using var run = new CorpusRun("vectors.ptx");
        (ulong sums, ulong swapped, ulong gathered, ulong input) = (run.In(y), run.In(pairs), run.Out<float>(n), run.In(x));
        run.Launch("axpy4", new Dim3(1), new Dim3(64), 0, sums, input, CorpusRun.Bits(3f), n);
        run.Launch("swap2", new Dim3(1), new Dim3(64), 0, swapped, n);
        run.Launch("gather", new Dim3(1), new Dim3(64), 0, gathered, input, run.In(index), n);
        Assert.Equal(x.Zip(y, (p, q) => 3 * p + q), run.Read<float>(sums, n * 4));
        Assert.Equal(pairs.Select(v => v ^ 1), run.Read<int>(swapped, n * 2));
        Assert.Equal(index.Select(i => x[i]), run.Read<float>(gathered, n));
    }

    [Fact]
    public void Votes_compact_and_agree()
    {
        int[] x = [.. Enumerable.Range(0, 96).Select(_ => _random.Next(-50, 50))];
        using var run = new CorpusRun("votes.ptx");
        ulong kept = run.In(Enumerable.Repeat(int.MinValue, 96).ToArray());
        ulong counts = run.Out<int>(3);
        run.Launch("compact", new Dim3(3), new Dim3(32), 0, kept, counts, run.In(x), 5);
        int[][] expected = [.. x.Chunk(32).Select(warp => warp.Where(v => v > 5).ToArray())];
        Assert.Equal(expected.Select(warp => warp.Length), run.Read<int>(counts, 3));
        Assert.Equal(expected.SelectMany(warp => warp.Concat(Enumerable.Repeat(int.MinValue, 32 - warp.Length))), run.Read<int>(kept, 96));

        int[] small = [.. Enumerable.Range(0, 32).Select(i => i % 5 + 1)];
        ulong agreed = run.Out<int>(32);
        run.Launch("agree", new Dim3(1), new Dim3(32), 0, agreed, run.In(small), 4);
        Assert.Equal(
            small.Select(v => unchecked(1 + 2 + (v == 1 ? 4 : 0) + 8 * (int)Enumerable.Range(0, 32).Where(i => small[i] == v).Aggregate(0u, (mask, i) => mask | 1u << i))),
            run.Read<int>(agreed, 32));
    }

    [Fact]
    public void Approximate_units_are_close_and_rounded_ones_exact()
    {
        float[] x = [.. Enumerable.Range(0, 50).Select(_ => (float)(_random.NextDouble() * 12 - 6))];
        using var run = new CorpusRun("math.ptx");
        ulong y = run.Out<float>(x.Length * 8);
        run.Launch("math32", new Dim3(1), new Dim3(64), 0, y, run.In(x), (ulong)x.Length);
        float[] result = run.Read<float>(y, x.Length * 8);
        for (int i = 0; i < x.Length; i++)
        {
            double v = x[i];
            float a = Math.Abs(x[i]) + 1;
            Close(Math.Pow(2, v), result[i * 8], 1e-6 * Math.Pow(2, v));
            Close(Math.Log2(a), result[i * 8 + 1], 1e-6);
            Close(Math.Sin(v) * Math.Cos(v), result[i * 8 + 2], 2e-6);
            Close(1 / Math.Sqrt(a), result[i * 8 + 3], 1e-6);
            Assert.Equal(MathF.Sqrt(a), result[i * 8 + 4]);
            Assert.Equal(x[i] / a, result[i * 8 + 5]);
            Close((1 / a) + (v * a + 1), result[i * 8 + 6], 2e-6 * (Math.Abs(v * a) + 2));
            float sign = MathF.CopySign(MathF.Ceiling(x[i]), -a);
            Assert.Equal(MathF.Round(x[i], MidpointRounding.ToEven) + (Math.Clamp(x[i], 0, 1) + sign + (uint)a), result[i * 8 + 7]);
        }

        static void Close(double expected, double observed, double tolerance) =>
            Assert.True(Math.Abs(expected - observed) <= tolerance, $"expected {expected}, observed {observed}");
    }

    [Fact]
    public void Softmax_with_dynamic_shared_memory()
    {
        const int columns = 77;
        float[] x = Integers(3 * columns, -8, 8);
        using var run = new CorpusRun("softmax.ptx");
        ulong y = run.Out<float>(x.Length);
        run.Launch("softmax_rows", new Dim3(3), new Dim3(64), 64 * sizeof(float), y, run.In(x), columns);
        float[] result = run.Read<float>(y, x.Length);
        for (int i = 0; i < x.Length; i++)
        {
            float[] row = x[(i / columns * columns)..(i / columns * columns + columns)];
            double expected = Math.Exp(x[i]) / row.Sum(v => Math.Exp(v));
            Assert.True(Math.Abs(expected - result[i]) <= 1e-6, $"expected {expected}, observed {result[i]}");
        }
    }

    [Fact]
    public void Recursion_is_named_and_refused()
    {
        using var run = new CorpusRun("recursion.ptx");
        PtxUnsupportedException error = Assert.Throws<PtxUnsupportedException>(() => run.Launch("recursion", new Dim3(1), new Dim3(32), 0, run.In(5), 1));
        Assert.Contains("recursive call of '_Z9fibonaccii'", error.Message, StringComparison.Ordinal);
    }

    private float[] Integers(int count, int low, int high) => [.. Enumerable.Range(0, count).Select(_ => (float)_random.Next(low, high))];
}
