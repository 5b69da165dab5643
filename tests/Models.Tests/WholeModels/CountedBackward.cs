namespace Harness.Models.Tests.WholeModels;

/// <summary>
/// The backward steps of one row (or one window), written out from their definitions on numbers that count. What is known before a step runs, such as
/// 1 - b1, is a plain number.
/// </summary>
internal static class CountedBackward
{
    public static Counted Sum(Counted zero, IEnumerable<Counted> terms) => terms.Aggregate(zero, (sum, term) => sum + term);

    /// <summary>y (+)= the sum: what was there is added once.</summary>
    public static Counted AddTo(Counted earlier, Counted sum) => earlier + sum;

    public static Counted Relu(Counted zero, Counted y, Counted dy) => y.Exceeds(zero) ? dy : zero;

    public static Counted Tanh(Func<double, Counted> number, Counted y, Counted dy) => dy * (number(1) - y * y);

    /// <summary>The distribution, and v times the density.</summary>
    public static Counted BiasGelu(Func<double, Counted> number, Counted x, Counted bias, Counted dy)
    {
        Counted v = x + bias;
        Counted distribution = (number(1) + (v / number(Math.Sqrt(2))).Erf()) * number(0.5);
        Counted density = (v * v * number(-0.5)).Exp() * number(1 / Math.Sqrt(2 * Math.PI));
        return dy * (distribution + v * density);
    }

    public static Counted[] Softmax(Func<double, Counted> number, Counted[] y, Counted[] dy, double scale)
    {
        Counted dot = Sum(number(0), y.Zip(dy, (a, b) => a * b));
        Counted[] dx = [.. y.Zip(dy, (a, b) => a * (b - dot))];
        return scale == 1 ? dx : [.. dx.Select(element => element * number(scale))];
    }

    /// <summary>Adds a row to the gradients of gamma and beta.</summary>
    public static void LayerNormParameters(
        Func<double, Counted> number, Counted[] v, Counted[] dy, Counted[] gammaGradient, Counted[] betaGradient, double epsilon)
    {
        (Counted[] centred, Counted root) = Statistics(number, v, centre: true, epsilon);
        for (int i = 0; i < v.Length; i++)
        {
            gammaGradient[i] += dy[i] * (centred[i] * root);
            betaGradient[i] += dy[i];
        }
    }

    public static Counted[] LayerNormOperands(Func<double, Counted> number, Counted[] v, Counted[] gamma, Counted[] dy, double epsilon)
    {
        (Counted[] centred, Counted root) = Statistics(number, v, centre: true, epsilon);
        Counted[] n = [.. centred.Select(element => element * root)], u = [.. dy.Zip(gamma, (a, b) => a * b)];
        Counted mean = Sum(number(0), u) / number(v.Length), along = Sum(number(0), u.Zip(n, (a, b) => a * b)) / number(v.Length);
        return [.. u.Zip(n, (a, b) => root * (a - mean - b * along))];
    }

    public static void RmsNormParameters(Func<double, Counted> number, Counted[] v, Counted[] dy, Counted[] gammaGradient, double epsilon)
    {
        (_, Counted root) = Statistics(number, v, centre: false, epsilon);
        for (int i = 0; i < v.Length; i++)
        {
            gammaGradient[i] += dy[i] * (v[i] * root);
        }
    }

    public static Counted[] RmsNormOperands(Func<double, Counted> number, Counted[] v, Counted[] gamma, Counted[] dy, double epsilon)
    {
        (_, Counted root) = Statistics(number, v, centre: false, epsilon);
        Counted[] n = [.. v.Select(element => element * root)], u = [.. dy.Zip(gamma, (a, b) => a * b)];
        Counted along = Sum(number(0), u.Zip(n, (a, b) => a * b)) / number(v.Length);
        return [.. u.Zip(n, (a, b) => root * (a - b * along))];
    }

    /// <summary>The place of a window's first maximum.</summary>
    public static int FirstMaximum(Counted[] window)
    {
        int best = 0;
        for (int i = 1; i < window.Length; i++)
        {
            best = window[i].Exceeds(window[best]) ? i : best;
        }

        return best;
    }

    public static Counted CrossEntropy(Func<double, Counted> number, Counted[] logits, int label)
    {
        (_, Counted largest, Counted sum) = Exponentials(number, logits);
        return sum.Log() + largest - logits[label];
    }

    public static Counted[] CrossEntropyBackward(Func<double, Counted> number, Counted[] logits, int label, double scale)
    {
        (Counted[] exponentials, _, Counted sum) = Exponentials(number, logits);
        return [.. exponentials.Select((element, i) => number(scale) * (element / sum - number(i == label ? 1 : 0)))];
    }

    public static Counted Dropout(Func<double, Counted> number, Counted x, Counted? bias, Counted mask, double probability) =>
        (bias is { } added ? x + added : x) * mask / number(1 - probability);

    public static Counted Sgd(Func<double, Counted> number, Counted w, Counted g, double rate) => w - number(rate) * g;

    public static (Counted W, Counted M) Momentum(Func<double, Counted> number, Counted w, Counted g, Counted m, double rate, double momentum)
    {
        m = number(momentum) * m + g;
        return (w - number(rate) * m, m);
    }

    public static (Counted W, Counted M, Counted V) Adam(
        Func<double, Counted> number, Counted w, Counted g, Counted m, Counted v, (double M, double V) corrections, double rate, double b1, double b2,
        double epsilon, double decay)
    {
        m = number(b1) * m + number(1 - b1) * g;
        v = number(b2) * v + number(1 - b2) * (g * g);
        w = decay == 0 ? w : w * number(1 - rate * decay);
        Counted step = m / number(corrections.M) / ((v / number(corrections.V)).Root() + number(epsilon));
        return (w - number(rate) * step, m, v);
    }

    /// <summary>Centred elements (of an RMS norm as they are) and the reciprocal root.</summary>
    private static (Counted[] Centred, Counted Root) Statistics(Func<double, Counted> number, Counted[] v, bool centre, double epsilon)
    {
        if (centre)
        {
            Counted mean = Sum(number(0), v) / number(v.Length);
            v = [.. v.Select(element => element - mean)];
        }

        Counted variance = Sum(number(0), v.Select(element => element * element)) / number(v.Length);
        return (v, (variance + number(epsilon)).ReciprocalRoot());
    }

    private static (Counted[] Exponentials, Counted Largest, Counted Sum) Exponentials(Func<double, Counted> number, Counted[] logits)
    {
        Counted largest = logits.Aggregate(number(double.NegativeInfinity), (best, next) => best.Or(next));
        Counted[] exponentials = [.. logits.Select(logit => (logit - largest).Exp())];
        return (exponentials, largest, Sum(number(0), exponentials));
    }
}
