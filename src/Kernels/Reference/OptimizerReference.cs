namespace Harness.Kernels.Reference;

/// <summary>One update of a parameter; all arrays are as long as it is. What comes back is new, the operands stay.</summary>
public static class OptimizerReference
{
    public static double[] Sgd(double[] weight, double[] gradient, double learningRate) =>
        [.. weight.Select((w, i) => w - learningRate * gradient[i])];

    public static (double[] Weight, double[] Buffer) Momentum(
        double[] weight, double[] gradient, double[] buffer, double learningRate, double momentum)
    {
        double[] next = [.. buffer.Select((m, i) => momentum * m + gradient[i])];
        return (Sgd(weight, next, learningRate), next);
    }

    /// <summary>Kingma and Ba 2015, algorithm 1; with a weight decay Loshchilov and Hutter 2019, algorithm 2.</summary>
    /// <param name="correction1">1 - beta1^t</param>
    /// <param name="correction2">1 - beta2^t</param>
    public static (double[] Weight, double[] FirstMoment, double[] SecondMoment) Adam(
        double[] weight, double[] gradient, double[] firstMoment, double[] secondMoment, double correction1, double correction2,
        double learningRate, double beta1, double beta2, double epsilon, double weightDecay)
    {
        double[] first = [.. firstMoment.Select((m, i) => beta1 * m + (1 - beta1) * gradient[i])];
        double[] second = [.. secondMoment.Select((v, i) => beta2 * v + (1 - beta2) * gradient[i] * gradient[i])];
        double[] next = [.. weight.Select((w, i) =>
            w - learningRate * weightDecay * w - learningRate * (first[i] / correction1) / (Math.Sqrt(second[i] / correction2) + epsilon))];
        return (next, first, second);
    }
}
