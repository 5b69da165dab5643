using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>
/// RMS norm backward: what goes row by row in every version at the shapes of the forward norms, every set of optional operands, results
/// over operands; the sums over few rows and many, in whole pieces and not.
/// </summary>
internal static class RmsNormBackwardCases
{
    private const string SumsEntry = "rmsnorm_parameters_backward";
    private const float Epsilon = 1e-6f;

    private static readonly (long Rows, long Columns)[] s_shapes =
    [
        (1, 1), (5, 2), (3, 7), (9, 37), (2, 64), (6, 128), (3, 131), (2, 384), (5, 512), (2, 640), (7, 768), (2, 896), (2, 1000), (1, 1024), (2, 1025),
        (2, 2048), (1, 5003),
    ];

    /// <summary>Blocks are 8 columns wide, from 2048 columns on 32, and take 4 rows a thread until 512 threads are reached.</summary>
    private static readonly (long Rows, long Columns)[] s_sums =
        [(1, 1), (1, 37), (7, 2), (4, 8), (5, 9), (67, 132), (67, 130), (513, 128), (1500, 5), (1025, 12), (131, 2049), (257, 2052)];

    private static readonly string[] s_specials = ["a NaN in x", "an infinity in x", "a NaN in dy", "an infinity in dy"];

    /// <summary>Where a gradient goes.</summary>
    private enum Target
    {
        None,
        Written,
        Added,
        OverOutputGradient,
        OverSumGradient,
    }

