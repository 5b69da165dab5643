namespace Harness.Kernels.Reference;

/// <summary>Pooling over NCHW planes.</summary>
public static class PoolingReference
{
    /// <summary>Output cell i averages input rows floor(i H / P) up to, not including, ceil((i + 1) H / P); columns likewise.</summary>
    /// <param name="x">[planes, height, width]</param>
    public static double[] AdaptiveAverage(double[] x, long planes, long height, long width, long pooledHeight, long pooledWidth)
    {
        double[] y = new double[planes * pooledHeight * pooledWidth];
        for (long i = 0; i < y.Length; i++)
        {
            long plane = i / (pooledHeight * pooledWidth), p = i / pooledWidth % pooledHeight, q = i % pooledWidth;
            long top = p * height / pooledHeight, bottom = (long)Math.Ceiling((p + 1) * height / (double)pooledHeight);
            long left = q * width / pooledWidth, right = (long)Math.Ceiling((q + 1) * width / (double)pooledWidth);
            for (long h = top; h < bottom; h++)
            {
                for (long w = left; w < right; w++)
                {
                    y[i] += x[(plane * height + h) * width + w] / ((bottom - top) * (right - left));
                }
            }
        }

        return y;
    }

    /// <summary>Each output cell's gradient, divided by the cells of its window, to every input cell of the window.</summary>
    /// <param name="outputGradient">[planes, pooledHeight, pooledWidth]</param>
    public static double[] AdaptiveAverageBackward(
        double[] outputGradient, long planes, long height, long width, long pooledHeight, long pooledWidth)
    {
        double[] gradient = new double[planes * height * width];
        for (long i = 0; i < outputGradient.Length; i++)
        {
            long plane = i / (pooledHeight * pooledWidth), p = i / pooledWidth % pooledHeight, q = i % pooledWidth;
            long top = p * height / pooledHeight, bottom = (long)Math.Ceiling((p + 1) * height / (double)pooledHeight);
            long left = q * width / pooledWidth, right = (long)Math.Ceiling((q + 1) * width / (double)pooledWidth);
            for (long h = top; h < bottom; h++)
            {
                for (long w = left; w < right; w++)
                {
                    gradient[(plane * height + h) * width + w] += outputGradient[i] / ((bottom - top) * (right - left));
                }
            }
        }

        return gradient;
    }

    /// <summary>The largest of each window, no padding.</summary>
    /// <param name="x">[planes, height, width]</param>
    public static double[] Max(double[] x, long planes, long height, long width, int window, int stride)
    {
        long pooledHeight = (height - window) / stride + 1, pooledWidth = (width - window) / stride + 1;
        double[] y = new double[planes * pooledHeight * pooledWidth];
        for (long i = 0; i < y.Length; i++)
        {
            long plane = i / (pooledHeight * pooledWidth), p = i / pooledWidth % pooledHeight, q = i % pooledWidth;
            y[i] = double.NegativeInfinity;
            for (long h = p * stride; h < p * stride + window; h++)
            {
                for (long w = q * stride; w < q * stride + window; w++)
                {
                    y[i] = Math.Max(y[i], x[(plane * height + h) * width + w]);
                }
            }
        }

        return y;
    }

    /// <summary>
    /// Every output's gradient is added to the first in row order of those elements of its window that no other exceeds; a NaN exceeds
    /// all numbers.
    /// </summary>
    /// <param name="x">[planes, height, width]</param>
    /// <param name="dy">[planes, pooled height, pooled width]</param>
    public static double[] MaxBackward(double[] x, double[] dy, long planes, long height, long width, int window, int stride)
    {
        long pooledHeight = (height - window) / stride + 1, pooledWidth = (width - window) / stride + 1;
        double[] dx = new double[planes * height * width];
        for (long i = 0; i < dy.Length; i++)
        {
            long plane = i / (pooledHeight * pooledWidth), p = i / pooledWidth % pooledHeight, q = i % pooledWidth;
            long first = (plane * height + p * stride) * width + q * stride, largest = first;
            for (long k = 1; k < (long)window * window; k++)
            {
                long at = first + k / window * width + k % window;
                largest = x[at] > x[largest] || (double.IsNaN(x[at]) && !double.IsNaN(x[largest])) ? at : largest;
            }

            dx[largest] += dy[i];
        }

        return dx;
    }
}
