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
