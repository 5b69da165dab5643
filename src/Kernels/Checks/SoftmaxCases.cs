using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>
/// Softmax, every version at every shape: one row, one column, primes, every lanes-a-row of versions 2 and 4, rows longer than a block and
/// than the registers, masks of every kind.
/// </summary>
internal static class SoftmaxCases
{
    private static readonly (long Batch, long Heads, long Queries, long Keys)[] s_shapes =
    [
        (1, 1, 1, 1), (2, 3, 5, 7), (1, 1, 3, 4), (3, 2, 1, 16), (1, 2, 9, 20), (2, 3, 11, 37), (2, 12, 64, 64), (1, 3, 7, 96), (1, 1, 1, 100),
        (1, 2, 5, 128), (2, 1, 3, 256), (1, 2, 3, 384), (1, 1, 5, 512), (1, 2, 3, 320), (1, 1, 3, 640), (3, 1, 3, 768), (1, 1, 2, 896),
        (1, 2, 2, 1000), (1, 2, 3, 1024), (1, 1, 2, 1031), (1, 1, 2, 2048), (1, 1, 1, 4097),
    ];

    public static IEnumerable<CheckCase> All()
    {
        for (int version = 1; version <= 4; version++)
        {
            foreach ((long batch, long heads, long queries, long keys) in s_shapes)
            {
                bool hasBias = keys % 3 != 1, hasMask = keys % 4 != 3;
                yield return Case(version, batch, heads, queries, keys, hasBias, hasMask, 8, "", null);
            }

            foreach (bool hasMask in (bool[])[false, true])
            {
                yield return Case(version, 2, 2, 3, 64, hasBias: false, hasMask, 8, hasMask ? " mask only" : " plain", null);
                yield return Case(version, 2, 2, 3, 64, hasBias: true, hasMask, 8, hasMask ? " both" : " bias only", null);
            }

            foreach (long keys in (long[])[37, 64, 1500])
            {
                yield return Case(version, 2, 1, 2, keys, false, true, 30, " all masked", (_, _) => float.MinValue);
                yield return Case(version, 2, 1, 2, keys, true, true, 30, " some -inf", (_, k) => k % 3 == 0 ? float.NegativeInfinity : 0);
                yield return Case(version, 2, 1, 2, keys, false, true, 4, " second batch all -inf", (b, _) => b == 0 ? 0 : float.NegativeInfinity);
                yield return Case(version, 2, 1, 2, keys, false, true, 4, " a +inf", (b, k) => b == 0 && k == 5 ? float.PositiveInfinity : 0);
                yield return Case(version, 2, 1, 2, keys, false, true, 4, " a NaN", (b, k) => b == 0 && k == 7 ? float.NaN : 0);
                yield return Case(version, 2, 1, 2, keys, false, false, 1e5, " far apart", null);
            }

            yield return Case(version, 1, 2, 3, 64, true, true, 8, " unaligned", null, offsetBytes: 4);
        }
    }

    private static CheckCase Case(
        int version, long batch, long heads, long queries, long keys, bool hasBias, bool hasMask, double magnitude, string what,
        Func<long, long, float>? maskValue, int offsetBytes = 0)
    {
        const float scale = 0.125f * 1.7f;
        string addends = what.Length > 0 ? what : (hasBias ? " bias" : "") + (hasMask ? " mask" : "");
        var builder = new CaseBuilder($"softmax_v{version}", $"[{batch},{heads},{queries},{keys}]{addends}")
        {
            Versions = new KernelVersions(Softmax: version),
            OffsetBytes = offsetBytes,
        };
        TensorSpec x = builder.Input("x", magnitude / scale, batch, heads, queries, keys);
        TensorSpec? bias = hasBias ? builder.Input("positionBias", 3, heads, queries, keys) : null;
        maskValue ??= (b, k) => (b + k) % 5 == 4 ? float.MinValue : 0;
        float[] masks = [.. Enumerable.Range(0, (int)(batch * keys)).Select(i => maskValue(i / keys, i % keys))];
        TensorSpec? mask = hasMask ? builder.Input("mask", masks, batch, keys) : null;
        TensorSpec y = builder.Output("y", batch, heads, queries, keys);
        double[] expected = SoftmaxReference.Compute(
            builder.Doubles(x)!, builder.Doubles(bias), builder.Doubles(mask), batch, heads, queries, keys, scale);
        double[] logits = SoftmaxReference.Logits(
            builder.Doubles(x)!, builder.Doubles(bias), builder.Doubles(mask), batch, heads, queries, keys, scale);
        return builder.Build(
            new SoftmaxStep("check", x, bias, mask, y, scale), new Expected(y, expected, Tolerance(expected, logits, keys, magnitude + 3)));
    }

    /// <summary>
    /// Relative error of p = e^(v-m) / sum. A logit below 1e30 in size takes at most two roundings, 2 U |v| with |v| at most the sum of its
    /// addends' magnitudes, in the kernel and, rounded elsewhere, in the reference: d = 4 U |v|; it acts on p directly and through the sum,
    /// 2 d. (Absorbed logits are exact.) The subtraction, the product with log2(e) and that constant's own error put 3 U |v - m| on the exponent, for this
    /// element and, weighed by p and so at most by e^-t t &lt; 0.4 each, ln K in all, for the sum. ex2.approx is good to 2^-22 = 4 U, met at most
    /// three times on the way (element, sum, rescaling a running sum; a rescaling that follows is by a factor that was rounded once
    /// more, hence a handful). Sums of K terms over 32 lanes or more, then a tree: (K / 32 + 16) U. Results below the normal range may flush to 0.
    /// </summary>
    private static double[] Tolerance(double[] expected, double[] logits, long keys, double magnitude)
    {
        double[] tolerance = new double[expected.Length];
        double fixedPart = 2 * 4 * U * magnitude + 3 * U * Math.Log(keys + 1) + (12 + 24) * U + (keys / 32 + 16) * U;
        for (long row = 0; row < expected.Length; row += keys)
        {
            double max = double.NegativeInfinity;
            for (long k = 0; k < keys; k++)
            {
                max = Math.Max(max, logits[row + k]);
            }

            for (long k = 0; k < keys; k++)
            {
                double depth = double.IsFinite(logits[row + k]) && expected[row + k] > 0 ? max - logits[row + k] : 0;
                tolerance[row + k] = expected[row + k] * (fixedPart + 3 * U * depth) + Tiny;
            }
        }

        return tolerance;
    }
}
