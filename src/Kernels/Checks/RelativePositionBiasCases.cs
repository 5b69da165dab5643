using Harness.Kernels.Programs;
using Harness.Kernels.Reference;

using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>T5's position bias and its gradient: the published 32 buckets up to distance 128 at lengths beyond it, and small tables.</summary>
internal static class RelativePositionBiasCases
{
    private static readonly (long Buckets, long Heads, long Queries, long Keys, int MaxDistance)[] s_shapes =
        [(32, 8, 1, 1, 128), (32, 2, 300, 300, 128), (32, 1, 1, 517, 128), (8, 3, 37, 37, 20), (32, 8, 5, 64, 128), (4, 1, 9, 7, 5), (64, 1, 3, 200, 100)];

    public static IEnumerable<CheckCase> All() => s_shapes.SelectMany(shape => (CheckCase[])
    [
        Case(shape, causal: false), Case(shape, causal: true), Backward(shape, causal: false, adds: true), Backward(shape, causal: true, adds: false),
    ]).Append(Backward((32, 2, 64, 64, 128), causal: false, adds: false)).Append(Backward((32, 2, 130, 97, 128), causal: true, adds: true));

    /// <summary>
    /// A thread adds its share of a band, which holds at most all pairs, over as many threads as the launcher takes (pairs / 64, 32 to 1024), or
    /// a diagonal over fewer; the shuffles and warps 5 + 31 more, and what was there. NaN where causal elements must not count.
    /// </summary>
    private static CheckCase Backward((long Buckets, long Heads, long Queries, long Keys, int MaxDistance) shape, bool causal, bool adds)
    {
        (long buckets, long heads, long queries, long keys, int maxDistance) = shape;
        string label = $"[{heads},{queries},{keys}] {buckets} buckets to {maxDistance}{(causal ? " causal" : "")}{(adds ? " added" : "")}";
        var builder = new CaseBuilder("relative_position_bias_backward", label);
        float[] values = builder.Floats(builder.Input("values", 2, heads, queries, keys));
        TensorSpec dy = builder.Input(
            "dy", [.. values.Select((value, i) => causal && i % keys > i / keys % queries ? float.NaN : value)], heads, queries, keys);
        TensorSpec table = adds ? builder.Input("table", 4, buckets, heads) : builder.Output("table", buckets, heads);
        double[] gradient = builder.Doubles(dy)!;
        double[]? old = adds ? builder.Doubles(table) : null;
        double[] expected = RelativePositionBiasReference.Backward(gradient, buckets, heads, queries, keys, causal, maxDistance, old);
        double[] magnitude = RelativePositionBiasReference.Backward(
            Array.ConvertAll(gradient, Math.Abs), buckets, heads, queries, keys, causal, maxDistance,
            old is null ? null : Array.ConvertAll(old, Math.Abs));
        double additions = 128 + queries * keys / 1024 + keys + 36 + 1;
        return builder.Build(
            new RelativePositionBiasBackwardStep("check", dy, table, causal, maxDistance, adds),
            new Expected(table, expected, [.. magnitude.Select(size => additions * U * size)]));
    }

    /// <summary>Exact: a copy.</summary>
    private static CheckCase Case((long Buckets, long Heads, long Queries, long Keys, int MaxDistance) shape, bool causal)
    {
        string label = $"[{shape.Heads},{shape.Queries},{shape.Keys}] {shape.Buckets} buckets to {shape.MaxDistance}{(causal ? " causal" : "")}";
        var builder = new CaseBuilder("relative_position_bias", label);
        TensorSpec table = builder.Input("table", 4, shape.Buckets, shape.Heads);
        TensorSpec y = builder.Output("y", shape.Heads, shape.Queries, shape.Keys);
        double[] expected = RelativePositionBiasReference.Compute(
            builder.Doubles(table)!, shape.Heads, shape.Queries, shape.Keys, causal, shape.MaxDistance);
        return builder.Build(
            new RelativePositionBiasStep("check", table, y, causal, shape.MaxDistance), new Expected(y, expected, new double[expected.Length]));
    }
}
