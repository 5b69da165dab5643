using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>What the device's libraries do for us: products, convolutions, max pooling.</summary>
internal static class LibraryCases
{
    public const string ConvolutionEntry = "convolution";
    public const string ConvolutionWeightBackwardEntry = "convolution_weight_backward";
    public const string ConvolutionDataBackwardEntry = "convolution_data_backward";
    public const string MaxPoolEntry = "max_pool";

    /// <summary>
    /// The distance from 1 to the next number of 10 bits of mantissa: whether an operand is rounded or cut off, its relative error is at most that.
    /// </summary>
    private const double Tf32Epsilon = 1.0 / (1 << 10);

    private static readonly (long Batch, long M, long N, long K)[] s_products =
        [(1, 1, 1, 1), (3, 5, 7, 11), (2, 64, 64, 64), (1, 1, 768, 513), (1, 130, 3, 257), (4, 17, 33, 8), (1, 97, 101, 103)];

    private static readonly ConvolutionShape[] s_convolutions =
    [
        new(1, 1, 1, 1, 1, 1, 1, 0, 1), new(2, 3, 14, 14, 8, 3, 3, 1, 1), new(1, 5, 7, 11, 3, 3, 3, 1, 1), new(1, 2, 9, 8, 4, 3, 3, 0, 2),
        new(1, 16, 28, 28, 32, 3, 3, 1, 1), new(2, 4, 5, 5, 6, 5, 5, 2, 1), new(1, 7, 6, 13, 9, 1, 1, 0, 1),
    ];

    public static IEnumerable<CheckCase> All(IConvolutionWorkspace workspace, MathMode math)
    {
        foreach ((long batch, long m, long n, long k) in s_products)
        {
            for (int transposes = 0; transposes < 4; transposes++)
            {
                yield return Gemm(batch, m, n, k, (transposes & 1) != 0, (transposes & 2) != 0, math);
                yield return Gemm(batch, m, n, k, (transposes & 1) != 0, (transposes & 2) != 0, math, accumulate: true);
            }
        }

        yield return GemmIntoSomeRows(math);

        foreach (ConvolutionShape shape in s_convolutions)
        {
            yield return Convolution(workspace, shape, relu: true, math);
            yield return Convolution(workspace, shape, relu: false, math);
        }

        foreach (CheckCase backward in ConvolutionBackwardCases.All(workspace, math))
        {
            yield return backward;
        }

        foreach ((long height, long width, int window, int stride) in ((long, long, int, int)[])[(2, 2, 2, 2), (14, 14, 2, 2), (7, 9, 2, 2), (5, 5, 3, 2), (37, 41, 2, 2)])
        {
            yield return MaxPool(height, width, window, stride);
        }
    }

    /// <summary>
    /// Of a sum of products, relative to the sum of magnitudes: one f32 rounding an operation; with TF32 the error of both operands besides, and
    /// sums that tensor cores may cut off instead of rounding, twice the error.
    /// </summary>
    internal static double RelativeError(double roundings, MathMode math) =>
        math == MathMode.Tf32 ? 2 * Tf32Epsilon + Tf32Epsilon * Tf32Epsilon + 2 * roundings * U : roundings * U;

    /// <summary>K products and additions, each a rounding of at most the sum of magnitudes, the product with alpha and the addition to C.</summary>
    private static CheckCase Gemm(long batch, long m, long n, long k, bool transposedA, bool transposedB, MathMode math, bool accumulate = false)
    {
        const float alpha = 0.7f;
        string label = $"{batch} x [{m},{k}]{(transposedA ? "^T" : "")} [{k},{n}]{(transposedB ? "^T" : "")}{(accumulate ? " added" : "")}";
        var builder = new CaseBuilder("gemm", label);
        TensorSpec a = builder.Input("a", 1, batch, m, k), b = builder.Input("b", 1, batch, k, n);
        TensorSpec c = accumulate ? builder.Input("c", 3, batch, m, n) : builder.Output("c", batch, m, n);
        double[]? old = accumulate ? builder.Doubles(c) : null;
        var layoutA = new MatrixLayout(transposedA ? m : k, m * k, transposedA);
        var layoutB = new MatrixLayout(transposedB ? k : n, k * n, transposedB);
        var layoutC = new MatrixLayout(n, m * n, false);
        double[] expected = Product(builder.Doubles(a)!, builder.Doubles(b)!, old);
        double[] magnitude = Product(Magnitudes(builder.Doubles(a)!), Magnitudes(builder.Doubles(b)!), old is null ? null : Magnitudes(old));
        return builder.Build(
            new GemmStep("check", a, layoutA, b, layoutB, c, layoutC, batch, m, n, k, alpha, accumulate),
            new Expected(c, expected, [.. magnitude.Select(size => RelativeError(k + 3, math) * size)]));

        double[] Product(double[] left, double[] right, double[]? addend) =>
            GemmReference.Compute(left, layoutA, right, layoutB, layoutC, c.Shape.Elements, batch, m, n, k, alpha, addend);
    }

