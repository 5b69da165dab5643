using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Harness.Kernels.Devices;

/// <summary>The best of many runs of one call of the host math.</summary>
/// <param name="Name">the call and its shape</param>
/// <param name="Milliseconds">the shortest run</param>
/// <param name="Gflops">10^9 floating point operations a second, those of the definition (two a product), whatever the algorithm saves</param>
/// <param name="Runs">how many runs the shortest was chosen from</param>
public sealed record HostMathRow(string Name, double Milliseconds, double Gflops, int Runs);

/// <summary>
/// Times GEMM and convolution on the shapes that BERT-base and VGG16 at batch 1 consist of. Operands are seeded and not zero, and
/// before a call is timed some elements of its result are compared with sums in double precision.
/// </summary>
public static unsafe class HostMathMeasurement
{
    private const int Samples = 32;

    /// <param name="pool">who computes</param>
    /// <param name="secondsEach">how long each shape is repeated; at least three runs are made</param>
    /// <exception cref="CheckFailedException">a result is wrong</exception>
    public static ImmutableArray<HostMathRow> Run(WorkerPool pool, double secondsEach)
    {
        ArgumentNullException.ThrowIfNull(pool);
        return
        [
            Gemm("gemm 1024 x 1024 x 1024", false, 1024, 1024, 1024, pool, secondsEach),
            Gemm("linear 768 -> 768, 64 rows", true, 768, 64, 768, pool, secondsEach),
            Gemm("linear 768 -> 768, 512 rows", true, 768, 512, 768, pool, secondsEach),
            Gemm("linear 768 -> 3072, 512 rows", true, 3072, 512, 768, pool, secondsEach),
            Gemm("linear 3072 -> 768, 512 rows", true, 768, 512, 3072, pool, secondsEach),
            Gemm("linear 4096 -> 4096, 1 row", true, 4096, 1, 4096, pool, secondsEach),
            Convolution(3, 64, 224, pool, secondsEach),
            Convolution(64, 64, 224, pool, secondsEach),
            Convolution(64, 128, 112, pool, secondsEach),
            Convolution(128, 128, 112, pool, secondsEach),
            Convolution(128, 256, 56, pool, secondsEach),
            Convolution(256, 256, 56, pool, secondsEach),
            Convolution(256, 512, 28, pool, secondsEach),
            Convolution(512, 512, 28, pool, secondsEach),
            Convolution(512, 512, 14, pool, secondsEach),
        ];
    }

    private static HostMathRow Gemm(string name, bool transposeA, long m, long n, long k, WorkerPool pool, double seconds)
    {
        using var operands = new Operands(m * k, k * n, m * n);
        long lda = transposeA ? k : m;
        var call = new GemmCall(transposeA, false, m, n, k, 1, operands[0], lda, 0, operands[1], k, 0, 0, operands[2], m, 0, 1);
        HostGemm.Run(call, pool);

        float* a = (float*)call.A.Address, b = (float*)call.B.Address, c = (float*)call.C.Address;
        var random = new Random(4);
        for (int sample = 0; sample < Samples; sample++)
        {
            long i = random.NextInt64(m), j = random.NextInt64(n);
            double sum = 0;
            for (long p = 0; p < k; p++)
            {
                sum += (double)(transposeA ? a[p + i * lda] : a[i + p * lda]) * b[p + j * k];
            }

            Check(name, c[i + j * m], sum, k);
        }

        return Time(name, 2.0 * m * n * k, seconds, () => HostGemm.Run(call, pool));
    }

    private static HostMathRow Convolution(long c, long k, long extent, WorkerPool pool, double seconds)
    {
        string name = $"convolution {c} -> {k}, {extent} x {extent}";
        var shape = new ConvolutionShape(1, c, extent, extent, k, 3, 3, 1, 1);
        long workspaceBytes = HostConvolution.WorkspaceBytes(shape);
        using var operands = new Operands(c * extent * extent, k * c * 9, k, k * extent * extent, workspaceBytes / sizeof(float));
        var call = new ConvolutionCall(shape, operands[0], operands[1], operands[2], operands[3], operands[4], workspaceBytes, false);
        HostConvolution.Run(call, pool);

        float* x = (float*)call.X.Address, w = (float*)call.Weight.Address, y = (float*)call.Y.Address;
        var random = new Random(4);
        for (int sample = 0; sample < Samples; sample++)
        {
            long filter = random.NextInt64(k), p = random.NextInt64(extent), q = random.NextInt64(extent);
            double sum = ((float*)call.Bias.Address)[filter];
            for (long tap = 0; tap < c * 9; tap++)
            {
                long row = p + tap % 9 / 3 - 1, column = q + tap % 3 - 1;
                if (row >= 0 && row < extent && column >= 0 && column < extent)
                {
                    sum += (double)w[filter * c * 9 + tap] * x[(tap / 9 * extent + row) * extent + column];
                }
            }

            Check(name, y[(filter * extent + p) * extent + q], sum, c * 9);
        }

        return Time(name, 2.0 * 9 * c * k * extent * extent, seconds, () => HostConvolution.Run(call, pool));
    }

    // Operands have standard deviation 1/sqrt(3), so that a sum of n products is of the order sqrt(n) / 3.
    private static void Check(string name, float actual, double expected, long products)
    {
        double tolerance = 1e-4 * (Math.Sqrt(products) / 3 + 1);
        if (!(Math.Abs(actual - expected) <= tolerance))
        {
            throw new CheckFailedException($"{name}: {actual} where double precision gives {expected}, more than {tolerance} away");
        }
    }

    private static HostMathRow Time(string name, double operations, double seconds, Action run)
    {
        double best = double.PositiveInfinity;
        int runs = 0;
        long start = Stopwatch.GetTimestamp();
        while (runs < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            long before = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(before).TotalMilliseconds);
            runs++;
        }

        return new HostMathRow(name, best, operations / best / 1e6, runs);
    }

    /// <summary>Native arrays of floats, uniform in -1 .. 1.</summary>
    private sealed class Operands : IDisposable
    {
        private readonly nint[] _arrays;

        public Operands(params ReadOnlySpan<long> counts)
        {
            _arrays = new nint[counts.Length];
            for (int i = 0; i < counts.Length; i++)
            {
                float* array = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(256, counts[i] * sizeof(float)), 256);
                _arrays[i] = (nint)array;
                var random = new Random(i + 1);
                for (long element = 0; element < counts[i]; element++)
                {
                    array[element] = random.NextSingle() * 2 - 1;
                }
            }
        }

        public DevicePointer this[int index] => new((ulong)_arrays[index]);

        public void Dispose()
        {
            foreach (nint array in _arrays)
            {
                NativeMemory.AlignedFree((void*)array);
            }
        }
    }
}
