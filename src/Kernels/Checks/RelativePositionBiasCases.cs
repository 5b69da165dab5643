using Harness.Kernels.Programs;
using Harness.Kernels.Reference;

namespace Harness.Kernels.Checks;

/// <summary>T5's position bias: the published 32 buckets up to distance 128 at lengths beyond it, and small tables. Exact: a copy.</summary>
internal static class RelativePositionBiasCases
{
    private static readonly (long Buckets, long Heads, long Queries, long Keys, int MaxDistance)[] s_shapes =
        [(32, 8, 1, 1, 128), (32, 2, 300, 300, 128), (32, 1, 1, 517, 128), (8, 3, 37, 37, 20), (32, 8, 5, 64, 128), (4, 1, 9, 7, 5), (64, 1, 3, 200, 100)];

    public static IEnumerable<CheckCase> All() => s_shapes.SelectMany(shape => (CheckCase[])[Case(shape, causal: false), Case(shape, causal: true)]);

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
