using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>
/// Layer norm backward: what goes row by row in every version at the shapes of the forward norms, every set of optional operands, results
/// over operands; the sums over few rows and many, in whole pieces and not.
/// </summary>
internal static class LayerNormBackwardCases
{
    private static readonly (long Rows, long Columns)[] s_shapes =
    [
        (1, 1), (5, 2), (3, 7), (9, 37), (2, 64), (6, 128), (3, 131), (2, 384), (5, 512), (2, 640), (7, 768), (2, 896), (2, 1000), (1, 1024), (2, 1025),
        (2, 2048), (1, 5003),
    ];

    /// <summary>Blocks are 8 columns wide, from 2048 columns on 32, and take 4 rows a thread until 512 threads are reached.</summary>
    private static readonly (long Rows, long Columns)[] s_sums =
        [(1, 1), (1, 37), (7, 2), (4, 8), (5, 9), (67, 132), (67, 130), (513, 128), (1500, 5), (1025, 12), (131, 2049), (257, 2052)];

    /// <summary>Where the gradient of the residual goes.</summary>
    private enum Residual
    {
        None,
        Written,
        Added,
        OverOutputGradient,
        OverX,
    }

    public static IEnumerable<CheckCase> All()
    {
        for (int version = 1; version <= 2; version++)
        {
            foreach ((long rows, long columns) in s_shapes)
            {
                yield return Parameters($"layernorm_statistics_v{version}", new Options(rows, columns, Epsilon: 1e-5f), adds: false, version);
                yield return Parameters($"layernorm_statistics_v{version}", new Options(rows, columns, true, true), adds: false, version);
                yield return Operands(version, new Options(rows, columns, Epsilon: 1e-5f), Residual.None);
                yield return Operands(version, new Options(rows, columns, true, true), Residual.Added);
            }

            foreach ((long rows, long columns) in ((long, long)[])[(3, 256), (2, 37), (2, 1284)])
            {
                foreach ((bool hasBias, bool hasResidual) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
                {
                    foreach (Residual residual in Enum.GetValues<Residual>())
                    {
                        yield return Operands(version, new Options(rows, columns, hasBias, hasResidual), residual);
                    }
                }

                Options all = new(rows, columns, true, true);
                yield return Operands(version, all with { Special = "a NaN in x" }, Residual.Written);
                yield return Operands(version, all with { Special = "an infinity in x" }, Residual.Written);
                yield return Operands(version, all with { Special = "a NaN in dy" }, Residual.Written);
                yield return Operands(version, all with { Special = "an infinity in dy" }, Residual.Written);
                yield return Operands(version, all with { Shift = 1000 }, Residual.Written);
                yield return Operands(version, all with { OffsetBytes = 4 }, Residual.Added);
                yield return Parameters($"layernorm_statistics_v{version}", all with { Special = "a NaN in x" }, adds: false, version);
                yield return Parameters($"layernorm_statistics_v{version}", all with { Shift = 1000 }, adds: false, version);
                yield return Parameters($"layernorm_statistics_v{version}", all with { OffsetBytes = 4 }, adds: false, version);
            }
        }

        foreach (bool adds in (bool[])[false, true])
        {
            foreach ((long rows, long columns) in s_sums)
            {
                yield return Parameters(SumsEntry, new Options(rows, columns, Epsilon: 1e-5f), adds, version: null);
                yield return Parameters(SumsEntry, new Options(rows, columns, true, true), adds, version: null);
            }
        }

        yield return Parameters(SumsEntry, new Options(9, 40, HasBias: true), adds: false, version: null);
        yield return Parameters(SumsEntry, new Options(9, 40, HasResidual: true), adds: false, version: null);
        yield return Parameters(SumsEntry, new Options(9, 40, true, true, OffsetBytes: 4), adds: true, version: null);
        yield return Parameters(SumsEntry, new Options(40, 300, true, true, Shift: 1000), adds: false, version: null);
        yield return Parameters(SumsEntry, new Options(9, 40, true, true, Special: "a NaN in x"), adds: false, version: null);
        yield return Parameters(SumsEntry, new Options(9, 40, true, true, Special: "an infinity in dy"), adds: true, version: null);
    }

    private const string SumsEntry = "layernorm_parameters_backward";

    /// <param name="Special">what the third element of an operand's last row is</param>
    private sealed record Options(
        long Rows, long Columns, bool HasBias = false, bool HasResidual = false, float Epsilon = 1e-12f, float Shift = 0, int OffsetBytes = 0,
        string Special = "")
    {
        public double Magnitude => Shift + 4.5;

        public string Label =>
            $"[{Rows},{Columns}]{(HasBias ? " bias" : "")}{(HasResidual ? " residual" : "")}{(Shift > 0 ? $" mean {Shift}" : "")}"
            + $"{(Special.Length > 0 ? " " + Special : "")}{(OffsetBytes > 0 ? " unaligned" : "")}";
    }

    /// <summary>Both kernels of the step; the case is one of the entry whose results are looked at.</summary>
    private static CheckCase Parameters(string entry, Options options, bool adds, int? version)
    {
        var builder = new CaseBuilder(entry, options.Label + (adds ? " added" : ""))
        {
            Versions = new KernelVersions(LayerNormBackward: version),
            OffsetBytes = options.OffsetBytes,
        };
        Inputs inputs = Declare(builder, options);
        TensorSpec dGamma = Result(builder, "dgamma", adds, options.Columns), dBeta = Result(builder, "dbeta", adds, options.Columns);
        TensorSpec statistics = builder.Workspace("statistics", options.Rows, 2);
        var step = new LayerNormParametersBackwardStep(
            "check", inputs.X, inputs.Bias, inputs.Residual, inputs.OutputGradient, dGamma, dBeta, statistics, options.Epsilon, adds);

        int columns = (int)options.Columns;
        double[] v = inputs.Sum(builder), dy = builder.Doubles(inputs.OutputGradient)!;
        if (entry != SumsEntry)
        {
            Noise[] noise = [.. v.Chunk(columns).Select(row => Noise.Of(row, options))];
            return builder.Build(step, new Expected(
                statistics, LayerNormBackwardReference.Statistics(v, columns, options.Epsilon),
                [.. noise.SelectMany(row => (double[])[row.Deviation, row.Root * (row.Relative + U)])]));
        }

        (double[] gamma, double[] beta) = LayerNormBackwardReference.Parameters(v, dy, columns, options.Epsilon);
        (double[] gammaTolerance, double[] betaTolerance) = ParametersTolerance(v, dy, options);
        return builder.Build(step, Sum(builder, dGamma, gamma, gammaTolerance, adds), Sum(builder, dBeta, beta, betaTolerance, adds));
    }

    private static CheckCase Operands(int version, Options options, Residual residual)
    {
        string where = residual switch
        {
            Residual.Written => " dresidual",
            Residual.Added => " dresidual added",
            Residual.OverOutputGradient => " dresidual over dy",
            Residual.OverX => " dresidual over x",
            _ => "",
        };
        var builder = new CaseBuilder($"layernorm_backward_v{version}", options.Label + where)
        {
            Versions = new KernelVersions(LayerNormBackward: version),
            OffsetBytes = options.OffsetBytes,
        };
        Inputs inputs = Declare(builder, options);
        TensorSpec gamma = builder.Input("gamma", 1.5, options.Columns);
        TensorSpec dx = builder.Output("dx", options.Rows, options.Columns);
        TensorSpec? dResidual = residual switch
        {
            Residual.Written => builder.Output("dresidual", options.Rows, options.Columns),
            Residual.Added => builder.Input("dresidual", 5, options.Rows, options.Columns),
            Residual.OverOutputGradient => inputs.OutputGradient,
            Residual.OverX => inputs.X,
            _ => null,
        };
        bool adds = residual is Residual.Added;
        var step = new LayerNormBackwardStep(
            "check", inputs.X, inputs.Bias, inputs.Residual, gamma, inputs.OutputGradient, dx, dResidual, adds, options.Epsilon);
        double[] v = inputs.Sum(builder), dy = builder.Doubles(inputs.OutputGradient)!, gammas = builder.Doubles(gamma)!;
        double[] dv = LayerNormBackwardReference.Operands(v, gammas, dy, options.Epsilon);
        double[] tolerance = OperandsTolerance(v, gammas, dy, dv, options);
        var expected = new Expected(dx, dv, tolerance);
        return dResidual is null ? builder.Build(step, expected) : builder.Build(step, expected, Sum(builder, dResidual, dv, tolerance, adds));
    }

    private sealed record Inputs(TensorSpec X, TensorSpec? Bias, TensorSpec? Residual, TensorSpec OutputGradient)
    {
        public double[] Sum(CaseBuilder builder) => NormReference.Sum(
            builder.Doubles(X)!, builder.Doubles(Bias), builder.Doubles(Residual), (int)X.Shape.Last);
    }

    private static Inputs Declare(CaseBuilder builder, Options options)
    {
        var seeded = new SeededValues(23);
        float[] x = Array.ConvertAll(seeded.Floats(options.Rows * options.Columns, 2), value => options.Shift + value);
        float[] dy = seeded.Floats(options.Rows * options.Columns, 3);
        if (options.Special.Length > 0)
        {
            float[] values = options.Special.EndsWith("dy", StringComparison.Ordinal) ? dy : x;
            values[((options.Rows - 1) * options.Columns) + 2] =
                options.Special.Contains("NaN", StringComparison.Ordinal) ? float.NaN : float.PositiveInfinity;
        }

        return new Inputs(
            builder.Input("x", x, options.Rows, options.Columns),
            options.HasBias ? builder.Input("bias", 0.5, options.Columns) : null,
            options.HasResidual ? builder.Input("residual", 2, options.Rows, options.Columns) : null,
            builder.Input("dy", dy, options.Rows, options.Columns));
    }

    private static TensorSpec Result(CaseBuilder builder, string name, bool adds, params ReadOnlySpan<long> shape) =>
        adds ? builder.Input(name, 5, shape) : builder.Output(name, shape);

    /// <summary>What is added to something is rounded once more.</summary>
    private static Expected Sum(CaseBuilder builder, TensorSpec tensor, double[] values, double[] tolerance, bool adds)
    {
        if (!adds)
        {
            return new Expected(tensor, values, tolerance);
        }

        double[] old = builder.Doubles(tensor)!, sum = [.. values.Select((value, i) => old[i] + value)];
        return new Expected(tensor, sum, [.. tolerance.Select((error, i) => error + U * (Math.Abs(sum[i]) + error))]);
    }

    /// <summary>
    /// How far the statistics of a row may be off, as in the forward norm: v takes two roundings, 2 U a, a the largest sum of magnitudes;
    /// any sum at most n = K / 32 + 32. So the mean, and by <see cref="Deviation"/> a difference d from it, besides U |d|; the variance by
    /// 2 e mean|d| + e^2 + n U var; and the root's reciprocal relatively by half of that over (variance + epsilon), plus 2^-22 for
    /// rsqrt.approx.
    /// </summary>
    private readonly record struct Noise(double Mean, double Root, double Deviation, double Relative)
    {
        public static Noise Of(ReadOnlySpan<double> v, Options options)
        {
            double mean = 0, meanSize = 0, deviation = 0, variance = 0, n = v.Length / 32 + 32;
            foreach (double value in v)
            {
                mean += value / v.Length;
                meanSize += Math.Abs(value) / v.Length;
            }

            foreach (double value in v)
            {
                deviation += Math.Abs(value - mean) / v.Length;
                variance += (value - mean) * (value - mean) / v.Length;
            }

            double shared = 4 * U * options.Magnitude + n * U * meanSize;
            double varianceError = 2 * deviation * (shared + U * deviation) + shared * shared + n * U * variance;
            return new Noise(
                mean, 1 / Math.Sqrt(variance + options.Epsilon), shared, varianceError / (2 * (variance + options.Epsilon)) + 4 * U);
        }
    }

    /// <summary>
    /// With d, r as above and u = dy gamma, one rounding: mean(u) is off by (n + 2) U mean|u|; mean(u d) by mean|u| e + (n + 3) U mean|u
    /// d|, e the error of d; k = r^2 mean(u d) by r^2 times that and relatively by twice r's error and 4 U. Of dv = r (u - mean(u) - d k)
    /// the bracket has three roundings of its own, and the whole r's relative error.
    /// </summary>
    private static double[] OperandsTolerance(double[] v, double[] gamma, double[] dy, double[] dv, Options options)
    {
        int columns = gamma.Length;
        double n = columns / 32 + 32;
        double[] tolerance = new double[v.Length];
        for (int row = 0; row < v.Length; row += columns)
        {
            Noise noise = Noise.Of(v.AsSpan(row, columns), options);
            double meanU = 0, sizeU = 0, meanUd = 0, sizeUd = 0;
            for (int c = 0; c < columns; c++)
            {
                double u = dy[row + c] * gamma[c], d = v[row + c] - noise.Mean;
                meanU += u / columns;
                sizeU += Math.Abs(u) / columns;
                meanUd += u * d / columns;
                sizeUd += Math.Abs(u * d) / columns;
            }

            double square = noise.Root * noise.Root, k = Math.Abs(meanUd) * square;
            double kError = square * (sizeU * noise.Deviation + (n + 3) * U * sizeUd) + k * (2 * noise.Relative + 4 * U);
            for (int c = 0; c < columns; c++)
            {
                double u = Math.Abs(dy[row + c] * gamma[c]), d = Math.Abs(v[row + c] - noise.Mean);
                double bracket = U * u + (n + 2) * U * sizeU + (noise.Deviation + U * d) * k + d * kError
                    + 3 * U * (u + Math.Abs(meanU) + d * k);
                tolerance[row + c] = noise.Root * bracket + Math.Abs(dv[row + c]) * (noise.Relative + 2 * U) + Tiny;
            }
        }

        return tolerance;
    }

    /// <summary>
    /// A term dy d r is off by |dy| r (e + |d| (relative error of r + 3 U)); then a thread adds rows / 32 of them or 4,
    /// and shuffles and warps 20 more.
    /// </summary>
    private static (double[] Gamma, double[] Beta) ParametersTolerance(double[] v, double[] dy, Options options)
    {
        int columns = (int)options.Columns;
        double additions = options.Rows / 32 + 4 + 20;
        double[] gamma = new double[columns], beta = new double[columns];
        for (int row = 0; row < v.Length; row += columns)
        {
            Noise noise = Noise.Of(v.AsSpan(row, columns), options);
            for (int c = 0; c < columns; c++)
            {
                double g = Math.Abs(dy[row + c]), d = Math.Abs(v[row + c] - noise.Mean);
                gamma[c] += g * noise.Root * (noise.Deviation + d * (noise.Relative + (3 + additions) * U)) + Tiny;
                beta[c] += additions * U * g;
            }
        }

        return (gamma, beta);
    }
}
