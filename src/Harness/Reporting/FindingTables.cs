using System.Collections.Immutable;
using System.Globalization;
using Harness.Audit;
using Harness.Passes;

namespace Harness.Reporting;

/// <summary>Growth, fits, ratios and cost: the tables that compare models.</summary>
internal static class FindingTables
{
    /// <summary>A fit that passes this close through all points is called exact, in MiB: far below one byte.</summary>
    private const double ExactResidualMiB = 1e-9;

    public static ReportTable GrowthTable(Findings findings) => new(
        "Growth per sample (MiB, mean of the successive slopes over the batch)",
        ["model", "quantity", "growth per sample", "published"],
        [.. findings.Growth.Select(row => Cells(
            row.Model, row.Quantity, Quantities.Number(row.MiBPerSample, 4), Quantities.Number(row.PublishedMiBPerSample, 2)))],
        GrowthMeaning(findings), TextColumns: 2);

    private static string GrowthMeaning(Findings findings)
    {
        const string meaning =
            "One sample more costs this much: activations if nothing were reused, peak live with reuse, retained in what the caller keeps";
        Growth? vgg = findings.Growth.FirstOrDefault(row => row.Model == "vgg16" && row.PublishedMiBPerSample is not null);
        return vgg is { PublishedMiBPerSample: { } published } && vgg.MiBPerSample > 2 * published
            ? $"{meaning}; the published {Quantities.Number(published, 2)} for vgg16 is {Quantities.Number(vgg.MiBPerSample, 2)} in truth: "
                + "its first cell holds a one-time workspace, so that the first slope comes out negative and pulls the mean down."
            : $"{meaning}.";
    }

    public static ReportTable FitTable(Findings findings) => new(
        "Fits (MiB over the batch or the length n, least squares)",
        ["model", "over", "quantity", "polynomial", "published", "residual (RMS)"],
        [.. findings.Fits.Select(fit => Cells(
            fit.Model, fit.Over, fit.Quantity, PolynomialText(fit.Coefficients),
            fit.PublishedCoefficients is { } published ? PolynomialText(published) : Quantities.Number(null, 0),
            fit.ResidualMiB.ToString("0.0e+00", CultureInfo.InvariantCulture)))],
        FitMeaning(findings), TextColumns: 5);

    private static string FitMeaning(Findings findings)
    {
        PolynomialFit[] overLength = [.. findings.Fits.Where(fit => fit.Over == "seq")];
        string[] quadratic = [.. Exact("activations", 2).Except(Exact("activations", 1))];
        string[] linear = [.. Exact(Measure.RetainedName, 1)];
        string meaning = "A residual near 0 says that the quantity is that polynomial, a large one that it is not";
        string squared = quadratic.Length > 0 ? $"; over the length the activations of {And(quadratic)} are exactly quadratic and not linear" : "";
        string kept = linear.Length > 0
            ? $"; what stays allocated is exactly linear for {And(linear)}, so the quadratic term of a fit to measurements is noise"
            : "";
        return $"{meaning}{squared}{kept}.";

        IEnumerable<string> Exact(string quantity, int degree) => overLength
            .Where(fit => fit.Quantity == quantity && fit.Degree == degree && fit.ResidualMiB <= ExactResidualMiB).Select(fit => fit.Model);
    }

    public static ReportTable RatioTable(Findings findings) => new(
        "Ratios between models, and MiB per million parameters",
        ["what", "quantity", "per", "batch", "value", "published"],
        [.. findings.Ratios.Select(ratio => Cells(
            ratio.Name, ratio.Quantity, ratio.Per, Quantities.Count(ratio.Batch), Quantities.Number(ratio.Value, 4),
            Quantities.Number(ratio.Published, 2)))],
        RatioMeaning(findings), TextColumns: 3);

