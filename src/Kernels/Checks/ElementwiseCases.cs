using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>Bias and activation, add, the attention mask, adaptive pooling.</summary>
internal static class ElementwiseCases
{
    /// <summary>A tile has 256 columns, a warp takes 8 rows: below, at and beyond both, odd rows, rows of one element.</summary>
    private static readonly (long Rows, long Columns)[] s_shapes =
        [(1, 1), (1, 1000), (7, 1), (3, 37), (5, 256), (67, 260), (33, 768), (2, 3072), (130, 4)];

    private static readonly (long Height, long Width, long PooledHeight, long PooledWidth)[] s_pools =
        [(7, 7, 7, 7), (1, 1, 1, 1), (1, 1, 7, 7), (13, 10, 7, 3), (5, 37, 2, 7), (3, 2, 7, 5)];

    public static IEnumerable<CheckCase> All()
    {
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            foreach ((long rows, long columns) in s_shapes)
            {
                yield return Bias(activation, rows, columns, hasBias: true, inPlace: false);
            }

            yield return Bias(activation, 6, 512, hasBias: true, inPlace: true);
            yield return Bias(activation, 9, 257, hasBias: false, inPlace: true);
            yield return Bias(activation, 4, 256, hasBias: false, inPlace: false);
            yield return Bias(activation, 3, 512, hasBias: true, inPlace: false, offsetBytes: 4);
            yield return Special(activation);
        }

        foreach (long count in (long[])[1, 31, 127, 2047, 2048, 6151])
        {
            yield return Add(count, 0);
        }

        yield return Add(4096, 4);
        foreach ((long batch, long sequence) in ((long, long)[])[(1, 1), (3, 37), (2, 256), (1, 257), (5, 1)])
        {
            yield return Mask(batch, sequence);
        }

