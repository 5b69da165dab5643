using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>Gathers: one warp a row, four rows a block; rows of whole 16-byte pieces and others.</summary>
internal static class EmbeddingCases
{
    private static readonly (long Batch, long Sequence, long Columns)[] s_shapes = [(1, 1, 1), (3, 37, 5), (2, 8, 768), (1, 5, 36), (1, 3, 130)];

    /// <summary>A tile has 256 columns, a turn 32 rows; with few table rows long lists of one id, with many hardly any twice.</summary>
    private static readonly (long Batch, long Sequence, long Columns, long TableRows, int OffsetBytes)[] s_backward =
    [
        (1, 1, 1, 1, 0), (3, 37, 5, 11, 0), (2, 64, 768, 2, 0), (1, 100, 36, 1, 0), (1, 33, 130, 7, 0), (4, 32, 256, 3001, 0),
        (2, 50, 515, 9, 0), (1, 40, 384, 3, 4), (1, 7, 260, 40, 0), (5, 30, 300, 20, 0),
    ];

    public static IEnumerable<CheckCase> All() =>
        s_shapes.Select(Bert).Concat(s_shapes.Select(Gather)).Concat(s_backward.Select(Backward)).Concat(s_shapes.Select(Positions));

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

    /// <summary>Each row with an element's id is one rounding of at most the sum of magnitudes.</summary>
    private static CheckCase Backward((long Batch, long Sequence, long Columns, long TableRows, int OffsetBytes) shape)
    {
        string label = $"[{shape.Batch},{shape.Sequence},{shape.Columns}] to {shape.TableRows} rows{(shape.OffsetBytes > 0 ? " unaligned" : "")}";
        var builder = new CaseBuilder("embedding_backward", label) { OffsetBytes = shape.OffsetBytes };
        TensorSpec ids = builder.Ids("ids", shape.TableRows, shape.Batch, shape.Sequence);
        return Backward(builder, ids, builder.Longs(ids), shape.Batch, shape.Sequence, shape.Columns, shape.TableRows);
    }

    /// <summary>Row (b,s) goes to table row s; the table has more.</summary>
    private static CheckCase Positions((long Batch, long Sequence, long Columns) shape)
    {
        var builder = new CaseBuilder("batch_sum", $"[{shape.Batch},{shape.Sequence},{shape.Columns}] to the rows of positions");
        long[] positions = [.. Enumerable.Range(0, checked((int)(shape.Batch * shape.Sequence))).Select(row => row % shape.Sequence)];
        return Backward(builder, null, positions, shape.Batch, shape.Sequence, shape.Columns, shape.Sequence + 3);
    }

    private static CheckCase Backward(
        CaseBuilder builder, TensorSpec? ids, long[] rows, long batch, long sequence, long columns, long tableRows)
    {
        TensorSpec dy = builder.Input("dy", 2, batch, sequence, columns), table = builder.Input("table", 3, tableRows, columns);
        (double[] gradient, double[] old) = (builder.Doubles(dy)!, builder.Doubles(table)!);
        double[] expected = EmbeddingReference.Backward(rows, gradient, columns, old);
        double[] magnitude = EmbeddingReference.Backward(rows, Array.ConvertAll(gradient, Math.Abs), columns, Array.ConvertAll(old, Math.Abs));
        Dictionary<long, int> uses = rows.CountBy(row => row).ToDictionary();
        double[] tolerance = [.. magnitude.Select((size, i) => uses.GetValueOrDefault(i / columns) * U * size)];
        return builder.Build(new EmbeddingBackwardStep("check", ids, dy, table), new Expected(table, expected, tolerance));
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
