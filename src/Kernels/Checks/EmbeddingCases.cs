using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>Gathers: one warp a row, four rows a block; rows of whole 16-byte pieces and others.</summary>
internal static class EmbeddingCases
{
    private static readonly (long Batch, long Sequence, long Columns)[] s_shapes = [(1, 1, 1), (3, 37, 5), (2, 8, 768), (1, 5, 36), (1, 3, 130)];

    public static IEnumerable<CheckCase> All() => s_shapes.Select(Bert).Concat(s_shapes.Select(Gather));

    /// <summary>Exact: a copy.</summary>
    private static CheckCase Gather((long Batch, long Sequence, long Columns) shape)
    {
        const long rows = 11;
        var builder = new CaseBuilder("embedding_gather", $"[{shape.Batch},{shape.Sequence},{shape.Columns}]");
        TensorSpec ids = builder.Ids("ids", rows, shape.Batch, shape.Sequence);
        TensorSpec table = builder.Input("table", 1, rows, shape.Columns);
        TensorSpec y = builder.Output("y", shape.Batch, shape.Sequence, shape.Columns);
        double[] expected = EmbeddingReference.Gather(builder.Longs(ids), builder.Doubles(table)!, shape.Columns);
        return builder.Build(new EmbeddingStep("check", ids, table, y), new Expected(y, expected, new double[expected.Length]));
    }

    /// <summary>Two additions of numbers below 1: sums below 2 and 3, hence U 2 and U 3 (to the next power of two, 4).</summary>
    private static CheckCase Bert((long Batch, long Sequence, long Columns) shape)
    {
        const long rows = 13;
        var builder = new CaseBuilder("embedding_bert", $"[{shape.Batch},{shape.Sequence},{shape.Columns}]");
        TensorSpec ids = builder.Ids("ids", rows, shape.Batch, shape.Sequence);
        TensorSpec typeIds = builder.Ids("typeIds", 2, shape.Batch, shape.Sequence);
        TensorSpec word = builder.Input("word", 1, rows, shape.Columns);
        TensorSpec position = builder.Input("position", 1, shape.Sequence + 3, shape.Columns);
        TensorSpec type = builder.Input("type", 1, 2, shape.Columns);
        TensorSpec y = builder.Output("y", shape.Batch, shape.Sequence, shape.Columns);
        double[] expected = EmbeddingReference.Bert(
            builder.Longs(ids), builder.Longs(typeIds), builder.Doubles(word)!, builder.Doubles(position)!, builder.Doubles(type)!,
            shape.Sequence, shape.Columns);
        return builder.Build(
            new BertEmbeddingStep("check", ids, typeIds, word, position, type, y), new Expected(y, expected, [.. expected.Select(_ => 6 * U)]));
    }
}
