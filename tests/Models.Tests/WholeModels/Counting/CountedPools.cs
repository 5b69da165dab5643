using Harness.Kernels.Programs;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>Pooling, forward and backward, window by window.</summary>
internal static class CountedPools
{
    public static void Max(CountedTensors t, MaxPoolStep s)
    {
        Counted[] x = t.Read(s.X), y = t.Zeros(s.Y.Shape.Elements);
        ForEachCell(s.X.Shape, s.Y.Shape, (i, plane, p, q) =>
        {
            long[] window = Window(s.X.Shape, plane, p, q, s.Window, s.Stride);
            y[i] = window.Skip(1).Aggregate(x[window[0]], (largest, next) => largest.Or(x[next]));
        });
        t.Write(s.Y, y);
    }

    /// <summary>What is the first to come to an element is put there; whatever comes later, where windows overlap, is added.</summary>
    public static void MaxBackward(CountedTensors t, MaxPoolBackwardStep s)
    {
        Counted[] x = t.Read(s.X), dy = t.Read(s.OutputGradient);
        var dx = new Counted?[x.Length];
        ForEachCell(s.X.Shape, s.OutputGradient.Shape, (i, plane, p, q) =>
        {
            long[] window = Window(s.X.Shape, plane, p, q, s.Window, s.Stride);
            long first = window.Skip(1).Aggregate(window[0], (best, next) => x[next].Exceeds(x[best]) ? next : best);
            dx[first] = dx[first] is { } earlier ? earlier + dy[i] : dy[i];
        });
        t.Write(s.InputGradient, dx.Select(element => element ?? t.Number(0)));
    }

    public static void Average(CountedTensors t, AdaptiveAveragePoolStep s)
    {
        Counted[] x = t.Read(s.X), y = t.Zeros(s.Y.Shape.Elements);
        ForEachCell(s.X.Shape, s.Y.Shape, (i, plane, p, q) =>
        {
            long[] cell = Cell(s.X.Shape, s.Y.Shape, plane, p, q);
            y[i] = CountedRows.Sum(t, cell.Select(at => x[at])) / t.Number(cell.Length);
        });
        t.Write(s.Y, y);
    }

    /// <summary>Each output's gradient divided by the size of its cell, once, and added to every element of it.</summary>
    public static void AverageBackward(CountedTensors t, AdaptiveAveragePoolBackwardStep s)
    {
        Counted[] dy = t.Read(s.OutputGradient), dx = t.Zeros(s.Gradient.Shape.Elements);
        ForEachCell(s.Gradient.Shape, s.OutputGradient.Shape, (i, plane, p, q) =>
        {
            long[] cell = Cell(s.Gradient.Shape, s.OutputGradient.Shape, plane, p, q);
            Counted share = dy[i] / t.Number(cell.Length);
            foreach (long at in cell)
            {
                dx[at] += share;
            }
        });
        t.Write(s.Gradient, dx);
    }

    /// <summary>Every place of every output map, with the first element of its input map.</summary>
    private static void ForEachCell(Shape input, Shape output, Action<long, long, long, long> cell)
    {
        for (long i = 0; i < output.Elements; i++)
        {
            cell(i, i / (output[2] * output[3]) * input[2] * input[3], i / output[3] % output[2], i % output[3]);
        }
    }

    /// <summary>The elements of a square window, in row order.</summary>
    private static long[] Window(Shape input, long plane, long p, long q, int window, int stride) =>
        [.. Enumerable.Range(0, window * window).Select(j => plane + (p * stride + j / window) * input[3] + q * stride + j % window)];

    /// <summary>Rows floor(p H / P) to ceil((p + 1) H / P), likewise columns.</summary>
    private static long[] Cell(Shape input, Shape output, long plane, long p, long q)
    {
        (long height, long width, long rows, long columns) = (input[2], input[3], output[2], output[3]);
        var cell = new List<long>();
        for (long h = p * height / rows; h * rows < (p + 1) * height; h++)
        {
            for (long w = q * width / columns; w * columns < (q + 1) * width; w++)
            {
                cell.Add(plane + h * width + w);
            }
        }

        return [.. cell];
    }
}
