using System.Collections.Immutable;
using Harness.Audit;
using Harness.Passes;
using MathNet.Numerics;

namespace Harness.Reporting;

/// <summary>What follows from the sweep's numbers: growth per sample, fits and ratios.</summary>
internal sealed record Findings(ImmutableArray<Growth> Growth, ImmutableArray<PolynomialFit> Fits, ImmutableArray<Ratio> Ratios)
{
    private const double Million = 1e6;

    public static Findings Of(SweepResult sweep) => new(
        [.. sweep.Models.SelectMany(model => GrowthOf(model, sweep.Along(model, SweepAxis.Batch)))],
        [.. sweep.Models.SelectMany(model => FitsOf(sweep, model))],
        [.. RatiosOf(sweep)]);

    private static IEnumerable<Growth> GrowthOf(string model, ImmutableArray<CellResult> cells)
    {
        if (cells.Length < 2)
        {
            yield break;
        }

        double[] batches = [.. cells.Select(cell => (double)cell.Cell.Varied)];
        foreach (Measure measure in Measure.All)
        {
            double[] values = [.. cells.Select(cell => measure.MiB(cell.Audit))];
            yield return new Growth(
                model, measure.Name, MeanSuccessiveSlope(batches, values),
                measure == Measure.Retained ? Published.GrowthMiBPerSample(model) : null);
        }
    }

    /// <summary>Mean of (y[i+1] - y[i]) / (x[i+1] - x[i]).</summary>
    public static double MeanSuccessiveSlope(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double sum = 0;
        for (int i = 1; i < x.Length; i++)
        {
            sum += (y[i] - y[i - 1]) / (x[i] - x[i - 1]);
        }

        return sum / (x.Length - 1);
    }

    private static IEnumerable<PolynomialFit> FitsOf(SweepResult sweep, string model)
    {
        foreach ((SweepAxis axis, string over) in new[] { (SweepAxis.Batch, "batch"), (SweepAxis.Sequence, "seq") })
        {
            ImmutableArray<CellResult> cells = sweep.Along(model, axis);
            double[] x = [.. cells.Select(cell => (double)cell.Cell.Varied)];
            foreach (Measure measure in Measure.All)
            {
                double[] y = [.. cells.Select(cell => measure.MiB(cell.Audit))];
                for (int degree = 1; degree <= 2 && degree < cells.Length; degree++)
                {
                    (ImmutableArray<double> coefficients, double residual) = Polynomial(x, y, degree);
                    bool isPublished = measure == Measure.Retained && axis == SweepAxis.Sequence && degree == 2;
                    yield return new PolynomialFit(
                        model, over, measure.Name, degree, coefficients, residual, isPublished ? Published.QuadraticOverSequence(model) : null);
                }
            }
        }
    }

    /// <summary>Least squares; coefficients highest power first, residual the root of the mean squared distance.</summary>
    public static (ImmutableArray<double> Coefficients, double Residual) Polynomial(double[] x, double[] y, int degree)
    {
        double[] ascending = Fit.Polynomial(x, y, degree);
        double squares = x.Zip(y, (xi, yi) => Math.Pow(yi - MathNet.Numerics.Polynomial.Evaluate(xi, ascending), 2)).Sum();
        return ([.. ascending.Reverse()], Math.Sqrt(squares / x.Length));
    }

    private static IEnumerable<Ratio> RatiosOf(SweepResult sweep)
    {
        Dictionary<string, ImmutableArray<CellResult>> batchSweeps =
            sweep.Models.ToDictionary(model => model, model => sweep.Along(model, SweepAxis.Batch));
        long[] common = [.. batchSweeps.Values.Select(cells => cells.Select(cell => cell.Cell.Varied)).Aggregate((a, b) => a.Intersect(b))];
        if (common.Length == 0)
        {
            yield break;
        }

        long batch = common.Min();
        Dictionary<string, AuditRecord> smallest = batchSweeps.ToDictionary(
            pair => pair.Key, pair => pair.Value.First(cell => cell.Cell.Varied == batch).Audit);
        foreach ((string a, string b) in new[] { ("t5-small", "vgg16"), ("bert-base", "vgg16"), ("t5-small", "bert-base") })
        {
            if (smallest.TryGetValue(a, out AuditRecord? auditA) && smallest.TryGetValue(b, out AuditRecord? auditB))
            {
                string name = $"{a}/{b}";
                yield return Between(name, Measure.ParametersName, auditA.ParameterCount.Observed!.Value, auditB.ParameterCount.Observed!.Value);
                foreach (Measure measure in Measure.All)
                {
                    yield return Between(name, measure.Name, measure.ObservedBytes(auditA), measure.ObservedBytes(auditB));
                }
            }
        }

        foreach ((string model, AuditRecord audit) in smallest)
        {
            foreach (Measure measure in Measure.All)
            {
                double value = measure.MiB(audit) / (audit.ParameterCount.Observed!.Value / Million);
                yield return new Ratio(model, measure.Name, "million parameters", batch, value, PublishedAtOne(model, measure.Name));
            }
        }

        Ratio Between(string name, string quantity, double a, double b) =>
            new(name, quantity, "model", batch, a / b, PublishedAtOne(name, quantity));

        double? PublishedAtOne(string name, string quantity) => batch == 1 ? Published.Ratio(name, quantity) : null;
    }
}
