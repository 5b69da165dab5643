using Harness.Kernels.Programs;

namespace Harness.Kernels.Reference;

/// <summary>Steps that treat each element by itself.</summary>
public static class ElementwiseReference
{
    /// <summary>activation(x + bias), bias along the last dimension.</summary>
    public static double[] BiasActivation(double[] x, double[]? bias, Activation activation)
    {
        double[] y = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            double v = x[i] + (bias?[i % bias.Length] ?? 0);
            y[i] = activation switch
            {
                Activation.None => v,
                Activation.Relu => v < 0 ? 0 : v,
                Activation.Gelu => Gelu(v),
                Activation.Tanh => Math.Tanh(v),
                _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
            };
        }

        return y;
    }

    /// <summary>v Phi(v), Phi the normal distribution; at the infinities its limits, infinity and 0.</summary>
    private static double Gelu(double v) => double.IsInfinity(v) ? Math.Max(v, 0) : v / 2 * ErrorFunction.Complement(-v / Math.Sqrt(2));

    public static double[] Add(double[] a, double[] b)
    {
        double[] y = new double[a.Length];
        for (int i = 0; i < a.Length; i++)
        {
            y[i] = a[i] + b[i];
        }

        return y;
    }

    /// <summary>(1 - mask) times the lowest finite f32.</summary>
    public static double[] AttentionMask(long[] mask) => [.. mask.Select(m => (1 - m) * (double)float.MinValue)];
}
