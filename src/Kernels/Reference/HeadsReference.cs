namespace Harness.Kernels.Reference;

/// <summary>Between token-major [B,S,A*D] and head-major [B,A,S,D].</summary>
public static class HeadsReference
{
    public static double[] Split(double[] x, double[]? bias, long batch, long sequence, long heads, long headSize)
    {
        double[] y = new double[x.Length];
        ForEach(batch, sequence, heads, headSize, (token, head, column) => y[head] = x[token] + (bias?[column] ?? 0));
        return y;
    }

    public static double[] Merge(double[] x, long batch, long sequence, long heads, long headSize)
    {
        double[] y = new double[x.Length];
        ForEach(batch, sequence, heads, headSize, (token, head, _) => y[token] = x[head]);
        return y;
    }

    /// <summary>Every element: its index in token-major order, in head-major order, and its column of A*D.</summary>
    private static void ForEach(long batch, long sequence, long heads, long headSize, Action<long, long, long> element)
    {
        for (long b = 0; b < batch; b++)
        {
            for (long s = 0; s < sequence; s++)
            {
                for (long a = 0; a < heads; a++)
                {
                    for (long d = 0; d < headSize; d++)
                    {
                        element(((b * sequence + s) * heads + a) * headSize + d, ((b * heads + a) * sequence + s) * headSize + d, a * headSize + d);
                    }
                }
            }
        }
    }
}
