namespace Harness.Kernels.Reference;

/// <summary>
/// Gradients of RMS norm over rows of v = x + residual (<see cref="NormReference.RmsNorm"/>). With n = v r, r = 1 / sqrt(mean(v^2) +
/// epsilon), y = gamma n; v moves n directly and through r.
/// </summary>
public static class RmsNormBackwardReference
{
    /// <summary>r of each row: [rows].</summary>
    public static double[] Statistics(double[] v, int columns, double epsilon)
    {
        double[] statistics = new double[v.Length / columns];
        for (int row = 0; row < statistics.Length; row++)
        {
            double meanSquare = 0;
            foreach (double value in v.AsSpan(row * columns, columns))
            {
                meanSquare += value * value / columns;
            }

            statistics[row] = 1 / Math.Sqrt(meanSquare + epsilon);
        }

        return statistics;
    }

    /// <summary>dGamma [columns]: the sums over the rows of dy n.</summary>
    public static double[] Parameters(double[] v, double[] outputGradient, int columns, double epsilon)
    {
        double[] statistics = Statistics(v, columns, epsilon), gamma = new double[columns];
        for (int i = 0; i < v.Length; i++)
        {
            gamma[i % columns] += outputGradient[i] * v[i] * statistics[i / columns];
        }

        return gamma;
    }

    /// <summary>The gradient of v, and so of x and of residual: r (u - n mean(u n)), u = dy gamma. [rows, gamma.Length], as v is.</summary>
    public static double[] Operands(double[] v, double[] gamma, double[] outputGradient, double epsilon)
    {
        int columns = gamma.Length;
        double[] statistics = Statistics(v, columns, epsilon), gradient = new double[v.Length];
        for (int row = 0; row < statistics.Length; row++)
        {
            double r = statistics[row], ofRoot = 0;
            for (int c = 0; c < columns; c++)
            {
                ofRoot += outputGradient[row * columns + c] * gamma[c] * v[row * columns + c] * r / columns;
            }

            for (int c = 0; c < columns; c++)
            {
                double u = outputGradient[row * columns + c] * gamma[c], n = v[row * columns + c] * r;
                gradient[row * columns + c] = r * (u - n * ofRoot);
            }
        }

        return gradient;
    }
}
