using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>Layer norm and RMS norm, every version at every shape: whole 128-column pieces (registers), anything else, rows longer than a block.</summary>
internal static class NormCases
{
    private static readonly (long Rows, long Columns)[] s_shapes =
        [(1, 1), (5, 2), (3, 7), (9, 37), (2, 64), (6, 128), (3, 131), (5, 512), (7, 768), (2, 1000), (1, 1024), (2, 1025), (2, 2048), (1, 5003)];

    public static IEnumerable<CheckCase> All()
    {
        for (int version = 1; version <= 4; version++)
        {
            foreach ((long rows, long columns) in s_shapes)
            {
                yield return LayerNorm(version, rows, columns, hasBias: false, hasResidual: false);
                yield return LayerNorm(version, rows, columns, hasBias: true, hasResidual: true);
            }

            yield return LayerNorm(version, 3, 256, hasBias: true, hasResidual: false);
            yield return LayerNorm(version, 3, 256, hasBias: false, hasResidual: true);
            yield return LayerNorm(version, 3, 256, hasBias: true, hasResidual: true, offsetBytes: 4);
            yield return LayerNorm(version, 3, 768, hasBias: true, hasResidual: true, shift: 1000);
            yield return LayerNorm(version, 2, 1300, hasBias: true, hasResidual: true, shift: 1000);
        }

        for (int version = 1; version <= 4; version++)
        {
            foreach ((long rows, long columns) in s_shapes)
            {
                yield return RmsNorm(version, rows, columns, hasResidual: false, hasSum: false);
                yield return RmsNorm(version, rows, columns, hasResidual: true, hasSum: true);
            }

            yield return RmsNorm(version, 3, 512, hasResidual: true, hasSum: false);
            yield return RmsNorm(version, 3, 512, hasResidual: false, hasSum: true);
            yield return RmsNorm(version, 3, 256, hasResidual: true, hasSum: true, offsetBytes: 4);
        }
    }

    private static string Label(long rows, long columns, string what, int offsetBytes) =>
        $"[{rows},{columns}]{what}{(offsetBytes > 0 ? " unaligned" : "")}";

    private static CheckCase LayerNorm(
        int version, long rows, long columns, bool hasBias, bool hasResidual, int offsetBytes = 0, float shift = 0)
    {
        const float epsilon = 1e-12f;
        string what = (hasBias ? " bias" : "") + (hasResidual ? " residual" : "") + (shift > 0 ? $" mean {shift}" : "");
        var builder = new CaseBuilder($"layernorm_v{version}", Label(rows, columns, what, offsetBytes))
        {
            Versions = new KernelVersions(LayerNorm: version),
            OffsetBytes = offsetBytes,
        };
        TensorSpec x = builder.InputAround(shift, "x", 2, rows, columns);
        TensorSpec? bias = hasBias ? builder.Input("bias", 0.5, columns) : null;
        TensorSpec? residual = hasResidual ? builder.Input("residual", 2, rows, columns) : null;
        TensorSpec gamma = builder.Input("gamma", 1.5, columns), beta = builder.Input("beta", 1, columns);
        TensorSpec y = builder.Output("y", rows, columns);
        double[] expected = NormReference.LayerNorm(
            builder.Doubles(x)!, builder.Doubles(bias), builder.Doubles(residual), builder.Doubles(gamma)!, builder.Doubles(beta)!, epsilon);
        double[] v = NormReference.Sum(builder.Doubles(x)!, builder.Doubles(bias), builder.Doubles(residual), (int)columns);
        double[] tolerance = LayerNormTolerance(v, expected, builder.Doubles(gamma)!, epsilon, shift + 4.5);
        return builder.Build(
            new LayerNormStep("check", x, bias, residual, gamma, beta, y, epsilon), new Expected(y, expected, tolerance));
    }

