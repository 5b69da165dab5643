namespace Harness.Kernels.Reference;

/// <summary>Layer norm (Ba, Kiros and Hinton 2016) and RMS norm (Zhang and Sennrich 2019) over rows.</summary>
public static class NormReference
{
    /// <summary>gamma (v - mean) / sqrt(variance + epsilon) + beta, v = x + bias + residual; the variance divides by the row's length.</summary>
    /// <param name="x">[rows, gamma.Length], as residual is</param>
    public static double[] LayerNorm(double[] x, double[]? bias, double[]? residual, double[] gamma, double[] beta, double epsilon)
    {
        int columns = gamma.Length;
        double[] v = Sum(x, bias, residual, columns), y = new double[x.Length];
        for (int row = 0; row < x.Length; row += columns)
        {
            double mean = 0, variance = 0;
            for (int c = 0; c < columns; c++)
            {
                mean += v[row + c] / columns;
            }

            for (int c = 0; c < columns; c++)
            {
                variance += Math.Pow(v[row + c] - mean, 2) / columns;
            }

            for (int c = 0; c < columns; c++)
            {
                y[row + c] = gamma[c] * (v[row + c] - mean) / Math.Sqrt(variance + epsilon) + beta[c];
            }
        }

        return y;
    }

    /// <summary>gamma v / sqrt(mean(v^2) + epsilon), v = x + residual; the sum v itself is <see cref="Sum"/>.</summary>
    /// <param name="x">[rows, gamma.Length], as residual is</param>
    public static double[] RmsNorm(double[] x, double[]? residual, double[] gamma, double epsilon)
    {
        int columns = gamma.Length;
        double[] v = Sum(x, null, residual, columns), y = new double[x.Length];
        for (int row = 0; row < x.Length; row += columns)
        {
            double meanSquare = 0;
            for (int c = 0; c < columns; c++)
            {
                meanSquare += v[row + c] * v[row + c] / columns;
            }

            for (int c = 0; c < columns; c++)
            {
                y[row + c] = gamma[c] * v[row + c] / Math.Sqrt(meanSquare + epsilon);
            }
        }

        return y;
    }

    /// <summary>x + bias + residual, bias along the last dimension.</summary>
    public static double[] Sum(double[] x, double[]? bias, double[]? residual, int columns)
    {
        double[] v = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            v[i] = x[i] + (bias?[i % columns] ?? 0) + (residual?[i] ?? 0);
        }

        return v;
    }
}
