namespace Harness.Kernels.Reference;

/// <summary>The complementary error function in double precision.</summary>
public static class ErrorFunction
{
    /// <summary>
    /// erfc(x) = 1 - erf(x). Below 2.5 by the series erf(x) = 2/sqrt(pi) e^(-x^2) sum over n of 2^n x^(2n+1) / (2n+1)!! (all terms positive,
    /// so nothing cancels but the last subtraction); from 2.5 on by the continued fraction
    /// erfc(x) = e^(-x^2)/sqrt(pi) / (x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))) (Abramowitz and Stegun 7.1.6 and 7.1.14).
    /// </summary>
    public static double Complement(double x)
    {
        if (x < 0)
        {
            return 2 - Complement(-x);
        }

        if (x >= 2.5)
        {
            double tail = x;
            for (int n = 120; n >= 1; n--)
            {
                tail = x + n / 2.0 / tail;
            }

            return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / tail;
        }

        double term = x, sum = x;
        for (int n = 1; n < 100 && term > sum * 1e-18; n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }

        return 1 - 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
