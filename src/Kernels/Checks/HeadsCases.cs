using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>Splitting and merging heads: whole tiles of 256 columns, part tiles, head sizes that are no multiple of 4 or larger than a tile.</summary>
internal static class HeadsCases
{
    private static readonly (long Batch, long Sequence, long Heads, long HeadSize)[] s_shapes =
        [(1, 1, 1, 1), (2, 5, 12, 64), (3, 37, 8, 64), (2, 3, 3, 5), (1, 70, 2, 12), (2, 2, 2, 256), (1, 3, 1, 300), (2, 33, 4, 96), (2, 12, 4, 64)];

    public static IEnumerable<CheckCase> All()
    {
        foreach ((long batch, long sequence, long heads, long headSize) in s_shapes)
        {
            yield return Merge(batch, sequence, heads, headSize);
            yield return Split(batch, sequence, heads, headSize, hasBias: true);
            yield return Split(batch, sequence, heads, headSize, hasBias: false);
        }

        yield return Split(2, 3, 4, 64, hasBias: true, offsetBytes: 4);
    }

    /// <summary>Exact: a copy.</summary>
    private static CheckCase Merge(long batch, long sequence, long heads, long headSize)
    {
        var builder = new CaseBuilder("heads_merge", $"[{batch},{heads},{sequence},{headSize}]");
        TensorSpec x = builder.Input("x", 1, batch, heads, sequence, headSize), y = builder.Output("y", batch, sequence, heads * headSize);
        double[] expected = HeadsReference.Merge(builder.Doubles(x)!, batch, sequence, heads, headSize);
        return builder.Build(new MergeHeadsStep("check", x, y), new Expected(y, expected, new double[expected.Length]));
    }

    /// <summary>One addition, or a copy.</summary>
    private static CheckCase Split(long batch, long sequence, long heads, long headSize, bool hasBias, int offsetBytes = 0)
    {
        string label = $"[{batch},{sequence},{heads}*{headSize}]{(hasBias ? "" : " no bias")}{(offsetBytes > 0 ? " unaligned" : "")}";
        var builder = new CaseBuilder("heads_split", label) { OffsetBytes = offsetBytes };
        TensorSpec x = builder.Input("x", 1, batch, sequence, heads * headSize);
        TensorSpec? bias = hasBias ? builder.Input("bias", 1, heads * headSize) : null;
        TensorSpec y = builder.Output("y", batch, heads, sequence, headSize);
        double[] expected = HeadsReference.Split(builder.Doubles(x)!, builder.Doubles(bias), batch, sequence, heads, headSize);
        return builder.Build(
            new SplitHeadsStep("check", x, bias, y), new Expected(y, expected, [.. expected.Select(v => hasBias ? U * Math.Abs(v) : 0)]));
    }
}