        foreach ((long h, long w, long p, long q) in s_pools)
        {
            yield return Pool(h, w, p, q);
            yield return PoolBackward(h, w, p, q);
        }
    }

    private static CheckCase Bias(Activation activation, long rows, long columns, bool hasBias, bool inPlace, int offsetBytes = 0)
    {
        string label = $"[{rows},{columns}]{(hasBias ? "" : " no bias")}{(inPlace ? " in place" : "")}{(offsetBytes > 0 ? " unaligned" : "")}";
        var builder = new CaseBuilder(Entry(activation), label) { OffsetBytes = offsetBytes };
        TensorSpec x = builder.Input("x", 6, rows, columns);
        TensorSpec? bias = hasBias ? builder.Input("bias", 1, columns) : null;
        TensorSpec y = inPlace ? x : builder.Output("y", rows, columns);
        return Bias(builder, activation, x, bias, y);
    }

    /// <summary>Zeros, infinities, NaN, the smallest and largest numbers, and a fine walk through where the activations bend.</summary>
    private static CheckCase Special(Activation activation)
    {
        float[] values =
        [
            0, -0f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.Epsilon, -float.Epsilon, 1e-38f, 1e-20f, -1e-20f,
            float.MaxValue, float.MinValue, 1e30f, -1e30f, 100, -100, 14, -14, 0.55f, -0.55f,
            .. Enumerable.Range(-6000, 12000).Select(i => i * 0.00173f),
        ];
        var builder = new CaseBuilder(Entry(activation), $"[1,{values.Length}] special values");
        TensorSpec x = builder.Input("x", values, 1, values.Length);
        return Bias(builder, activation, x, null, builder.Output("y", 1, values.Length));
    }

    /// <summary>
    /// With v = x + bias (one rounding, U |v|) and y exact of the exact v:
    /// none and ReLU keep that error. GELU has slope at most 1.13, its polynomial is good for 2^-22.8 |v| (fit and f32 evaluation),
    /// ex2.approx adds 2^-22 E |v| with E at most 1/2, the last fma U |y|: 1.13 + 2.3 + 2 + 1 U |v|, below 7 U |v|. tanh: e^2v has the error of
    /// ex2.approx (4 U) and of its argument (2 |v| U (1 + 1)), weighed by 2e/(e+1)^2 at most 0.375 from v = 0.55 on, plus three roundings and the
    /// input's: below 6 U absolutely, so 12 U |y| as |y| is at least 1/2 there; the polynomial below needs 5 U |y|.
    /// </summary>
    private static CheckCase Bias(CaseBuilder builder, Activation activation, TensorSpec x, TensorSpec? bias, TensorSpec y)
    {
        double[] exact = ElementwiseReference.BiasActivation(builder.Doubles(x)!, builder.Doubles(bias), Activation.None);
        double[] expected = ElementwiseReference.BiasActivation(builder.Doubles(x)!, builder.Doubles(bias), activation);
        double[] tolerance = [.. exact.Select((v, i) => activation switch
        {
            Activation.Gelu => 7 * U * Math.Abs(v) + Tiny,
            Activation.Tanh => 12 * U * Math.Abs(expected[i]) + Tiny,
            _ => U * Math.Abs(v),
        })];
        return builder.Build(new BiasActivationStep("check", x, bias, y, activation), new Expected(y, expected, tolerance));
    }

    private static string Entry(Activation activation) => activation switch
    {
        Activation.None => "bias",
        Activation.Relu => "bias_relu",
        Activation.Gelu => "bias_gelu",
        Activation.Tanh => "bias_tanh",
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
    };

    private static CheckCase Add(long count, int offsetBytes)
    {
        var builder = new CaseBuilder("tensor_add", $"[{count}]{(offsetBytes > 0 ? " unaligned" : "")}") { OffsetBytes = offsetBytes };
        TensorSpec a = builder.Input("a", 3, count), b = builder.Input("b", 3, count), y = builder.Output("y", count);
        double[] expected = ElementwiseReference.Add(builder.Doubles(a)!, builder.Doubles(b)!);
        return builder.Build(new AddStep("check", a, b, y), new Expected(y, expected, [.. expected.Select(v => U * Math.Abs(v))]));
    }

    /// <summary>Exact: 0 or 1 times a number that is an f32.</summary>
    private static CheckCase Mask(long batch, long sequence)
    {
        var builder = new CaseBuilder("attention_mask", $"[{batch},{sequence}]");
        TensorSpec mask = builder.Ids("mask", 2, batch, sequence), y = builder.Output("y", batch, sequence);
        double[] expected = ElementwiseReference.AttentionMask(builder.Longs(mask));
        return builder.Build(new AttentionMaskStep("check", mask, y), new Expected(y, expected, new double[expected.Length]));
    }

    /// <summary>A window of n cells: n - 1 additions and a division, each a rounding of at most the sum of magnitudes.</summary>
    private static CheckCase Pool(long height, long width, long pooledHeight, long pooledWidth)
    {
        var builder = new CaseBuilder("adaptive_average_pool", $"[2,3,{height},{width}] to {pooledHeight}x{pooledWidth}");
        TensorSpec x = builder.Input("x", 2, 2, 3, height, width), y = builder.Output("y", 2, 3, pooledHeight, pooledWidth);
        double[] values = builder.Doubles(x)!;
        double[] expected = PoolingReference.AdaptiveAverage(values, 6, height, width, pooledHeight, pooledWidth);
        double[] magnitude = PoolingReference.AdaptiveAverage([.. values.Select(Math.Abs)], 6, height, width, pooledHeight, pooledWidth);
        double cells = (height / pooledHeight + 2) * (width / pooledWidth + 2);
        return builder.Build(new AdaptiveAveragePoolStep("check", x, y), new Expected(y, expected, [.. magnitude.Select(m => cells * U * m)]));
    }

    /// <summary>An element in n windows: n divisions and n additions, each a rounding of at most the sum of magnitudes.</summary>
    private static CheckCase PoolBackward(long height, long width, long pooledHeight, long pooledWidth)
    {
        var builder = new CaseBuilder("adaptive_average_pool_backward", $"[2,3,{height},{width}] from {pooledHeight}x{pooledWidth}");
        TensorSpec dy = builder.Input("dy", 2, 2, 3, pooledHeight, pooledWidth), dx = builder.Output("dx", 2, 3, height, width);
        double[] values = builder.Doubles(dy)!;
        double[] expected = PoolingReference.AdaptiveAverageBackward(values, 6, height, width, pooledHeight, pooledWidth);
        double[] magnitude = PoolingReference.AdaptiveAverageBackward(
            [.. values.Select(Math.Abs)], 6, height, width, pooledHeight, pooledWidth);
        double windows = (pooledHeight / height + 2) * (pooledWidth / width + 2);
        return builder.Build(
            new AdaptiveAveragePoolBackwardStep("check", dy, dx), new Expected(dx, expected, [.. magnitude.Select(m => (windows + 1) * U * m)]));
    }
}