    /// <summary>Added to every third row of C: the others stay as they are, to the bit.</summary>
    private static CheckCase GemmIntoSomeRows(MathMode math)
    {
        const long m = 5, n = 7, k = 9;
        var builder = new CaseBuilder("gemm", $"[{m},{k}] [{k},{n}] added to every third row");
        TensorSpec a = builder.Input("a", 1, m, k), b = builder.Input("b", 1, k, n), c = builder.Input("c", 3, m, 3, n);
        var (layoutA, layoutB, layoutC) = (new MatrixLayout(k, 0, false), new MatrixLayout(n, 0, false), new MatrixLayout(3 * n, 0, false));
        double[] expected = Product(builder.Doubles(a)!, builder.Doubles(b)!, builder.Doubles(c)!);
        double[] magnitude = Product(Magnitudes(builder.Doubles(a)!), Magnitudes(builder.Doubles(b)!), Magnitudes(builder.Doubles(c)!));
        double[] tolerance = [.. magnitude.Select((size, i) => i / n % 3 == 0 ? RelativeError(k + 3, math) * size : 0)];
        return builder.Build(
            new GemmStep("check", a, layoutA, b, layoutB, c, layoutC, 1, m, n, k, 1, Accumulate: true), new Expected(c, expected, tolerance));

        double[] Product(double[] left, double[] right, double[] addend) =>
            GemmReference.Compute(left, layoutA, right, layoutB, layoutC, c.Shape.Elements, 1, m, n, k, 1, addend);
    }

    internal static double[] Magnitudes(double[] values) => Array.ConvertAll(values, Math.Abs);

    /// <summary>
    /// C R S products and additions and the bias, as for a product. That is the bound of the direct sum. A Winograd transform's own
    /// worst case is far above it, but it does not happen: its errors stay below a tenth of this bound, so the same bound serves.
    /// </summary>
    private static CheckCase Convolution(IConvolutionWorkspace workspace, ConvolutionShape shape, bool relu, MathMode math)
    {
        string label = $"[{shape.N},{shape.C},{shape.H},{shape.W}] * [{shape.K},{shape.C},{shape.R},{shape.S}]"
            + $" padding {shape.Padding} stride {shape.Stride}{(relu ? " relu" : "")}";
        var builder = new CaseBuilder(ConvolutionEntry, label);
        TensorSpec x = builder.Input("x", 1, shape.N, shape.C, shape.H, shape.W);
        TensorSpec weight = builder.Input("weight", 1, shape.K, shape.C, shape.R, shape.S);
        TensorSpec bias = builder.Input("bias", 1, shape.K);
        TensorSpec y = builder.Output("y", shape.N, shape.K, shape.P, shape.Q);
        long workspaceBytes = workspace.WorkspaceBytes(shape);
        TensorSpec? scratch = workspaceBytes == 0 ? null : builder.Workspace("workspace", workspaceBytes / 4);
        double[] expected = ConvolutionReference.Compute(shape, builder.Doubles(x)!, builder.Doubles(weight)!, builder.Doubles(bias)!, relu);
        double[] magnitude = ConvolutionReference.Compute(
            shape, [.. builder.Doubles(x)!.Select(Math.Abs)], [.. builder.Doubles(weight)!.Select(Math.Abs)],
            [.. builder.Doubles(bias)!.Select(Math.Abs)], relu: false);
        double roundings = shape.C * shape.R * shape.S + 2;
        return builder.Build(
            new ConvolutionStep("check", x, weight, bias, y, scratch, shape.Padding, shape.Stride, relu),
            new Expected(y, expected, [.. magnitude.Select(size => RelativeError(roundings, math) * size)]));
    }

    /// <summary>Exact: a choice.</summary>
    private static CheckCase MaxPool(long height, long width, int window, int stride)
    {
        var builder = new CaseBuilder(MaxPoolEntry, $"[2,3,{height},{width}] window {window} stride {stride}");
        TensorSpec x = builder.Input("x", 1, 2, 3, height, width);
        TensorSpec y = builder.Output("y", 2, 3, (height - window) / stride + 1, (width - window) / stride + 1);
        double[] expected = PoolingReference.Max(builder.Doubles(x)!, 6, height, width, window, stride);
        return builder.Build(new MaxPoolStep("check", x, y, window, stride), new Expected(y, expected, new double[expected.Length]));
    }
}