    /// <summary>
    /// v takes two roundings: 2 U a, a the largest sum of magnitudes. Any of the sums goes through at most n = K / 32 + 32 roundings
    /// (the lane's share, the tree, or the merges of version 3). So the mean is off by 2 U a + n U mean|v|, a deviation d = v - mean by
    /// e = that + 2 U a + U |d|; the variance by 2 e mean|d| + e^2 + n U var; 1/sqrt(var + epsilon) relatively by half of that over (var + epsilon), plus
    /// 2^-22 for rsqrt.approx. Then y = gamma d / sqrt + beta takes three more roundings. Where the variance is next to nothing the bound
    /// is wide: the quotient of two rounding errors is no one's number.
    /// </summary>
    private static double[] LayerNormTolerance(double[] v, double[] y, double[] gamma, double epsilon, double magnitude)
    {
        int columns = gamma.Length;
        double n = columns / 32 + 32;
        double[] tolerance = new double[v.Length];
        for (int row = 0; row < v.Length; row += columns)
        {
            Span<double> values = v.AsSpan(row, columns);
            double mean = 0, meanSize = 0, deviation = 0, variance = 0;
            foreach (double value in values)
            {
                mean += value / columns;
                meanSize += Math.Abs(value) / columns;
            }

            foreach (double value in values)
            {
                deviation += Math.Abs(value - mean) / columns;
                variance += (value - mean) * (value - mean) / columns;
            }

            double shared = 4 * U * magnitude + n * U * meanSize;
            double varianceError = 2 * deviation * (shared + U * deviation) + shared * shared + n * U * variance;
            double reciprocal = 1 / Math.Sqrt(variance + epsilon);
            double relative = varianceError / (2 * (variance + epsilon)) + 4 * U;
            for (int c = 0; c < columns; c++)
            {
                double d = Math.Abs(values[c] - mean);
                tolerance[row + c] = Math.Abs(gamma[c]) * reciprocal * (shared + d * (relative + 4 * U)) + U * Math.Abs(y[row + c]) + Tiny;
            }
        }

        return tolerance;
    }

    private static CheckCase RmsNorm(int version, long rows, long columns, bool hasResidual, bool hasSum, int offsetBytes = 0)
    {
        const float epsilon = 1e-6f;
        string what = (hasResidual ? " residual" : "") + (hasSum ? " sum" : "");
        var builder = new CaseBuilder($"rmsnorm_v{version}", Label(rows, columns, what, offsetBytes))
        {
            Versions = new KernelVersions(RmsNorm: version),
            OffsetBytes = offsetBytes,
        };
        TensorSpec x = builder.Input("x", 2, rows, columns);
        TensorSpec? residual = hasResidual ? builder.Input("residual", 2, rows, columns) : null;
        TensorSpec gamma = builder.Input("gamma", 1.5, columns);
        TensorSpec? sum = hasSum ? builder.Output("sum", rows, columns) : null;
        TensorSpec y = builder.Output("y", rows, columns);
        double[] v = NormReference.Sum(builder.Doubles(x)!, null, builder.Doubles(residual), (int)columns);
        double[] expected = NormReference.RmsNorm(builder.Doubles(x)!, builder.Doubles(residual), builder.Doubles(gamma)!, epsilon);
        var step = new RmsNormStep("check", x, residual, gamma, sum, y, epsilon);
        var normed = new Expected(y, expected, RmsNormTolerance(v, builder.Doubles(gamma)!, epsilon));
        return sum is null
            ? builder.Build(step, normed)
            : builder.Build(step, normed, new Expected(sum, v, [.. v.Select(value => U * Math.Abs(value))]));
    }

    /// <summary>
    /// v takes one rounding, U |v|. The mean square, with n = K / 32 + 32 roundings on the way, is off relatively by (2 + n + 2) U, its
    /// inverse root by half of that plus 2^-22; two products follow.
    /// </summary>
    private static double[] RmsNormTolerance(double[] v, double[] gamma, double epsilon)
    {
        int columns = gamma.Length;
        double relative = U + (columns / 32 + 32 + 4) * U / 2 + 4 * U + 2 * U;
        double[] ones = [.. gamma.Select(Math.Abs)];
        return [.. NormReference.RmsNorm([.. v.Select(Math.Abs)], null, ones, epsilon).Select(size => size * relative + Tiny)];
    }
}
