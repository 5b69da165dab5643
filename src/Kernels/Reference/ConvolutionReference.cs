using Harness.Kernels.Devices;

namespace Harness.Kernels.Reference;

/// <summary>Cross-correlation, NCHW: y[n,k,p,q] = relu?(bias[k] + sum over c,r,s of x[n,c,p*stride+r-pad,q*stride+s-pad] w[k,c,r,s]).</summary>
public static class ConvolutionReference
{
    public static double[] Compute(in ConvolutionShape shape, double[] x, double[] weight, double[] bias, bool relu)
    {
        double[] y = new double[shape.N * shape.K * shape.P * shape.Q];
        for (long i = 0; i < y.Length; i++)
        {
            long q = i % shape.Q, p = i / shape.Q % shape.P, k = i / (shape.Q * shape.P) % shape.K, n = i / (shape.Q * shape.P * shape.K);
            double sum = bias[k];
            for (long j = 0; j < shape.C * shape.R * shape.S; j++)
            {
                long s = j % shape.S, r = j / shape.S % shape.R, c = j / (shape.S * shape.R);
                long row = p * shape.Stride + r - shape.Padding, column = q * shape.Stride + s - shape.Padding;
                if (row >= 0 && row < shape.H && column >= 0 && column < shape.W)
                {
                    sum += x[((n * shape.C + c) * shape.H + row) * shape.W + column] * weight[k * shape.C * shape.R * shape.S + j];
                }
            }

            y[i] = relu && sum < 0 ? 0 : sum;
        }

        return y;
    }
}
