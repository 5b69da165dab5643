namespace Harness.Models.Tests.Oracles;

/// <summary>
/// The mathematics that the three oracles share: double precision, plain loops, row-major arrays, the definitions of the papers
/// and nothing else. Shares no code with the product.
/// </summary>
internal static class OracleMath
{
    /// <summary>y[r,o] = sum over i of x[r,i] * weight[o,i], plus bias[o] where there is one; the weight is [outputs, inputs].</summary>
    public static double[] Linear(double[] x, double[] weight, double[]? bias, int inputs)
    {
        int rows = x.Length / inputs;
        int outputs = weight.Length / inputs;
        var y = new double[rows * outputs];
        for (int r = 0; r < rows; r++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = bias is null ? 0 : bias[o];
                for (int i = 0; i < inputs; i++)
                {
                    sum += x[r * inputs + i] * weight[o * inputs + i];
                }

                y[r * outputs + o] = sum;
            }
        }

        return y;
    }

    /// <summary>The rows of a table that the ids name, one after the other.</summary>
    public static double[] Gather(double[] table, IReadOnlyList<long> ids, int width)
    {
        var y = new double[ids.Count * width];
        for (int r = 0; r < ids.Count; r++)
        {
            Array.Copy(table, ids[r] * width, y, (long)r * width, width);
        }

        return y;
    }

    /// <summary>Layer normalisation (Ba et al. 2016): (x - mean) / sqrt(variance + epsilon) * gain + bias, variance with divisor n.</summary>
    public static double[] LayerNorm(double[] x, double[] gain, double[] bias, double epsilon)
    {
        int n = gain.Length;
        var y = new double[x.Length];
        for (int row = 0; row < x.Length; row += n)
        {
            double mean = x.AsSpan(row, n).ToArray().Average();
            double variance = x.AsSpan(row, n).ToArray().Average(value => (value - mean) * (value - mean));
            for (int i = 0; i < n; i++)
            {
                y[row + i] = (x[row + i] - mean) / Math.Sqrt(variance + epsilon) * gain[i] + bias[i];
            }
        }

        return y;
    }

    /// <summary>Root mean square normalisation (Zhang and Sennrich 2019): x / sqrt(mean of squares + epsilon) * gain.</summary>
    public static double[] RmsNorm(double[] x, double[] gain, double epsilon)
    {
        int n = gain.Length;
        var y = new double[x.Length];
        for (int row = 0; row < x.Length; row += n)
        {
            double meanSquare = x.AsSpan(row, n).ToArray().Average(value => value * value);
            for (int i = 0; i < n; i++)
            {
                y[row + i] = x[row + i] / Math.Sqrt(meanSquare + epsilon) * gain[i];
            }
        }

        return y;
    }

    /// <summary>
    /// Multi-head attention (Vaswani et al. 2017): softmax(scale * q k^T + added) v, head by head. q is [batch, queries, heads*d],
    /// k and v are [batch, keys, heads*d], and so is the context that is returned, with queries.
    /// </summary>
    /// <param name="added">what is added to the score of (batch, head, query, key); negative infinity hides the key</param>
    public static double[] Attention(
        double[] q, double[] k, double[] v, int batch, int heads, int headSize, double scale, Func<int, int, int, int, double> added)
    {
        int width = heads * headSize;
        int queries = q.Length / (batch * width);
        int keys = k.Length / (batch * width);
        var context = new double[q.Length];
        var weights = new double[keys];
        for (int b = 0; b < batch; b++)
        {
            for (int a = 0; a < heads; a++)
            {
                for (int i = 0; i < queries; i++)
                {
                    int queryAt = (b * queries + i) * width + a * headSize;
                    for (int j = 0; j < keys; j++)
                    {
                        int keyAt = (b * keys + j) * width + a * headSize;
                        double product = 0;
                        for (int c = 0; c < headSize; c++)
                        {
                            product += q[queryAt + c] * k[keyAt + c];
                        }

                        weights[j] = scale * product + added(b, a, i, j);
                    }

                    Softmax(weights);
                    for (int j = 0; j < keys; j++)
                    {
                        int valueAt = (b * keys + j) * width + a * headSize;
                        for (int c = 0; c < headSize; c++)
                        {
                            context[queryAt + c] += weights[j] * v[valueAt + c];
                        }
                    }
                }
            }
        }

        return context;
    }

    /// <summary>exp(x) over the sum of exp(x), in place; the maximum is taken out first, which changes nothing but the range.</summary>
    public static void Softmax(double[] x)
    {
        double maximum = x.Max();
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = Math.Exp(x[i] - maximum);
        }

        double sum = x.Sum();
        for (int i = 0; i < x.Length; i++)
        {
            x[i] /= sum;
        }
    }

    /// <summary>GELU (Hendrycks and Gimpel 2016) in its exact form: x * Phi(x) = x/2 * (1 + erf(x / sqrt 2)).</summary>
    public static double Gelu(double x) => x / 2 * (1 + Erf(x / Math.Sqrt(2)));

    /// <summary>
    /// erf(x) = 2/sqrt(pi) * exp(-x^2) * sum over n of 2^n x^(2n+1) / (1*3*...*(2n+1)) (Abramowitz and Stegun 7.1.6): all terms have
    /// one sign, so nothing cancels (within 2e-15 of the tables). From 6 on, 1 - erf is below 2.2e-17 and erf is 1 in double precision.
    /// </summary>
    public static double Erf(double x)
    {
        if (Math.Abs(x) >= 6)
        {
            return Math.Sign(x);
        }

        double term = x;
        double sum = x;
        for (int n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    public static double[] Relu(double[] x) => Array.ConvertAll(x, value => Math.Max(value, 0));

    public static double[] Add(double[] x, double[] y) => [.. x.Zip(y, (a, b) => a + b)];

    /// <summary>[batch, length, heads*d] to [batch, heads, length, d]: how key/value caches are laid out.</summary>
    public static double[] SplitHeads(double[] x, int batch, int heads, int headSize)
    {
        int length = x.Length / (batch * heads * headSize);
        var y = new double[x.Length];
        int at = 0;
        for (int b = 0; b < batch; b++)
        {
            for (int a = 0; a < heads; a++)
            {
                for (int i = 0; i < length; i++)
                {
                    for (int c = 0; c < headSize; c++)
                    {
                        y[at++] = x[((b * length + i) * heads + a) * headSize + c];
                    }
                }
            }
        }

        return y;
    }
}
