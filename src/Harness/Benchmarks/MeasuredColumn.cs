using System.Collections.Immutable;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using Harness.Reporting;
using Harness.Timing;
using DotNetCase = BenchmarkDotNet.Running.BenchmarkCase;

namespace Harness.Benchmarks;

/// <summary>
/// A column of our figures: in our tables by <see cref="Text"/>, in BenchmarkDotNet's as an <see cref="IColumn"/>. A column that no row has
/// a value for is left out of both.
/// </summary>
internal sealed class MeasuredColumn(string name, string legend, Func<MeasuredResult, string> text, bool isText = false)
{
    private const string Unknown = "-";

    public string Name => name;

    public bool IsText => isText;

    public string Text(MeasuredResult result) => text(result);

    public bool IsKnownFor(IEnumerable<MeasuredResult> results) => results.Any(result => text(result) != Unknown);

    /// <param name="find">null where the case was not measured</param>
    public IColumn ForBenchmarkDotNet(Func<DotNetCase, MeasuredResult?> find, int position) => new Adapter(this, legend, find, position);

    /// <summary>On the software GPU: the best of many on the host's clock, and lane instructions. On a GPU: events, and fractions of measured peaks.</summary>
    public static ImmutableArray<MeasuredColumn> Of(bool isGpu) => isGpu ? OfGpu : OfHost;

    public static ImmutableArray<MeasuredColumn> OfGpu => [.. s_first, .. s_gpu, .. s_last];

    public static ImmutableArray<MeasuredColumn> OfHost => [.. s_first, .. s_host, .. s_last];

    private static readonly ImmutableArray<MeasuredColumn> s_first =
    [
        new("benchmark", "what is timed", result => result.Case.Name, isText: true),
        new("kernel", "entry of kernels/, or a library's call", result => result.Case.Entry ?? Unknown, isText: true),
    ];

    private static readonly ImmutableArray<MeasuredColumn> s_host =
    [
        new("best", "shortest sample", result => Time(result.Measurement.Warm.Seconds?.Minimum)),
        new("mean", "mean of the samples", result => Time(result.Measurement.Warm.Seconds?.Mean)),
        new("best rate", "operations a second at the shortest sample", result => Rate(result.Case.Cost.Flops / result.Measurement.Warm.Seconds?.Minimum, "FLOP/s")),
        new("million lane instructions/s/core", "at the shortest sample, all memory checks on", result =>
            Quantities.Number(result.LaneInstructionsPerSecond / 1e6 / Environment.ProcessorCount, 0)),
    ];

    private static readonly ImmutableArray<MeasuredColumn> s_gpu =
    [
        new("cold", "median device time of an execution, L2 flushed", result => Time(result.Measurement.Cold?.Seconds?.Median)),
        new("warm", "the same with the data in the cache", result => Time(result.Measurement.Warm.Seconds?.Median)),
        new("host", "median time on the host until the work was handed over", result => Time(result.Measurement.Warm.HostSeconds?.Median)),
        new("rate", "compulsory bytes a second, cold", result => Rate(result.BytesPerSecond, "B/s")),
        new("% of copy", "of the copy's measured bandwidth", result => Percent(result.CopyFraction)),
        new("op rate", "operations a second, cold", result => Rate(result.FlopsPerSecond, "FLOP/s")),
        new("% of GEMM", "of the product's measured peak", result => Percent(result.GemmFraction)),
        new("bound", "the roofline's: bandwidth or compute", result => result.Roofline?.Bound.ToString().ToLowerInvariant() ?? Unknown),
        new("% of bound", "shortest possible time over measured time", result => Percent(result.Roofline?.Fraction)),
        new("launches", "in one execution: kernels, library calls, a graph as one", result => Quantities.Count(result.Launches)),
    ];

    private static readonly ImmutableArray<MeasuredColumn> s_last =
    [
        new("spread", "(upper - lower quartile) / median", result => Percent(result.Rated.Seconds?.RelativeSpread)),
        new("traffic", "bytes counted on the software GPU over compulsory bytes", result => Quantities.Number(result.TrafficRatio, 2)),
        new("a sample", "executions in one sample", result => Quantities.Count(result.Rated.Executions)),
        new("samples", "kept, all series", result => Quantities.Count(result.Measurement.All.Sum(series => series.Kept.Length))),
        new("discarded", "for throttling, all series", result =>
            result.Measurement.All.Any(series => !series.Discarded.IsEmpty) ? Quantities.Count(result.Measurement.All.Sum(series => series.Discarded.Length)) : Unknown),
        new("managed bytes", "allocated by an execution, on its thread", result => Quantities.Bytes(result.Measurement.Warm.ManagedBytes)),
        new("valid", "see the findings", result => result.Verdict.IsValid ? "yes" : "NO"),
    ];

    internal static string Time(double? seconds) => seconds switch
    {
        null => Unknown,
        < 1e-5 => $"{Quantities.Number(seconds * 1e9, 1)} ns",
        < 1e-2 => $"{Quantities.Number(seconds * 1e6, 1)} us",
        _ => $"{Quantities.Number(seconds * 1e3, 1)} ms",
    };

    internal static string Rate(double? perSecond, string unit) => perSecond switch
    {
        null or 0 => Unknown,
        < 1e12 => $"{Quantities.Number(perSecond / 1e9, 1)} G{unit}",
        _ => $"{Quantities.Number(perSecond / 1e12, 2)} T{unit}",
    };

    internal static string Percent(double? fraction) => fraction is { } known ? $"{Quantities.Number(known * 100, 1)} %" : Unknown;

    private sealed class Adapter(MeasuredColumn column, string legend, Func<DotNetCase, MeasuredResult?> find, int position) : IColumn
    {
        public string Id => $"{nameof(MeasuredColumn)}.{column.Name}";

        public string ColumnName => column.Name;

        public bool AlwaysShow => true;

        public ColumnCategory Category => ColumnCategory.Custom;

        public int PriorityInCategory => position;

        public bool IsNumeric => !column.IsText;

        public UnitType UnitType => UnitType.Dimensionless;

        public string Legend => legend;

        public string GetValue(Summary summary, DotNetCase benchmarkCase) => find(benchmarkCase) is { } result ? column.Text(result) : Unknown;

        public string GetValue(Summary summary, DotNetCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

        public bool IsDefault(Summary summary, DotNetCase benchmarkCase) => false;

        public bool IsAvailable(Summary summary) => column.IsKnownFor(summary.BenchmarksCases.Select(find).OfType<MeasuredResult>());
    }
}
