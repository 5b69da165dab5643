namespace Harness.Kernels.Reference;

/// <summary>
/// Gradients of layer norm over rows of v = x + bias + residual (<see cref="NormReference.LayerNorm"/>). With n = (v - mean) r, r = 1 /
/// sqrt(variance + epsilon), y = gamma n + beta; v moves n directly, through the mean and through r.
/// </summary>
public static class LayerNormBackwardReference
{
    /// <summary>Mean and r of each row: [rows, 2].</summary>
    public static double[] Statistics(double[] v, int columns, double epsilon)
    {
        double[] statistics = new double[2 * v.Length / columns];
        for (int row = 0; row < v.Length / columns; row++)
        {
            double mean = 0, variance = 0;
            foreach (double value in v.AsSpan(row * columns, columns))
            {
                mean += value / columns;
            }

            foreach (double value in v.AsSpan(row * columns, columns))
            {
                variance += (value - mean) * (value - mean) / columns;
            }

            (statistics[2 * row], statistics[2 * row + 1]) = (mean, 1 / Math.Sqrt(variance + epsilon));
        }

        return statistics;
    }

    /// <summary>dGamma, the sums over the rows of dy n, and dBeta, those of dy; both [columns].</summary>
    public static (double[] Gamma, double[] Beta) Parameters(double[] v, double[] outputGradient, int columns, double epsilon)
    {
        double[] statistics = Statistics(v, columns, epsilon), gamma = new double[columns], beta = new double[columns];
        for (int i = 0; i < v.Length; i++)
        {
            gamma[i % columns] += outputGradient[i] * (v[i] - statistics[i / columns * 2]) * statistics[i / columns * 2 + 1];
            beta[i % columns] += outputGradient[i];
        }

        return (gamma, beta);
    }

    /// <summary>
    /// The gradient of v, and so of x and of residual: r (u - mean(u) - n mean(u n)), u = dy gamma. [rows, gamma.Length], as v is.
    /// </summary>
    public static double[] Operands(double[] v, double[] gamma, double[] outputGradient, double epsilon)
    {
        int columns = gamma.Length;
        double[] statistics = Statistics(v, columns, epsilon), gradient = new double[v.Length];
        for (int row = 0; row < v.Length / columns; row++)
        {
            double mean = statistics[2 * row], r = statistics[2 * row + 1], ofMean = 0, ofRoot = 0;
            for (int c = 0; c < columns; c++)
            {
                double u = outputGradient[row * columns + c] * gamma[c], n = (v[row * columns + c] - mean) * r;
                ofMean += u / columns;
                ofRoot += u * n / columns;
            }

            for (int c = 0; c < columns; c++)
            {
                double u = outputGradient[row * columns + c] * gamma[c], n = (v[row * columns + c] - mean) * r;
                gradient[row * columns + c] = r * (u - ofMean - n * ofRoot);
            }
        }

        return gradient;
    }
}