    private static string RatioMeaning(Findings findings)
    {
        const string lesson = "memory in flight belongs to the architecture and the size of the input, not to the number of parameters";
        Ratio[] perParameter = [.. findings.Ratios.Where(ratio => ratio.Per == "million parameters" && ratio.Quantity == Measure.PeakLive.Name)];
        string spread = "";
        if (perParameter.Length > 1)
        {
            Ratio most = perParameter.MaxBy(ratio => ratio.Value)!;
            Ratio least = perParameter.MinBy(ratio => ratio.Value)!;
            spread = $"At batch {most.Batch} {most.Name} needs {Quantities.Number(most.Value / least.Value, 1)} times the live bytes per parameter "
                + $"of {least.Name}: {lesson}";
        }

        Ratio[] distorted =
            [.. findings.Ratios.Where(ratio => ratio is { Per: "model", Quantity: Measure.RetainedName } && ratio.Value > 2 * ratio.Published)];
        string published = distorted.Length == 0
            ? ""
            : "; of what stays allocated, "
                + And([.. distorted.Select(ratio =>
                    $"{ratio.Name} is {Quantities.Number(ratio.Value, 2)} where {Quantities.Number(ratio.Published, 2)} was published")])
                + ", because the published vgg16 cell at batch 1 holds a one-time workspace";
        return $"{(spread.Length > 0 ? spread : $"One model alone shows no spread: {lesson}")}{published}.";
    }

    public static ReportTable CostTable(SweepResult sweep) => new(
        "Cost of a pass",
        ["model", "batch", "length", "GMAC", "GFLOP", "moved, compulsory (MiB)", "moved, counted (MiB)", "lane instructions (million)", "seconds"],
        [.. sweep.Cells.Select(CostRow)],
        CostMeaning(sweep));

    private static ImmutableArray<string> CostRow(CellResult cell)
    {
        Configuration configuration = cell.Cell.Configuration;
        ImmutableArray<StepRow> steps = cell.Audit.Steps;
        return Cells(
            configuration.Model.Name, Quantities.Count(configuration.Size.Batch), Quantities.Count(configuration.Size.Sequence),
            Quantities.Number(steps.Sum(step => step.Macs ?? 0) / 1e9, 2), Quantities.Number(steps.Sum(step => step.Flops ?? 0) / 1e9, 2),
            Quantities.MiB(CompulsoryBytes(steps)), Quantities.MiB(CountedBytes(steps)),
            Quantities.Number(steps.All(step => step.LaneInstructions is null) ? null : steps.Sum(step => step.LaneInstructions ?? 0) / 1e6, 1),
            Quantities.Number(cell.Seconds, 2));
    }

    private static string CostMeaning(SweepResult sweep)
    {
        const string words = "A multiply-accumulate is one MAC and two FLOPs; compulsory traffic takes each operand byte once";
        if (sweep.Kernels is null)
        {
            return $"{words}; this device computes nothing, so the seconds are those of planning and bookkeeping alone.";
        }

        CellResult fastest = sweep.Cells.MaxBy(FlopsPerSecond)!;
        string rate = Quantities.Number(FlopsPerSecond(fastest) / 1e9, 0);
        return $"{words}; the best rate of the sweep, {rate} GFLOP/s, was reached by {fastest.Cell.Configuration}.";
    }

    private static double FlopsPerSecond(CellResult cell) => cell.Seconds > 0 ? cell.Audit.Steps.Sum(step => step.Flops ?? 0) / cell.Seconds : 0;

    private static long? CompulsoryBytes(ImmutableArray<StepRow> steps) =>
        steps.Any(step => step.ReadBytes.Analytic is null) ? null : steps.Sum(step => step.ReadBytes.Analytic + step.WrittenBytes.Analytic);

    private static long? CountedBytes(ImmutableArray<StepRow> steps) =>
        steps.Any(step => step.ReadBytes.Observed is null) ? null : steps.Sum(step => step.ReadBytes.Observed + step.WrittenBytes.Observed);

    /// <summary><c>-0.000018 n^2 + 0.0278 n + 0.07</c>, six significant digits, rounding noise as 0.</summary>
    public static string PolynomialText(ImmutableArray<double> coefficients)
    {
        string text = "";
        for (int i = 0; i < coefficients.Length; i++)
        {
            int power = coefficients.Length - 1 - i;
            double magnitude = Math.Abs(coefficients[i]) < 1e-12 ? 0 : Math.Abs(coefficients[i]);
            bool negative = magnitude > 0 && coefficients[i] < 0;
            string sign = i == 0 ? negative ? "-" : "" : negative ? " - " : " + ";
            string variable = power switch { 0 => "", 1 => " n", _ => $" n^{power}" };
            text += $"{sign}{magnitude.ToString("G6", CultureInfo.InvariantCulture)}{variable}";
        }

        return text;
    }

    private static ImmutableArray<string> Cells(params ReadOnlySpan<string> cells) => [.. cells];

    private static string And(string[] names) => string.Join(" and ", names);
}
