using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>
/// Cross entropy and its gradient: one column, less than a piece, whole warps of pieces, a block of 1024 threads once and several times,
/// rows that are not whole pieces, and infinite logits.
/// </summary>
internal static class CrossEntropyCases
{
    private const float Scale = 1 / 3f;

    private static readonly (long Rows, long Columns)[] s_shapes =
        [(1, 1), (7, 2), (5, 3), (64, 10), (3, 128), (2, 132), (3, 1000), (2, 1001), (2, 4096), (1, 4100), (2, 9001), (1, 32128)];

    public static IEnumerable<CheckCase> All()
    {
        foreach ((long rows, long columns) in s_shapes)
        {
            yield return Forward(Operands("cross_entropy", $"[{rows},{columns}]", rows, columns));
            yield return Backward(Operands("cross_entropy_backward", $"[{rows},{columns}]", rows, columns));
        }

        yield return Forward(Operands("cross_entropy", "[3,256] unaligned", 3, 256, offsetBytes: 4));
        yield return Backward(Operands("cross_entropy_backward", "[3,256] unaligned", 3, 256, offsetBytes: 4));
        yield return Forward(Operands("cross_entropy", "[3,64] far apart", 3, 64, magnitude: 1e5));
        yield return Backward(Operands("cross_entropy_backward", "[3,64] far apart", 3, 64, magnitude: 1e5));
        foreach (long columns in (long[])[5, 64, 1500])
        {
            yield return Forward(Special("cross_entropy", columns));
            yield return Backward(Special("cross_entropy_backward", columns));
        }
    }

    private static (CaseBuilder Builder, TensorSpec Logits, TensorSpec Labels) Operands(
        string entry, string label, long rows, long columns, double magnitude = 8, int offsetBytes = 0)
    {
        var builder = new CaseBuilder(entry, label) { OffsetBytes = offsetBytes };
        return (builder, builder.Input("logits", magnitude, 1, rows, columns), builder.Ids("labels", columns, 1, rows));
    }

    /// <summary>
    /// A row each with: -inf where the label is, -inf elsewhere, -inf everywhere, a +inf, a NaN, the lowest finite f32 everywhere, and a label far
    /// above all others.
    /// </summary>
    private static (CaseBuilder Builder, TensorSpec Logits, TensorSpec Labels) Special(string entry, long columns)
    {
        const int label = 2;
        float[] ofRow = [float.NegativeInfinity, 1, float.NegativeInfinity, 1, 1, float.MinValue, 1];
        float[] ofThird = [1, float.NegativeInfinity, float.NegativeInfinity, float.PositiveInfinity, float.NaN, float.MinValue, 1];
        float[] ofRest = [0.5f, 0.5f, float.NegativeInfinity, 0.5f, 0.5f, float.MinValue, -60];
        float[] values = [.. Enumerable.Range(0, checked((int)(ofRow.Length * columns))).Select(i =>
        {
            (long row, long column) = Math.DivRem(i, columns);
            return column == label ? ofRow[row] : column == 3 ? ofThird[row] : ofRest[row];
        })];
        var builder = new CaseBuilder(entry, $"[{ofRow.Length},{columns}] special values");
        return (
            builder, builder.Input("logits", values, ofRow.Length, columns),
            builder.Input("labels", [.. ofRow.Select(_ => (long)label)], ofRow.Length));
    }

    /// <summary>
    /// With m the maximum and t = m - the label's logit, one rounding of t and one of the result. The sum of N exponentials has the relative
    /// error that <see cref="SumError"/> says, absolute in its logarithm; lg2.approx is good to 2^-22.6, below 3 U, absolutely below 2 and
    /// relatively above, and ln(2) and its product add less.
    /// </summary>
    private static CheckCase Forward((CaseBuilder Builder, TensorSpec Logits, TensorSpec Labels) operands)
    {
        (CaseBuilder builder, TensorSpec logits, TensorSpec labels) = operands;
        long columns = logits.Shape.Last;
        TensorSpec y = builder.Output("y", logits.Shape.Rows);
        double[] values = builder.Doubles(logits)!;
        long[] ids = builder.Longs(labels);
        double[] expected = CrossEntropyReference.Forward(values, ids, columns);
        double[] tolerance = [.. expected.Select((loss, row) =>
        {
            double below = Row(values, row, columns).Max() - values[row * columns + ids[row]];
            return SumError(columns) + 3 * U * Math.Max(1, loss - below) + U * (below + loss);
        })];
        return builder.Build(new CrossEntropyStep("check", logits, labels, y), new Expected(y, expected, tolerance));
    }

    /// <summary>
    /// p = e^(v - m) / sum has the relative error of the sum, of its reciprocal and the product with it (2 U) and of its own exponential:
    /// ex2.approx 4 U and 3 U |v - m| on its argument. Then one rounding of p - 1 and one of the product with the scale, both at most the size of the result.
    /// </summary>
    private static CheckCase Backward((CaseBuilder Builder, TensorSpec Logits, TensorSpec Labels) operands)
    {
        (CaseBuilder builder, TensorSpec logits, TensorSpec labels) = operands;
        long columns = logits.Shape.Last;
        TensorSpec gradient = builder.Output("gradient", [.. logits.Shape]);
        double[] values = builder.Doubles(logits)!;
        long[] ids = builder.Longs(labels);
        double[] expected = CrossEntropyReference.Backward(values, ids, columns, Scale);
        double[] tolerance = new double[expected.Length];
        for (long row = 0; row < ids.Length; row++)
        {
            double max = Row(values, row, columns).Max();
            for (long i = row * columns; i < (row + 1) * columns; i++)
            {
                double size = Math.Abs(expected[i]), p = i == row * columns + ids[row] ? 1 - size / Scale : size / Scale;
                double depth = p > 0 && double.IsFinite(values[i]) ? max - values[i] : 0;
                tolerance[i] = Scale * p * (SumError(columns) + (6 + 3 * depth) * U) + 2 * U * size + Tiny;
            }
        }

        return builder.Build(new CrossEntropyBackwardStep("check", logits, labels, gradient, Scale), new Expected(gradient, expected, tolerance));
    }

    /// <summary>
    /// Relative, of the sum of N exponentials: three roundings of each exponent, weighed by e^-t t, ln N in all; ex2.approx 4 U three times (element,
    /// two rescalings by a factor that is not 1) and the rescalings' own roundings; sums of N / 32 terms and less, then of lanes and warps.
    /// </summary>
    private static double SumError(long columns) => U * (3 * Math.Log(columns + 1) + 36 + columns / 32 + 16);

    private static IEnumerable<double> Row(double[] values, long row, long columns) =>
        values.Skip(checked((int)(row * columns))).Take(checked((int)columns));
}