    public static IEnumerable<CheckCase> All()
    {
        for (int version = 1; version <= 2; version++)
        {
            foreach ((long rows, long columns) in s_shapes)
            {
                yield return Parameters($"rmsnorm_statistics_v{version}", new Options(rows, columns), adds: false, version);
                yield return Parameters($"rmsnorm_statistics_v{version}", new Options(rows, columns, HasResidual: true), adds: false, version);
                yield return Operands(version, new Options(rows, columns), Target.Written, Target.None);
                yield return Operands(version, new Options(rows, columns, true, true), Target.Added, Target.Added);
            }

            foreach ((long rows, long columns) in ((long, long)[])[(3, 256), (2, 37), (2, 1284)])
            {
                foreach ((bool hasResidual, bool hasSum) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
                {
                    foreach (Target x in (Target[])[Target.Written, Target.Added])
                    {
                        foreach (Target residual in (Target[])[Target.None, Target.Written, Target.Added])
                        {
                            yield return Operands(version, new Options(rows, columns, hasResidual, hasSum), x, residual);
                        }
                    }
                }

                Options all = new(rows, columns, true, true);
                yield return Operands(version, all, Target.OverOutputGradient, Target.Written);
                yield return Operands(version, all, Target.OverSumGradient, Target.Added);
                yield return Operands(version, all, Target.Added, Target.OverSumGradient);
                foreach (string special in s_specials)
                {
                    yield return Operands(version, all with { Special = special }, Target.Written, Target.Written);
                }

                yield return Operands(version, all with { OffsetBytes = 4 }, Target.Added, Target.Written);
                yield return Parameters($"rmsnorm_statistics_v{version}", all with { Special = "a NaN in x" }, adds: false, version);
                yield return Parameters($"rmsnorm_statistics_v{version}", all with { Special = "an infinity in x" }, adds: false, version);
                yield return Parameters($"rmsnorm_statistics_v{version}", all with { OffsetBytes = 4 }, adds: false, version);
            }
        }

        foreach (bool adds in (bool[])[false, true])
        {
            foreach ((long rows, long columns) in s_sums)
            {
                yield return Parameters(SumsEntry, new Options(rows, columns), adds, version: null);
                yield return Parameters(SumsEntry, new Options(rows, columns, HasResidual: true), adds, version: null);
            }

            yield return Parameters(SumsEntry, new Options(9, 40, HasResidual: true, OffsetBytes: 4), adds, version: null);
            yield return Parameters(SumsEntry, new Options(9, 40, HasResidual: true, Special: "a NaN in x"), adds, version: null);
            yield return Parameters(SumsEntry, new Options(9, 40, HasResidual: true, Special: "an infinity in dy"), adds, version: null);
        }
    }

    /// <param name="HasSum">is there a gradient of the sum?</param>
    /// <param name="Special">what the third element of an operand's last row is</param>
    private sealed record Options(long Rows, long Columns, bool HasResidual = false, bool HasSum = false, int OffsetBytes = 0, string Special = "")
    {
        public string Label => $"[{Rows},{Columns}]{(HasResidual ? " residual" : "")}"
            + $"{(Special.Length > 0 ? " " + Special : "")}{(OffsetBytes > 0 ? " unaligned" : "")}";
    }

    /// <summary>Both kernels of the step; the case is one of the entry whose results are looked at.</summary>
    private static CheckCase Parameters(string entry, Options options, bool adds, int? version)
    {
        var builder = new CaseBuilder(entry, options.Label + (adds ? " added" : ""))
        {
            Versions = new KernelVersions(RmsNormBackward: version),
            OffsetBytes = options.OffsetBytes,
        };
        (TensorSpec x, TensorSpec? residual, TensorSpec outputGradient, double[] v) = Declare(builder, options);
        TensorSpec dGamma = adds ? builder.Input("dgamma", 5, options.Columns) : builder.Output("dgamma", options.Columns);
        TensorSpec statistics = builder.Workspace("statistics", options.Rows);
        var step = new RmsNormParametersBackwardStep("check", x, residual, outputGradient, dGamma, statistics, Epsilon, adds);

        int columns = (int)options.Columns;
        if (entry != SumsEntry)
        {
            double[] roots = RmsNormBackwardReference.Statistics(v, columns, Epsilon);
            return builder.Build(step, new Expected(statistics, roots, [.. roots.Select(root => root * RootError(columns))]));
        }

        double[] dy = builder.Doubles(outputGradient)!;
        double[] gamma = RmsNormBackwardReference.Parameters(v, dy, columns, Epsilon);
        return builder.Build(step, Sum(builder, dGamma, gamma, ParametersTolerance(v, dy, options), adds));
    }

    private static CheckCase Operands(int version, Options options, Target toX, Target toResidual)
    {
        string what = (options.HasSum ? " dsum" : "") + Label("dx", toX) + Label("dresidual", toResidual);
        var builder = new CaseBuilder($"rmsnorm_backward_v{version}", options.Label + what)
        {
            Versions = new KernelVersions(RmsNormBackward: version),
            OffsetBytes = options.OffsetBytes,
        };
        (TensorSpec x, TensorSpec? residual, TensorSpec outputGradient, double[] v) = Declare(builder, options);
        TensorSpec gamma = builder.Input("gamma", 1.5, options.Columns);
        TensorSpec? dSum = options.HasSum ? builder.Input("dsum", 4, options.Rows, options.Columns) : null;
        TensorSpec dx = Result("dx", toX)!;
        TensorSpec? dResidual = Result("dresidual", toResidual);
        bool addsX = toX is Target.Added, addsResidual = toResidual is Target.Added;
        var step = new RmsNormBackwardStep(
            "check", x, residual, gamma, outputGradient, dSum, dx, addsX, dResidual, addsResidual, Epsilon);

        double[] dy = builder.Doubles(outputGradient)!, gammas = builder.Doubles(gamma)!;
        double[] norm = RmsNormBackwardReference.Operands(v, gammas, dy, Epsilon);
        double[] normTolerance = OperandsTolerance(v, gammas, dy, norm);
        (double[] dv, double[] tolerance) = Added(norm, normTolerance, builder.Doubles(dSum));
        Expected expected = Sum(builder, dx, dv, tolerance, addsX);
        return dResidual is null
            ? builder.Build(step, expected)
            : builder.Build(step, expected, Sum(builder, dResidual, dv, tolerance, addsResidual));

        TensorSpec? Result(string name, Target target) => target switch
        {
            Target.None => null,
            Target.Added => builder.Input(name, 5, options.Rows, options.Columns),
            Target.OverOutputGradient => outputGradient,
            Target.OverSumGradient => dSum,
            _ => builder.Output(name, options.Rows, options.Columns),
        };
    }

    private static string Label(string name, Target target) => target switch
    {
        Target.Added => $" {name} added",
        Target.OverOutputGradient => $" {name} over dy",
        Target.OverSumGradient => $" {name} over dsum",
        Target.Written when name != "dx" => $" {name}",
        _ => "",
    };

    private static (TensorSpec X, TensorSpec? Residual, TensorSpec OutputGradient, double[] Sum) Declare(CaseBuilder builder, Options options)
    {
        var seeded = new SeededValues(29);
        float[] x = seeded.Floats(options.Rows * options.Columns, 2), dy = seeded.Floats(options.Rows * options.Columns, 3);
        if (options.Special.Length > 0)
        {
            float[] values = options.Special.EndsWith("dy", StringComparison.Ordinal) ? dy : x;
            values[((options.Rows - 1) * options.Columns) + 2] =
                options.Special.Contains("NaN", StringComparison.Ordinal) ? float.NaN : float.PositiveInfinity;
        }

        TensorSpec first = builder.Input("x", x, options.Rows, options.Columns);
        TensorSpec? residual = options.HasResidual ? builder.Input("residual", 2, options.Rows, options.Columns) : null;
        return (
            first, residual, builder.Input("dy", dy, options.Rows, options.Columns),
            NormReference.Sum(builder.Doubles(first)!, null, builder.Doubles(residual), (int)options.Columns));
    }

    private static Expected Sum(CaseBuilder builder, TensorSpec tensor, double[] values, double[] tolerance, bool adds)
    {
        (double[] sum, double[] allowed) = Added(values, tolerance, adds ? builder.Doubles(tensor) : null);
        return new Expected(tensor, sum, allowed);
    }

    /// <summary>What is added to something is rounded once more.</summary>
    private static (double[] Values, double[] Tolerance) Added(double[] values, double[] tolerance, double[]? others)
    {
        if (others is null)
        {
            return (values, tolerance);
        }

        double[] sum = [.. values.Select((value, i) => value + others[i])];
        return (sum, [.. tolerance.Select((error, i) => error + U * (Math.Abs(sum[i]) + error))]);
    }

    /// <summary>
    /// Relative error of r, as in the forward norm: v takes one rounding; the mean square, with n = K / 32 + 32 roundings on the way, is
    /// off by (2 + n + 2) U, the root's reciprocal by half of that plus 2^-22 for rsqrt.approx.
    /// </summary>
    private static double RootError(int columns) => (columns / 32 + 32 + 4) * U / 2 + 4 * U;

    /// <summary>
    /// With u = dy gamma, one rounding: mean(u v) is off by (n + 4) U mean|u v|; k = r^2 mean(u v) by r^2 times that and relatively by
    /// twice r's error and 4 U. Of dv = r (u - v k) the bracket has two roundings of its own, and the whole r's relative error.
    /// </summary>
    private static double[] OperandsTolerance(double[] v, double[] gamma, double[] dy, double[] dv)
    {
        int columns = gamma.Length;
        double n = columns / 32 + 32, rootError = RootError(columns);
        double[] roots = RmsNormBackwardReference.Statistics(v, columns, Epsilon), tolerance = new double[v.Length];
        for (int row = 0; row < v.Length; row += columns)
        {
            double meanUv = 0, sizeUv = 0, root = roots[row / columns];
            for (int c = 0; c < columns; c++)
            {
                double uv = dy[row + c] * gamma[c] * v[row + c];
                meanUv += uv / columns;
                sizeUv += Math.Abs(uv) / columns;
            }

            double k = Math.Abs(meanUv) * root * root;
            double kError = root * root * (n + 4) * U * sizeUv + k * (2 * rootError + 4 * U);
            for (int c = 0; c < columns; c++)
            {
                double u = Math.Abs(dy[row + c] * gamma[c]), size = Math.Abs(v[row + c]);
                double bracket = U * u + U * size * k + size * kError + 2 * U * (u + size * k);
                tolerance[row + c] = root * bracket + Math.Abs(dv[row + c]) * (rootError + 2 * U) + Tiny;
            }
        }

        return tolerance;
    }

    /// <summary>
    /// A term dy v r is off relatively by r's error and three roundings; then a thread adds rows / 32 of them or 4, and shuffles and
    /// warps 20 more.
    /// </summary>
    private static double[] ParametersTolerance(double[] v, double[] dy, Options options)
    {
        int columns = (int)options.Columns;
        double relative = RootError(columns) + (3 + options.Rows / 32 + 4 + 20) * U;
        double[] size = RmsNormBackwardReference.Parameters(
            Array.ConvertAll(v, Math.Abs), Array.ConvertAll(dy, Math.Abs), columns, Epsilon);
        return [.. size.Select(sum => sum * relative + Tiny)];
    }
}
