namespace Harness.Kernels.Reference;

/// <summary>
/// The gradient through softmax over rows. What was added to the scaled values before (position bias, mask) shows in the result alone.
/// </summary>
public static class SoftmaxBackwardReference
{
    /// <summary>scale y (dy - sum over the row of dy y).</summary>
    /// <param name="y">[rows, columns], as outputGradient is: what softmax gave</param>
    public static double[] Compute(double[] y, double[] outputGradient, long columns, double scale)
    {
        double[] gradient = new double[y.Length];
        for (long row = 0; row < y.Length; row += columns)
        {
            double sum = 0;
            for (long i = row; i < row + columns; i++)
            {
                sum += outputGradient[i] * y[i];
            }

            for (long i = row; i < row + columns; i++)
            {
                gradient[i] = scale * y[i] * (outputGradient[i] - sum);
            }
        }

        return gradient;
    }
}
