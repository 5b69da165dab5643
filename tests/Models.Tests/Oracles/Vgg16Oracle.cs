using static Harness.Models.Tests.Oracles.OracleMath;

namespace Harness.Models.Tests.Oracles;

/// <summary>
/// VGG16 (Simonyan and Zisserman 2015, configuration D) in double precision: convolutions by their definition, parameters by
/// torchvision's names.
/// </summary>
internal static class Vgg16Oracle
{
    /// <param name="inputs"><c>pixel_values</c> [B,3,N,N]</param>
    /// <returns><c>logits</c> [B,classes]</returns>
    public static Dictionary<string, double[]> Run(
        Vgg16Config config, IReadOnlyDictionary<string, double[]> parameters, IReadOnlyDictionary<string, double[]> inputs)
    {
        double[] x = inputs["pixel_values"];
        int batch = (int)config.Batch, channels = 3, size = (int)config.ImageSize, index = 0;
        foreach (IReadOnlyList<long> stage in config.Widths)
        {
            foreach (long width in stage)
            {
                double[] weight = parameters[$"features.{index}.weight"], bias = parameters[$"features.{index}.bias"];
                x = Relu(Convolve(x, weight, bias, batch, channels, size));
                channels = (int)width;
                index += 2;
            }

            x = MaxPool(x, batch * channels, size);
            size /= 2;
            index++;
        }

        const int pooled = (int)Vgg16Config.PooledSize;
        x = AdaptiveAveragePool(x, batch * channels, size, pooled);
        int features = channels * pooled * pooled, units = (int)config.HiddenUnits;
        x = Relu(Linear(x, parameters["classifier.0.weight"], parameters["classifier.0.bias"], features));
        x = Relu(Linear(x, parameters["classifier.3.weight"], parameters["classifier.3.bias"], units));
        return new() { ["logits"] = Linear(x, parameters["classifier.6.weight"], parameters["classifier.6.bias"], units) };
    }

    /// <summary>3x3 cross-correlation, stride 1, one ring of zeros: y[n,k,p,q] = bias[k] + sum of x[n,c,p+r-1,q+s-1] * weight[k,c,r,s].</summary>
    public static double[] Convolve(double[] x, double[] weight, double[] bias, int batch, int channels, int size)
    {
        int filters = bias.Length;
        var y = new double[batch * filters * size * size];
        for (int n = 0; n < batch; n++)
        {
            for (int k = 0; k < filters; k++)
            {
                for (int p = 0; p < size; p++)
                {
                    for (int q = 0; q < size; q++)
                    {
                        double sum = bias[k];
                        for (int c = 0; c < channels; c++)
                        {
                            for (int r = 0; r < 3; r++)
                            {
                                for (int s = 0; s < 3; s++)
                                {
                                    int row = p + r - 1, column = q + s - 1;
                                    if (row >= 0 && row < size && column >= 0 && column < size)
                                    {
                                        sum += x[((n * channels + c) * size + row) * size + column] * weight[((k * channels + c) * 3 + r) * 3 + s];
                                    }
                                }
                            }
                        }

                        y[((n * filters + k) * size + p) * size + q] = sum;
                    }
                }
            }
        }

        return y;
    }

    /// <summary>The maximum of each 2x2 window, stride 2; a last odd row or column is left out.</summary>
    public static double[] MaxPool(double[] x, int planes, int size)
    {
        int pooled = size / 2;
        var y = new double[planes * pooled * pooled];
        for (int plane = 0; plane < planes; plane++)
        {
            for (int p = 0; p < pooled; p++)
            {
                for (int q = 0; q < pooled; q++)
                {
                    int corner = (plane * size + 2 * p) * size + 2 * q;
                    y[(plane * pooled + p) * pooled + q] =
                        Math.Max(Math.Max(x[corner], x[corner + 1]), Math.Max(x[corner + size], x[corner + size + 1]));
                }
            }
        }

        return y;
    }

    /// <summary>Averages over windows [floor(i*size/pooled), ceil((i+1)*size/pooled)), whatever the size.</summary>
    public static double[] AdaptiveAveragePool(double[] x, int planes, int size, int pooled)
    {
        int First(int i) => i * size / pooled;
        int End(int i) => ((i + 1) * size + pooled - 1) / pooled;
        var y = new double[planes * pooled * pooled];
        for (int plane = 0; plane < planes; plane++)
        {
            for (int p = 0; p < pooled; p++)
            {
                for (int q = 0; q < pooled; q++)
                {
                    double sum = 0;
                    for (int row = First(p); row < End(p); row++)
                    {
                        for (int column = First(q); column < End(q); column++)
                        {
                            sum += x[(plane * size + row) * size + column];
                        }
                    }

                    y[(plane * pooled + p) * pooled + q] = sum / ((End(p) - First(p)) * (End(q) - First(q)));
                }
            }
        }

        return y;
    }
}
