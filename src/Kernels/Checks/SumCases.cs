using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using static Harness.Kernels.Checks.CaseBuilder;

namespace Harness.Kernels.Checks;

/// <summary>Sums, written and added to what is there; and zero.</summary>
internal static class SumCases
{
    /// <summary>Blocks are 8 columns wide, from 2048 columns on 32, and take 4 rows a thread until 1024 threads are reached.</summary>
    private static readonly (long Rows, long Columns)[] s_rows =
        [(1, 1), (1, 37), (7, 2), (4, 8), (5, 9), (67, 130), (513, 768), (3001, 5), (300, 2049)];

    /// <summary>Less than a warp of pixels, whole warps, several turns of the largest block of 256.</summary>
    private static readonly (long Images, long Channels, long Height, long Width)[] s_channels =
        [(1, 1, 1, 1), (3, 5, 2, 7), (2, 3, 8, 12), (2, 32, 14, 14), (2, 2, 37, 41), (2, 2, 67, 65)];

    /// <summary>A block takes 512 elements.</summary>
    private static readonly (long Batch, long Count, int OffsetBytes)[] s_batches =
        [(1, 1, 0), (1, 512, 0), (2, 512, 0), (5, 1028, 0), (3, 1027, 0), (8, 37, 0), (4, 1024, 4)];

    public static IEnumerable<CheckCase> All()
    {
        foreach (bool adds in (bool[])[false, true])
        {
            foreach ((long rows, long columns) in s_rows)
            {
                yield return Rows(rows, columns, adds);
            }

            foreach ((long images, long channels, long height, long width) in s_channels)
            {
                yield return Channels(images, channels, height, width, adds);
            }

            foreach ((long batch, long count, int offsetBytes) in s_batches)
            {
                yield return Batch(batch, count, offsetBytes, adds);
            }
        }

        foreach ((long count, int offsetBytes) in ((long, int)[])[(1, 0), (3, 0), (64, 0), (130, 0), (4096, 0), (9003, 0), (4099, 4)])
        {
            yield return Scaled(count, offsetBytes);
        }

        foreach ((long count, int offsetBytes) in ((long, int)[])[(1, 0), (127, 0), (2047, 0), (2048, 0), (6151, 0), (4096, 4)])
        {
            var builder = new CaseBuilder("fill_zero", $"[{count}]{(offsetBytes > 0 ? " unaligned" : "")}") { OffsetBytes = offsetBytes };
            TensorSpec y = builder.Output("y", count);
            yield return builder.Build(new FillZeroStep("check", y), new Expected(y, SumReference.Zero(count), new double[count]));
        }
    }

    /// <summary>A thread adds rows / 32 numbers or 4, the tree 7 more, and there is what was there before.</summary>
    private static CheckCase Rows(long rows, long columns, bool adds)
    {
        var builder = new CaseBuilder("row_sum", $"[{rows},{columns}]{Label(adds)}");
        TensorSpec x = builder.Input("x", 2, rows, columns), y = Result(builder, adds, columns);
        return Build(
            builder, y, adds, new RowSumStep("check", x, y, adds), builder.Doubles(x)!,
            (values, old) => SumReference.Rows(values, columns, old), additions: rows / 32 + 4 + 7 + 1);
    }

    /// <summary>A thread adds its share of every image, the shuffles and warps 5 + 8 more.</summary>
    private static CheckCase Channels(long images, long channels, long height, long width, bool adds)
    {
        var builder = new CaseBuilder("channel_sum", $"[{images},{channels},{height},{width}]{Label(adds)}");
        TensorSpec x = builder.Input("x", 2, images, channels, height, width), y = Result(builder, adds, channels);
        return Build(
            builder, y, adds, new ChannelSumStep("check", x, y, adds), builder.Doubles(x)!,
            (values, old) => SumReference.Channels(values, channels, height * width, old),
            additions: images * (height * width / 256 + 1) + 5 + 8 + 1);
    }

    private static CheckCase Batch(long batch, long count, int offsetBytes, bool adds)
    {
        string label = $"[{batch},{count}]{Label(adds)}{(offsetBytes > 0 ? " unaligned" : "")}";
        var builder = new CaseBuilder("batch_sum", label) { OffsetBytes = offsetBytes };
        TensorSpec x = builder.Input("x", 2, batch, count), y = Result(builder, adds, count);
        return Build(
            builder, y, adds, new BatchSumStep("check", x, y, adds), builder.Doubles(x)!,
            (values, old) => SumReference.Batch(values, count, old), additions: batch);
    }

    /// <summary>A thread adds its share of at most 1024 threads', a piece 2 more, the shuffles and warps 5 + 31; then the scale.</summary>
    private static CheckCase Scaled(long count, int offsetBytes)
    {
        const float scale = 1 / 3f;
        var builder = new CaseBuilder("scaled_sum", $"[{count}]{(offsetBytes > 0 ? " unaligned" : "")}") { OffsetBytes = offsetBytes };
        TensorSpec x = builder.Input("x", 2, count), y = builder.Output("y", 1);
        double[] values = builder.Doubles(x)!;
        double magnitude = SumReference.Scaled(Array.ConvertAll(values, Math.Abs), scale);
        return builder.Build(
            new ScaledSumStep("check", x, y, scale),
            new Expected(y, [SumReference.Scaled(values, scale)], [(count / 1024 + 4 + 2 + 36 + 1) * U * magnitude]));
    }

    /// <summary>Each addition on an element's way is a rounding of at most the sum of magnitudes.</summary>
    private static CheckCase Build(
        CaseBuilder builder, TensorSpec y, bool adds, Step step, double[] x, Func<double[], double[]?, double[]> sum, double additions)
    {
        double[]? old = adds ? builder.Doubles(y) : null;
        double[] magnitude = sum(Array.ConvertAll(x, Math.Abs), old is null ? null : Array.ConvertAll(old, Math.Abs));
        return builder.Build(step, new Expected(y, sum(x, old), [.. magnitude.Select(size => additions * U * size)]));
    }

    private static TensorSpec Result(CaseBuilder builder, bool adds, long count) =>
        adds ? builder.Input("y", 5, count) : builder.Output("y", count);

    private static string Label(bool adds) => adds ? " added" : "";
}
