using Harness.Kernels.Devices;

namespace Harness.Kernels.Tests.HostMath;

/// <summary>The definition: y[n,k,p,q] = bias[k] + sum over c, r, s of x[n,c,p*stride+r-padding,q*stride+s-padding] w[k,c,r,s], in double precision.</summary>
internal static class PlainConvolution
{
    public static float[] Run(ConvolutionShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> w, ReadOnlySpan<float> bias)
    {
        var y = new float[shape.N * shape.K * shape.P * shape.Q];
        var plane = new double[shape.P * shape.Q];
        for (long n = 0; n < shape.N; n++)
        {
            for (long k = 0; k < shape.K; k++)
            {
                Array.Fill(plane, bias[(int)k]);
                for (long c = 0; c < shape.C; c++)
                {
                    AddChannel(shape, x[(int)((n * shape.C + c) * shape.H * shape.W)..], w[(int)((k * shape.C + c) * shape.R * shape.S)..], plane);
                }

                for (int i = 0; i < plane.Length; i++)
                {
                    y[(n * shape.K + k) * plane.Length + i] = (float)plane[i];
                }
            }
        }

        return y;
    }

    /// <summary>dw[k,c,r,s] = sum over n, p, q of x[n,c,p*stride+r-padding,q*stride+s-padding] dy[n,k,p,q], and the same sum of magnitudes.</summary>
    public static (double[] Sums, double[] Magnitudes) WeightBackward(ConvolutionShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> dy)
    {
        var sums = new double[shape.K * shape.C * shape.R * shape.S];
        var magnitudes = new double[sums.Length];
        for (int n = 0; n < shape.N; n++)
        {
            for (int i = 0; i < sums.Length; i++)
            {
                int s = (int)(i % shape.S), r = (int)(i / shape.S % shape.R), c = (int)(i / (shape.S * shape.R) % shape.C), k = (int)(i / (shape.S * shape.R * shape.C));
                ReadOnlySpan<float> image = x.Slice((int)((n * shape.C + c) * shape.H * shape.W), (int)(shape.H * shape.W));
                ReadOnlySpan<float> gradient = dy.Slice((int)((n * shape.K + k) * shape.P * shape.Q), (int)(shape.P * shape.Q));
                for (int p = 0; p < shape.P; p++)
                {
                    int row = p * shape.Stride + r - shape.Padding;
                    for (int q = 0; q < shape.Q && row >= 0 && row < shape.H; q++)
                    {
                        int column = q * shape.Stride + s - shape.Padding;
                        if (column >= 0 && column < shape.W)
                        {
                            double term = (double)image[(int)(row * shape.W) + column] * gradient[(int)(p * shape.Q) + q];
                            sums[i] += term;
                            magnitudes[i] += Math.Abs(term);
                        }
                    }
                }
            }
        }

        return (sums, magnitudes);
    }

    /// <summary>dx[n,c,p*stride+r-padding,q*stride+s-padding] += w[k,c,r,s] dy[n,k,p,q] for every output and weight, and the same sum of magnitudes.</summary>
    public static (double[] Sums, double[] Magnitudes) DataBackward(ConvolutionShape shape, ReadOnlySpan<float> w, ReadOnlySpan<float> dy)
    {
        var sums = new double[shape.N * shape.C * shape.H * shape.W];
        var magnitudes = new double[sums.Length];
        for (int i = 0; i < w.Length; i++)
        {
            int s = (int)(i % shape.S), r = (int)(i / shape.S % shape.R), c = (int)(i / (shape.S * shape.R) % shape.C), k = (int)(i / (shape.S * shape.R * shape.C));
            for (int n = 0; n < shape.N; n++)
            {
                ReadOnlySpan<float> gradient = dy.Slice((int)((n * shape.K + k) * shape.P * shape.Q), (int)(shape.P * shape.Q));
                long plane = (n * shape.C + c) * shape.H * shape.W;
                for (int p = 0; p < shape.P; p++)
                {
                    int row = p * shape.Stride + r - shape.Padding;
                    for (int q = 0; q < shape.Q && row >= 0 && row < shape.H; q++)
                    {
                        int column = q * shape.Stride + s - shape.Padding;
                        if (column >= 0 && column < shape.W)
                        {
                            double term = (double)w[i] * gradient[(int)(p * shape.Q) + q];
                            sums[plane + row * shape.W + column] += term;
                            magnitudes[plane + row * shape.W + column] += Math.Abs(term);
                        }
                    }
                }
            }
        }

        return (sums, magnitudes);
    }

    private static void AddChannel(in ConvolutionShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> w, double[] plane)
    {
        for (long p = 0; p < shape.P; p++)
        {
            for (long q = 0; q < shape.Q; q++)
            {
                double sum = 0;
                for (long r = 0; r < shape.R; r++)
                {
                    for (long s = 0; s < shape.S; s++)
                    {
                        long row = p * shape.Stride + r - shape.Padding, column = q * shape.Stride + s - shape.Padding;
                        if (row >= 0 && row < shape.H && column >= 0 && column < shape.W)
                        {
                            sum += (double)x[(int)(row * shape.W + column)] * w[(int)(r * shape.S + s)];
                        }
                    }
                }

                plane[p * shape.Q + q] += sum;
            }
        }
    }
}
