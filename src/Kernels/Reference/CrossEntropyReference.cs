namespace Harness.Kernels.Reference;

/// <summary>
/// Cross entropy of rows of logits against a label each. A label's logit of -inf costs +inf; a row with a NaN or a +inf, or of -inf only, NaN.
/// </summary>
public static class CrossEntropyReference
{
    /// <summary>[labels.Length]: log(sum over n of exp(logits[r,n])) - logits[r,labels[r]].</summary>
    public static double[] Forward(double[] logits, long[] labels, long columns)
    {
        double[] y = new double[labels.Length];
        for (long row = 0; row < y.Length; row++)
        {
            (double max, double sum) = Exponentials(logits, row, columns);
            y[row] = max - logits[row * columns + labels[row]] + Math.Log(sum);
        }

        return y;
    }

    /// <summary>[labels.Length, columns]: the gradient of scale * sum over r of row r's cross entropy.</summary>
    public static double[] Backward(double[] logits, long[] labels, long columns, double scale)
    {
        double[] gradient = new double[logits.Length];
        for (long row = 0; row < labels.Length; row++)
        {
            (double max, double sum) = Exponentials(logits, row, columns);
            for (long n = 0; n < columns; n++)
            {
                long i = row * columns + n;
                gradient[i] = scale * (Math.Exp(logits[i] - max) / sum - (n == labels[row] ? 1 : 0));
            }
        }

        return gradient;
    }

    /// <summary>The row's maximum, and the sum of exp(logit - maximum).</summary>
    private static (double Max, double Sum) Exponentials(double[] logits, long row, long columns)
    {
        ReadOnlySpan<double> values = logits.AsSpan(checked((int)(row * columns)), checked((int)columns));
        double max = double.NegativeInfinity, sum = 0;
        foreach (double value in values)
        {
            max = Math.Max(max, value);
        }

        foreach (double value in values)
        {
            sum += Math.Exp(value - max);
        }

        return (max, sum);
    }
}
