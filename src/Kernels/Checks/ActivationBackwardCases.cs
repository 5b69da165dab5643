using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>
/// ReLU and tanh in place: below, at and beyond a block of 2048 elements. GELU: tiles of 256 columns, 8 rows a warp, as forward.
/// </summary>
internal static class ActivationBackwardCases
{
    private static readonly (long Rows, long Columns, int OffsetBytes)[] s_gelus =
        [(1, 1, 0), (1, 1000, 0), (7, 1, 0), (3, 37, 0), (5, 256, 0), (67, 260, 0), (33, 768, 0), (2, 3072, 0), (3, 512, 4)];

    public static IEnumerable<CheckCase> All()
    {
        foreach ((long count, int offsetBytes) in ((long, int)[])[(1, 0), (127, 0), (2047, 0), (2048, 0), (6151, 0), (4096, 4)])
        {
            yield return InPlace(Activation.Relu, count, offsetBytes);
            yield return InPlace(Activation.Tanh, count, offsetBytes);
        }

        foreach ((long rows, long columns, int offsetBytes) in s_gelus)
        {
            string label = $"[{rows},{columns}]{(offsetBytes > 0 ? " unaligned" : "")}";
            var builder = new CaseBuilder("gelu_backward", label) { OffsetBytes = offsetBytes };
            yield return Gelu(builder, builder.Input("x", 6, rows, columns), builder.Input("bias", 1, columns));
        }

        float[] values =
        [
            0, -0f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.Epsilon, -float.Epsilon, 1e-38f, 1e-20f, -1e-20f,
            float.MaxValue, float.MinValue, 1e30f, -1e30f, 100, -100, 14, -14, .. Enumerable.Range(-6000, 12000).Select(i => i * 0.00173f),
        ];
        var special = new CaseBuilder("gelu_backward", $"[1,{values.Length}] special values");
        TensorSpec x = special.Input("x", values, 1, values.Length);
        yield return Gelu(special, x, special.Input("bias", new float[values.Length], values.Length));
    }

    /// <summary>
    /// ReLU chooses, exactly; y is what ReLU gives, half of it zeros. tanh: one rounding of 1 - y^2, one of the product.
    /// </summary>
    private static CheckCase InPlace(Activation activation, long count, int offsetBytes)
    {
        string entry = activation is Activation.Relu ? "relu_backward" : "tanh_backward";
        var builder = new CaseBuilder(entry, $"[{count}]{(offsetBytes > 0 ? " unaligned" : "")}") { OffsetBytes = offsetBytes };
        float[] v = builder.Floats(builder.Input("v", 2, count));
        TensorSpec y = builder.Input(
            "y", Array.ConvertAll(v, value => activation is Activation.Relu ? Math.Max(value, 0) : MathF.Tanh(value)), count);
        TensorSpec gradient = builder.Input("gradient", 3, count);
        double[] expected = activation is Activation.Relu
            ? ActivationBackwardReference.Relu(builder.Doubles(y)!, builder.Doubles(gradient)!)
            : ActivationBackwardReference.Tanh(builder.Doubles(y)!, builder.Doubles(gradient)!);
        double error = activation is Activation.Relu ? 0 : 2 * U;
        return builder.Build(
            new ActivationBackwardStep("check", y, gradient, activation),
            new Expected(gradient, expected, [.. expected.Select(g => error * Math.Abs(g))]));
    }

    /// <summary>
    /// In units of U: v is rounded, 1 |v|, and the slope's slope phi(v) (2 - v^2) times v is below 0.4. Phi has the error of the polynomial,
    /// 2.3 (fit and f32 evaluation), of ex2.approx, 2, and of 1 - E, 1. v phi(v): below 0.25 in size, its argument's error at most 0.5,
    /// ex2.approx and three roundings 0.25 (4 + 3); the sum 1.2 and the product 1.2. Together below 11, of |dy|.
    /// </summary>
    private static CheckCase Gelu(CaseBuilder builder, TensorSpec x, TensorSpec bias)
    {
        TensorSpec dy = builder.Input("dy", 3, [.. x.Shape]);
        TensorSpec dx = builder.Output("dx", [.. x.Shape]);
        double[] expected = ActivationBackwardReference.Gelu(builder.Doubles(x)!, builder.Doubles(bias)!, builder.Doubles(dy)!);
        return builder.Build(
            new GeluBackwardStep("check", x, bias, dy, dx),
            new Expected(dx, expected, [.. builder.Doubles(dy)!.Select(g => 11 * U * Math.Abs(g) + Tiny)]));
    }
}
