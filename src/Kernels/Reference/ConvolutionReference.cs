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

    /// <summary>dw[k,c,r,s] = sum over n,p,q of x[n,c,p*stride+r-pad,q*stride+s-pad] dy[n,k,p,q], plus what was there before.</summary>
    public static double[] WeightBackward(in ConvolutionShape shape, double[] x, double[] dy, double[]? before)
    {
        double[] dw = before is null ? new double[shape.K * shape.C * shape.R * shape.S] : [.. before];
        for (long i = 0; i < dw.Length; i++)
        {
            long s = i % shape.S, r = i / shape.S % shape.R, c = i / (shape.S * shape.R) % shape.C, k = i / (shape.S * shape.R * shape.C);
            for (long j = 0; j < shape.N * shape.P * shape.Q; j++)
            {
                long q = j % shape.Q, p = j / shape.Q % shape.P, n = j / (shape.Q * shape.P);
                long row = p * shape.Stride + r - shape.Padding, column = q * shape.Stride + s - shape.Padding;
                if (row >= 0 && row < shape.H && column >= 0 && column < shape.W)
                {
                    dw[i] += x[((n * shape.C + c) * shape.H + row) * shape.W + column] * dy[((n * shape.K + k) * shape.P + p) * shape.Q + q];
                }
            }
        }

        return dw;
    }

    /// <summary>
    /// Every output hands its gradient to the inputs that it was made of, times the weight:
    /// dx[n,c,p*stride+r-pad,q*stride+s-pad] += w[k,c,r,s] dy[n,k,p,q].
    /// </summary>
    public static double[] DataBackward(in ConvolutionShape shape, double[] weight, double[] dy)
    {
        double[] dx = new double[shape.N * shape.C * shape.H * shape.W];
        for (long i = 0; i < dy.Length; i++)
        {
            long q = i % shape.Q, p = i / shape.Q % shape.P, k = i / (shape.Q * shape.P) % shape.K, n = i / (shape.Q * shape.P * shape.K);
            for (long j = 0; j < shape.C * shape.R * shape.S; j++)
            {
                long s = j % shape.S, r = j / shape.S % shape.R, c = j / (shape.S * shape.R);
                long row = p * shape.Stride + r - shape.Padding, column = q * shape.Stride + s - shape.Padding;
                if (row >= 0 && row < shape.H && column >= 0 && column < shape.W)
                {
                    dx[((n * shape.C + c) * shape.H + row) * shape.W + column] += weight[k * shape.C * shape.R * shape.S + j] * dy[i];
                }
            }
        }

        return dx;
    }
}
