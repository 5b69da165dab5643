namespace Harness.Kernels.Reference;

/// <summary>
/// y[b,a,q,:] = softmax(scale x[b,a,q,:] + positionBias[a,q,:] + mask[b,:]), in double precision, but for one thing that is part of
/// the definition: a logit is an f32 number after each addition, so that the lowest f32 absorbs what is added to it. A row that
/// is masked everywhere is therefore uniform. A row of nothing but -inf is NaN, as e^(-inf + inf) is.
/// </summary>
public static class SoftmaxReference
{
    /// <param name="x">[batch, heads, queries, keys]</param>
    /// <param name="positionBias">[heads, queries, keys]</param>
    /// <param name="mask">[batch, keys]</param>
    public static double[] Compute(
        double[] x, double[]? positionBias, double[]? mask, long batch, long heads, long queries, long keys, double scale)
    {
        double[] y = Logits(x, positionBias, mask, batch, heads, queries, keys, scale);
        for (long row = 0; row < batch * heads * queries; row++)
        {
            Span<double> values = y.AsSpan(checked((int)(row * keys)), (int)keys);
            double max = double.NegativeInfinity, sum = 0;
            foreach (double value in values)
            {
                max = Math.Max(max, value);
            }

            foreach (ref double value in values)
            {
                value = Math.Exp(value - max);
                sum += value;
            }

            foreach (ref double value in values)
            {
                value /= sum;
            }
        }

        return y;
    }

    /// <summary>What the exponential is taken of, before the row's maximum is subtracted.</summary>
    public static double[] Logits(
        double[] x, double[]? positionBias, double[]? mask, long batch, long heads, long queries, long keys, double scale)
    {
        double[] logits = new double[x.Length];
        for (long i = 0; i < x.Length; i++)
        {
            long key = i % keys, b = i / (heads * queries * keys), headAndQuery = i / keys % (heads * queries);
            double value = (float)(scale * x[i] + (positionBias?[headAndQuery * keys + key] ?? 0));
            logits[i] = mask is null ? value : (float)(value + mask[b * keys + key]);
        }

        return logits;
    }
}
