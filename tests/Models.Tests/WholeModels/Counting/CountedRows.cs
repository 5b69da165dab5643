namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>The definitions of the row-wise steps, of one row. What is known before a step runs is a plain number.</summary>
internal static class CountedRows
{
    /// <summary>As many additions as terms.</summary>
    public static Counted Sum(CountedTensors t, IEnumerable<Counted> terms) => terms.Aggregate(t.Number(0), (sum, term) => sum + term);

    /// <summary>The exponentials above the row's maximum, that, and their sum.</summary>
    public static (Counted[] Exponentials, Counted Largest, Counted Sum) Exponentials(CountedTensors t, Counted[] x)
    {
        Counted largest = x.Aggregate(t.Number(double.NegativeInfinity), (best, next) => best.Or(next));
        Counted[] exponentials = [.. x.Select(element => (element - largest).Exp())];
        return (exponentials, largest, Sum(t, exponentials));
    }

    public static Counted[] Softmax(CountedTensors t, Counted[] x)
    {
        (Counted[] exponentials, _, Counted sum) = Exponentials(t, x);
        return [.. exponentials.Select(element => element / sum)];
    }

    public static Counted[] SoftmaxBackward(CountedTensors t, Counted[] y, Counted[] dy, double scale)
    {
        Counted dot = Sum(t, y.Zip(dy, (a, b) => a * b));
        Counted[] dx = [.. y.Zip(dy, (a, b) => a * (b - dot))];
        return scale == 1 ? dx : [.. dx.Select(element => element * t.Number(scale))];
    }

    /// <summary>A row normalised: what a norm multiplies by gamma, and the reciprocal root. A layer norm is centred, an RMS norm is not.</summary>
    public static (Counted[] Normed, Counted Root) Normed(CountedTensors t, Counted[] v, bool centred, double epsilon)
    {
        if (centred)
        {
            Counted mean = Mean(t, v);
            v = [.. v.Select(element => element - mean)];
        }

        Counted root = (Mean(t, v.Select(element => element * element)) + t.Number(epsilon)).ReciprocalRoot();
        return ([.. v.Select(element => element * root)], root);
    }

    /// <summary>The error signal of the row: r (u - mean(u) - n mean(u n)), u = dy gamma; of an RMS norm without mean(u).</summary>
    public static Counted[] NormBackward(CountedTensors t, Counted[] v, Counted[] gamma, Counted[] dy, bool centred, double epsilon)
    {
        (Counted[] n, Counted root) = Normed(t, v, centred, epsilon);
        Counted[] u = [.. dy.Zip(gamma, (a, b) => a * b)];
        Counted along = Mean(t, u.Zip(n, (a, b) => a * b));
        if (!centred)
        {
            return [.. u.Zip(n, (a, b) => root * (a - b * along))];
        }

        Counted mean = Mean(t, u);
        return [.. u.Zip(n, (a, b) => root * (a - mean - b * along))];
    }

    private static Counted Mean(CountedTensors t, IEnumerable<Counted> terms)
    {
        Counted[] all = [.. terms];
        return Sum(t, all) / t.Number(all.Length);
    }
}
