using System.Numerics;
using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using static Harness.Kernels.Launch.Arguments;

namespace Harness.Kernels.Launch;

/// <summary>
/// relative_position_bias.ptx: a thread a (query, key) pair, for all heads. Which bucket a distance falls into is decided here,
/// once, as integer thresholds: the kernel only compares integers, so no approximate logarithm can misplace a distance.
/// </summary>
internal static class RelativePositionBiasLauncher
{
    private const int BlockThreads = 128;

    /// <summary>Pairs of a head for each thread of a block that adds one of its buckets: the widest bucket holds most of them.</summary>
    private const int PairsPerThread = 64;
    private const int SmallestBackwardBlock = 32;
    private const int LargestBackwardBlock = 1024;

    /// <summary>Arguments of the kernel that hold thresholds; unused ones hold <see cref="Never"/>.</summary>
    internal const int LargestThresholds = 32;

    private const ulong Never = int.MaxValue;

    public static void Launch(LaunchTable table, RelativePositionBiasStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape y = step.Y.Shape;
        int bucketsPerSide = (int)(step.Causal ? step.Table.Shape[0] : step.Table.Shape[0] / 2);
        Span<ulong> arguments =
        [
            Pointer(addresses, step.Table), Pointer(addresses, step.Y),
            Count(step, y[0]), Count(step, y[1]), Count(step, y[2]),
            step.Causal ? 1UL : 0, (ulong)bucketsPerSide, (ulong)(bucketsPerSide / 2),
            Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never,
            Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never,
        ];
        WriteThresholds(step, step.MaxDistance, bucketsPerSide, arguments[^LargestThresholds..]);
        long pairs = Extent(step, y[1] * y[2]);
        table.Launch("relative_position_bias", new Dim3(Extent(step, CeilingDivide(pairs, BlockThreads))), new Dim3(BlockThreads), arguments);
    }

    /// <summary>relative_position_bias_backward.ptx: a block a bucket and head.</summary>
    public static void Launch(LaunchTable table, RelativePositionBiasBackwardStep step, ReadOnlySpan<DevicePointer> addresses)
    {
        Shape dy = step.OutputGradient.Shape;
        int buckets = Extent(step, step.TableGradient.Shape[0]), bucketsPerSide = step.Causal ? buckets : buckets / 2;
        Span<ulong> arguments =
        [
            Pointer(addresses, step.OutputGradient), Pointer(addresses, step.TableGradient), Count(step, dy[1]), Count(step, dy[2]),
            Flag(step.Causal), (ulong)bucketsPerSide, (ulong)(bucketsPerSide / 2), Flag(step.Accumulate),
            Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never,
            Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never, Never,
        ];
        WriteThresholds(step, step.MaxDistance, bucketsPerSide, arguments[^LargestThresholds..]);
        int pairs = Extent(step, dy[1] * dy[2]);
        uint threads = BitOperations.RoundUpToPowerOf2((uint)CeilingDivide(pairs, PairsPerThread));
        var block = new Dim3((int)Math.Clamp(threads, SmallestBackwardBlock, LargestBackwardBlock));
        table.Launch("relative_position_bias_backward", new Dim3(buckets, Extent(step, dy[0])), block, arguments);
    }

    /// <summary>
    /// The logarithmic half of the buckets: threshold j is the smallest distance in bucket exact + 1 + j, found by bisection over
    /// the monotone bucket formula. Hugging Face evaluates that formula in f32 (T5Attention._relative_position_bucket), so we do too.
    /// </summary>
    internal static void WriteThresholds(Step step, int maxDistance, int bucketsPerSide, Span<ulong> thresholds)
    {
        int exact = bucketsPerSide / 2, logarithmic = bucketsPerSide - exact;
        if (exact < 1 || maxDistance <= exact)
        {
            throw new CallerException(
                $"step {step.Name}: {bucketsPerSide} buckets a side and max distance {maxDistance} leave no room (need 2 or more and more than {exact})");
        }

        if (logarithmic - 1 > thresholds.Length)
        {
            throw new CallerException(
                $"step {step.Name}: {bucketsPerSide} buckets a side are beyond the kernel's limit of {2 * (LargestThresholds + 1)}");
        }

        for (int j = 1; j < logarithmic; j++)
        {
            int low = exact, high = maxDistance;
            while (low < high)
            {
                int middle = low + (high - low) / 2;
                if (LogarithmicBucket(middle, exact, logarithmic, maxDistance) >= j)
                {
                    high = middle;
                }
                else
                {
                    low = middle + 1;
                }
            }

            thresholds[j - 1] = (ulong)low;
        }
    }

    private static int LogarithmicBucket(int distance, int exact, int logarithmic, int maxDistance) =>
        (int)(MathF.Log((float)distance / exact) / (float)Math.Log((double)maxDistance / exact) * logarithmic);
}
