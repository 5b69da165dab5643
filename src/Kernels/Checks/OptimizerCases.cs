using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>Updates in place. A block takes 2048 (sgd) or 1024 elements: below, at and beyond both, several blocks, unaligned.</summary>
internal static class OptimizerCases
{
    private const float LearningRate = 0.03f;

    private static readonly (long Count, int OffsetBytes)[] s_shapes =
        [(1, 0), (37, 0), (1023, 0), (1024, 0), (2048, 0), (6151, 0), (4096, 4)];

    public static IEnumerable<CheckCase> All() => s_shapes.SelectMany(shape => (CheckCase[])
    [
        Sgd(shape.Count, shape.OffsetBytes), Momentum(shape.Count, shape.OffsetBytes),
        Adam(shape.Count, shape.OffsetBytes, update: 1, weightDecay: 0),
        Adam(shape.Count, shape.OffsetBytes, update: 7, weightDecay: 0.01f),
    ]);

    private static CaseBuilder Builder(string entry, long count, int offsetBytes, string what = "") =>
        new(entry, $"[{count}]{what}{(offsetBytes > 0 ? " unaligned" : "")}") { OffsetBytes = offsetBytes };

    /// <summary>One rounding, of the result.</summary>
    private static CheckCase Sgd(long count, int offsetBytes)
    {
        CaseBuilder builder = Builder("sgd", count, offsetBytes);
        TensorSpec weight = builder.Input("weight", 1, count), gradient = builder.Input("gradient", 2, count);
        double[] expected = OptimizerReference.Sgd(builder.Doubles(weight)!, builder.Doubles(gradient)!, LearningRate);
        return builder.Build(
            new SgdStep("check", weight, gradient, LearningRate),
            new Expected(weight, expected, [.. expected.Select(w => U * Math.Abs(w))]));
    }

    /// <summary>m takes one rounding, w one of its own and lr times that of m.</summary>
    private static CheckCase Momentum(long count, int offsetBytes)
    {
        const float momentum = 0.9f;
        CaseBuilder builder = Builder("momentum", count, offsetBytes);
        TensorSpec weight = builder.Input("weight", 1, count), gradient = builder.Input("gradient", 2, count);
        TensorSpec buffer = builder.Input("buffer", 3, count);
        (double[] w, double[] m) = OptimizerReference.Momentum(
            builder.Doubles(weight)!, builder.Doubles(gradient)!, builder.Doubles(buffer)!, LearningRate, momentum);
        return builder.Build(
            new MomentumStep("check", weight, gradient, buffer, LearningRate, momentum),
            new Expected(weight, w, [.. w.Select((value, i) => U * (Math.Abs(value) + LearningRate * Math.Abs(m[i])))]),
            new Expected(buffer, m, [.. m.Select(value => U * Math.Abs(value))]));
    }

    /// <summary>
    /// m: the product (1 - b1) g takes two roundings (1 - b1 is one where b1 is below 1/2), the fma one: e = 2 U |(1 - b1) g| + U |m|. v has
    /// only positive terms and four roundings, 4 U v. 1 / c[1] and the product with it make 6 U, the root halves them and adds one,
    /// epsilon's addition and the quotient one each: 6 U; lr / c[0] another, so the step s is off by 7 U |s| and by e weighed as m is. Its
    /// addition is rounded once; w (1 - lr wd) takes two roundings before.
    /// </summary>
    private static CheckCase Adam(long count, int offsetBytes, int update, float weightDecay)
    {
        const float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
        CaseBuilder builder = Builder("adam", count, offsetBytes, $" update {update}{(weightDecay > 0 ? $" decay {weightDecay}" : "")}");
        TensorSpec weight = builder.Input("weight", 1, count), gradient = builder.Input("gradient", 2, count);
        TensorSpec first = builder.Input("first", 1, count), second = builder.InputAround(1, "second", 0.999, count);
        TensorSpec corrections = builder.Input(
            "corrections", [(float)(1 - Math.Pow(beta1, update)), (float)(1 - Math.Pow(beta2, update))], 2);
        (double c1, double c2) = (builder.Floats(corrections)[0], builder.Floats(corrections)[1]);
        double[] g = builder.Doubles(gradient)!, old = builder.Doubles(weight)!;
        (double[] w, double[] m, double[] v) = OptimizerReference.Adam(
            old, g, builder.Doubles(first)!, builder.Doubles(second)!, c1, c2, LearningRate, beta1, beta2, epsilon, weightDecay);
        double[] momentError = [.. m.Select((value, i) => 2 * U * Math.Abs((1 - beta1) * g[i]) + U * Math.Abs(value))];
        double[] weightError = [.. w.Select((value, i) =>
        {
            double rate = LearningRate / c1 / (Math.Sqrt(v[i] / c2) + epsilon);
            return rate * (momentError[i] + 7 * U * Math.Abs(m[i])) + 2 * U * Math.Abs(old[i]) + U * Math.Abs(value);
        })];
        return builder.Build(
            new AdamStep("check", weight, gradient, first, second, corrections, LearningRate, beta1, beta2, epsilon, weightDecay),
            new Expected(weight, w, weightError), new Expected(first, m, momentError),
            new Expected(second, v, [.. v.Select(value => 4 * U * value)]));
    }
}
