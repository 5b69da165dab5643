namespace Harness.Kernels.Reference;

/// <summary>Sums over all but some dimensions, added to <c>old</c> where that is given; and zero.</summary>
public static class SumReference
{
    public static double[] Zero(long count) => new double[count];

    /// <param name="x">[rows, columns]</param>
    public static double[] Rows(double[] x, long columns, double[]? old) => Channels(x, columns, 1, old);

    /// <param name="x">[images, channels, pixels]</param>
    public static double[] Channels(double[] x, long channels, long pixels, double[]? old)
    {
        double[] y = (double[]?)old?.Clone() ?? new double[channels];
        for (long i = 0; i < x.Length; i++)
        {
            y[i / pixels % channels] += x[i];
        }

        return y;
    }

    /// <param name="x">[batch, count]</param>
    public static double[] Batch(double[] x, long count, double[]? old) => Channels(x, count, 1, old);

    /// <summary>scale * sum of x.</summary>
    public static double Scaled(double[] x, double scale) => scale * x.Sum();
}
