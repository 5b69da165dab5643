namespace Harness.Kernels.Reference;

/// <summary>Gradients through activations, element by element.</summary>
public static class ActivationBackwardReference
{
    /// <summary>Where y = max(v, 0) is above 0 the slope is 1, elsewhere 0 (at v = 0 by convention).</summary>
    public static double[] Relu(double[] y, double[] gradient) => [.. gradient.Select((g, i) => y[i] > 0 ? g : 0)];

    /// <summary>y = tanh v has the slope 1 - y^2.</summary>
    public static double[] Tanh(double[] y, double[] gradient) => [.. gradient.Select((g, i) => g * (1 - y[i] * y[i]))];

    /// <summary>v Phi(v), v = x + bias, has the slope Phi(v) + v phi(v); at the infinities 1 and 0.</summary>
    public static double[] Gelu(double[] x, double[] bias, double[] outputGradient) =>
        [.. outputGradient.Select((g, i) => g * GeluSlope(x[i] + bias[i % bias.Length]))];

    private static double GeluSlope(double v)
    {
        double below = ErrorFunction.Complement(-v / Math.Sqrt(2)) / 2, density = Math.Exp(-v * v / 2) / Math.Sqrt(2 * Math.PI);
        return double.IsInfinity(v) ? (v > 0 ? 1 : 0) : below + v * density;
    }
}
