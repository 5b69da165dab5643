using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>
/// Softmax backward, every version at every shape: one row, one column, primes, every lanes-a-row of version 2, rows longer than a block
/// and than the registers; results of rows that are masked in part, everywhere, or hold a NaN.
/// </summary>
internal static class SoftmaxBackwardCases
{
    private const float AttentionScale = 0.125f * 1.7f;

    private static readonly (long Batch, long Heads, long Queries, long Keys)[] s_shapes =
    [
        (1, 1, 1, 1), (2, 3, 5, 7), (1, 1, 3, 4), (3, 2, 1, 16), (1, 2, 9, 20), (2, 3, 11, 37), (2, 12, 64, 64), (1, 3, 7, 96), (1, 1, 1, 100),
        (1, 2, 5, 128), (2, 1, 3, 256), (1, 2, 3, 384), (1, 1, 5, 512), (1, 2, 3, 320), (1, 1, 3, 640), (3, 1, 3, 768), (1, 1, 2, 896),
        (1, 2, 2, 1000), (1, 2, 3, 1024), (1, 1, 2, 1031), (1, 1, 2, 2048), (1, 1, 1, 4097),
    ];

    public static IEnumerable<CheckCase> All()
    {
        for (int version = 1; version <= 2; version++)
        {
            foreach ((long batch, long heads, long queries, long keys) in s_shapes)
            {
                yield return Case(version, batch, heads, queries, keys, AttentionScale, "", null);
            }

            foreach (long keys in (long[])[37, 64, 1500])
            {
                yield return Case(version, 2, 1, 2, keys, 1, " all masked", (_, _) => float.MinValue);
                yield return Case(version, 2, 1, 2, keys, 1, " some -inf", (_, k) => k % 3 == 0 ? float.NegativeInfinity : 0);
                yield return Case(version, 2, 1, 2, keys, 1, " second batch all -inf", (b, _) => b == 0 ? 0 : float.NegativeInfinity);
                yield return Case(version, 2, 1, 2, keys, -2, " dy: a NaN", null, gradient: float.NaN);
                yield return Case(version, 2, 1, 2, keys, AttentionScale, " dy: an infinity", null, gradient: float.PositiveInfinity);
                yield return Case(version, 2, 1, 2, keys, AttentionScale, " dy: 1e30", null, gradient: -1e30f);
            }

            yield return Case(version, 1, 2, 3, 64, AttentionScale, " unaligned", null, offsetBytes: 4);
        }
    }

    /// <summary>y is what softmax gives for seeded logits and the mask, rounded to f32.</summary>
    /// <param name="gradient">of the second row's third element</param>
    private static CheckCase Case(
        int version, long batch, long heads, long queries, long keys, float scale, string what, Func<long, long, float>? maskValue,
        float? gradient = null, int offsetBytes = 0)
    {
        var builder = new CaseBuilder($"softmax_backward_v{version}", $"[{batch},{heads},{queries},{keys}]{what}")
        {
            Versions = new KernelVersions(SoftmaxBackward: version),
            OffsetBytes = offsetBytes,
        };
        double[] logits = Array.ConvertAll(new SeededValues(17).Floats(batch * heads * queries * keys, 6), value => (double)value);
        maskValue ??= (b, k) => (b + k) % 5 == 4 ? float.MinValue : 0;
        double[] mask = [.. Enumerable.Range(0, (int)(batch * keys)).Select(i => (double)maskValue(i / keys, i % keys))];
        double[] softmax = SoftmaxReference.Compute(logits, null, mask, batch, heads, queries, keys, 1);
        TensorSpec y = builder.Input("y", Array.ConvertAll(softmax, value => (float)value), batch, heads, queries, keys);
        float[] gradientValues = new SeededValues(19).Floats(batch * heads * queries * keys, 3);
        if (gradient is { } special)
        {
            gradientValues[keys + 2] = special;
        }

        TensorSpec dy = builder.Input("dy", gradientValues, batch, heads, queries, keys);
        TensorSpec dx = builder.Output("dx", batch, heads, queries, keys);
        double[] ys = builder.Doubles(y)!, gradients = builder.Doubles(dy)!;
        double[] expected = SoftmaxBackwardReference.Compute(ys, gradients, keys, scale);
        return builder.Build(
            new SoftmaxBackwardStep("check", y, dy, dx, scale), new Expected(dx, expected, Tolerance(ys, gradients, keys, scale)));
    }

    /// <summary>
    /// The row's sum s of products goes through at most n = K / 32 + 16 roundings (a lane's share, the shuffles, the warps) of at most the
    /// sum of their magnitudes; the difference dy - s and the two products round once each, the difference by U |dy - s|.
    /// </summary>
    private static double[] Tolerance(double[] y, double[] gradient, long keys, double scale)
    {
        double[] tolerance = new double[y.Length];
        double roundings = keys / 32 + 16;
        for (long row = 0; row < y.Length; row += keys)
        {
            double sum = 0, size = 0;
            for (long k = row; k < row + keys; k++)
            {
                sum += gradient[k] * y[k];
                size += Math.Abs(gradient[k] * y[k]);
            }

            for (long k = row; k < row + keys; k++)
            {
                tolerance[k] = Math.Abs(scale * y[k]) * (roundings * U * size + 3 * U * Math.Abs(gradient[k] - sum)) + Tiny;
            }
        }

        return tolerance;
    }
}
