using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Harness.Audit;
using Harness.Passes;

namespace Harness.Reporting;

/// <summary>A sweep as people and programs read it: the same tables on the terminal and in Markdown, and <c>harness.report/1</c>.</summary>
internal sealed class Report(SweepResult sweep)
{
    private readonly Findings _findings = Findings.Of(sweep);

    /// <summary>The last line: how much was compared, and whether all of it is equal.</summary>
    public string Verdict
    {
        get
        {
            string what = $"{sweep.Cells.Length} configurations, {Quantities.Count(sweep.BufferCount)} buffers";
            return sweep.MismatchCount == 0 ? $"{what}, every byte exact" : $"{what}, {Quantities.Count(sweep.MismatchCount)} mismatches";
        }
    }

    /// <summary>The third account in one sentence.</summary>
    private string Touch
    {
        get
        {
            TouchRow?[] rows = [.. sweep.Cells.Select(cell => cell.Audit.Touch)];
            return rows.Any(row => row is null)
                ? "This device cannot see which bytes are touched."
                : $"Over all configurations the device saw {Quantities.Bytes(rows.Sum(row => row!.UnwrittenBytes))} bytes never written, "
                    + (rows.Any(row => row!.UnreadBytes is null) ? "" : $"{Quantities.Bytes(rows.Sum(row => row!.UnreadBytes))} never read ")
                    + $"and {Quantities.Bytes(rows.Sum(row => row!.OutsideBytes))} touched outside every buffer.";
        }
    }

    public string Heading =>
        $"Device: {sweep.Device}. Machine: {sweep.Machine}. Placement: {PlacementLabels.Of(sweep.Placement)}. "
        + $"Seed: {sweep.Seed}. Everything took {Quantities.Number(sweep.Seconds, 1)} s. {Kernels}{Touch}";

    private string Kernels => sweep.Kernels is { } kernels
        ? $"Before the sweep {kernels.EntryCount} kernels agreed with their double-precision references at {kernels.ShapeCount} shapes{(kernels.LeftOut.IsEmpty ? "" : $" (without cuDNN not: {string.Join(", ", kernels.LeftOut)})")}. "
        : "";

    public ImmutableArray<ReportTable> Tables
    {
        get
        {
            var tables = ImmutableArray.CreateBuilder<ReportTable>();
            foreach (string model in sweep.Models)
            {
                foreach (SweepAxis axis in Enum.GetValues<SweepAxis>())
                {
                    ImmutableArray<CellResult> cells = sweep.Along(model, axis);
                    if (!cells.IsEmpty)
                    {
                        tables.Add(SweepTables.Of(model, axis, cells));
                    }
                }

                tables.Add(RetainedTables.Of(model, [.. sweep.Along(model, SweepAxis.Batch), .. sweep.Along(model, SweepAxis.Sequence)]));
            }

            AddUnlessEmpty(FindingTables.GrowthTable(_findings));
            AddUnlessEmpty(FindingTables.FitTable(_findings));
            AddUnlessEmpty(FindingTables.RatioTable(_findings));
            tables.Add(FindingTables.CostTable(sweep));
            AddUnlessEmpty(DriverTables.Sweep(sweep.Cells));
            return tables.ToImmutable();

            void AddUnlessEmpty(ReportTable table)
            {
                if (!table.Rows.IsEmpty)
                {
                    tables.Add(table);
                }
            }
        }
    }

    /// <summary>Warnings and mismatches one a line, with the configuration that has them.</summary>
    public IEnumerable<string> MismatchLines => sweep.Cells.SelectMany(cell => (IEnumerable<string>)
    [
        .. (cell.Audit.Gpu?.Driver.Warnings ?? []).Select(warning => $"warning: {cell.Cell.Configuration}: {warning}"),
        .. cell.Audit.Mismatches.Select(mismatch => $"mismatch: {cell.Cell.Configuration}: {mismatch}"),
    ]);

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Memory of forward passes\n\n{Verdict}.\n\n{Heading}\n\n");
        foreach (string line in MismatchLines)
        {
            text.Append(CultureInfo.InvariantCulture, $"- {line}\n");
        }

        text.AppendJoin('\n', Tables.Select(table => table.ToMarkdown()));
        return text.ToString();
    }

    public JsonObject ToJson() => new()
    {
        ["schema"] = "harness.report/1",
        ["device"] = sweep.Device.ToJson(),
        ["machine"] = new JsonObject
        {
            ["processor"] = sweep.Machine.Processor,
            ["logicalCores"] = sweep.Machine.LogicalCores,
            ["operatingSystem"] = sweep.Machine.OperatingSystem,
            ["runtime"] = sweep.Machine.Runtime,
        },
        ["kernelChecks"] = sweep.Kernels is { } kernels ? new JsonObject { ["kernels"] = kernels.EntryCount, ["shapes"] = kernels.ShapeCount } : null,
        ["placement"] = PlacementLabels.Of(sweep.Placement),
        ["seed"] = sweep.Seed,
        ["seconds"] = sweep.Seconds,
        ["configurations"] = new JsonArray([.. sweep.Cells.Select(CellJson)]),
        ["growthPerSample"] = new JsonArray([.. _findings.Growth.Select(row => new JsonObject
        {
            ["model"] = row.Model,
            ["quantity"] = row.Quantity,
            ["mibPerSample"] = row.MiBPerSample,
            ["publishedMibPerSample"] = row.PublishedMiBPerSample,
        })]),
        ["fits"] = new JsonArray([.. _findings.Fits.Select(FitJson)]),
        ["ratios"] = new JsonArray([.. _findings.Ratios.Select(ratio => new JsonObject
        {
            ["name"] = ratio.Name,
            ["quantity"] = ratio.Quantity,
            ["per"] = ratio.Per,
            ["batch"] = ratio.Batch,
            ["value"] = ratio.Value,
            ["published"] = ratio.Published,
        })]),
        ["mismatches"] = sweep.MismatchCount,
    };

    private static JsonObject CellJson(CellResult cell)
    {
        JsonObject json = AuditJson.WithoutBuffers(cell.Audit);
        json["over"] = cell.Cell.Axis == SweepAxis.Batch ? "batch" : "seq";
        json["seconds"] = cell.Seconds;
        json["publishedMiB"] = RetainedTables.PublishedMiB(cell);
        json["differences"] = new JsonArray([.. cell.Audit.Mismatches.Select(AuditJson.Difference)]);
        json["mismatches"] = cell.Audit.Mismatches.Length;
        return json;
    }

    private static JsonObject FitJson(PolynomialFit fit) => new()
    {
        ["model"] = fit.Model,
        ["over"] = fit.Over,
        ["quantity"] = fit.Quantity,
        ["unit"] = "MiB",
        ["degree"] = fit.Degree,
        ["coefficients"] = Numbers(fit.Coefficients),
        ["residual"] = fit.ResidualMiB,
        ["publishedCoefficients"] = fit.PublishedCoefficients is { } published ? Numbers(published) : null,
    };

    private static JsonArray Numbers(ImmutableArray<double> numbers) => new([.. numbers.Select(number => JsonValue.Create(number))]);
}
