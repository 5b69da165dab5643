using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>Gradients of max pooling: side by side and overlapping windows, gaps, images that windows do not cover, equal maxima and NaN.</summary>
internal static class MaxPoolBackwardCases
{
    private static readonly (long Height, long Width, int Window, int Stride)[] s_shapes =
    [
        (2, 2, 2, 2), (14, 14, 2, 2), (38, 42, 2, 2), (1, 1, 1, 1), (7, 9, 2, 2), (6, 5, 2, 2), (5, 5, 3, 2), (8, 9, 3, 1), (9, 11, 2, 3),
        (6, 6, 3, 3), (4, 3, 3, 1),
    ];

    public static IEnumerable<CheckCase> All()
    {
        foreach ((long height, long width, int window, int stride) in s_shapes)
        {
            yield return Case(height, width, window, stride, Values.Distinct);
            yield return Case(height, width, window, stride, Values.Few);
        }

        yield return Case(8, 8, 2, 2, Values.NotNumbers);
        yield return Case(8, 8, 3, 1, Values.NotNumbers);
        yield return Case(14, 14, 2, 2, Values.Few, offsetBytes: 4);
    }

    private enum Values
    {
        Distinct,

        /// <summary>Of -1, 0 and 1: most windows have several maxima, and a wrong one among them is seen.</summary>
        Few,

        /// <summary>NaN and infinities among a few numbers.</summary>
        NotNumbers,
    }

    /// <summary>A choice is exact; where windows overlap, each addition is a rounding.</summary>
    private static CheckCase Case(long height, long width, int window, int stride, Values values, int offsetBytes = 0)
    {
        const long planes = 6;
        string label = $"[2,3,{height},{width}] window {window} stride {stride}"
            + (values is Values.Few ? ", equal maxima" : values is Values.NotNumbers ? ", NaN and infinities" : "") + (offsetBytes > 0 ? " unaligned" : "");
        bool halving = window == 2 && stride == 2 && height % 2 == 0 && width % 2 == 0 && offsetBytes % 8 == 0;
        var builder = new CaseBuilder(halving ? "max_pool_backward_2x2" : "max_pool_backward", label) { OffsetBytes = offsetBytes };
        long pooledHeight = (height - window) / stride + 1, pooledWidth = (width - window) / stride + 1;
        float[] drawn = new SeededValues(7).Floats(planes * height * width, 1);
        TensorSpec x = builder.Input("x", Array.ConvertAll(drawn, value => Value(value, values)), 2, 3, height, width);
        TensorSpec dy = builder.Input("dy", 2, 2, 3, pooledHeight, pooledWidth);
        TensorSpec dx = builder.Output("dx", 2, 3, height, width);
        double[] expected = Backward(builder.Doubles(dy)!), magnitude = Backward(LibraryCases.Magnitudes(builder.Doubles(dy)!));
        double additions = stride >= window ? 0 : window * window;
        return builder.Build(
            new MaxPoolBackwardStep("check", x, dy, dx, window, stride), new Expected(dx, expected, [.. magnitude.Select(size => additions * U * size)]));

        double[] Backward(double[] gradient) =>
            PoolingReference.MaxBackward(builder.Doubles(x)!, gradient, planes, height, width, window, stride);
    }

    /// <param name="drawn">in (-1, 1)</param>
    private static float Value(float drawn, Values values) => values switch
    {
        Values.Few => MathF.Round(drawn),
        Values.NotNumbers when drawn > 0.7f => float.NaN,
        Values.NotNumbers when drawn > 0.4f => float.PositiveInfinity,
        Values.NotNumbers when drawn < -0.4f => float.NegativeInfinity,
        _ => drawn,
    };
}
