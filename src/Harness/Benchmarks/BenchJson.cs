using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Harness.CommandLine;
using Harness.Reporting;
using Harness.Timing;

namespace Harness.Benchmarks;

/// <summary>Everything that a run of benchmarks found.</summary>
/// <param name="Limits">null where there is no NVML</param>
/// <param name="Verdict">of the run: what concerns no single figure</param>
internal sealed record BenchRecord(
    MachineDescription Machine, DeviceFacts Device, long Seed, Peaks? Peaks, GpuLimits? Limits, Verdict Verdict,
    ImmutableArray<(string Group, ImmutableArray<MeasuredResult> Results, int LeftOut)> Groups, ImmutableArray<ArenaResult>? Arena)
{
    public bool IsValid => Verdict.IsValid && Groups.All(group => group.Results.All(result => result.Verdict.IsValid));
}

/// <summary><c>harness.bench/1</c>: seconds, bytes and operations, never rounded; unknown is null. docs/benchmarking.md explains the keys.</summary>
internal static class BenchJson
{
    public static JsonObject Of(BenchRecord record) => new()
    {
        ["schema"] = "harness.bench/1",
        ["device"] = record.Device.ToJson(),
        ["machine"] = record.Machine.ToString(),
        ["limits"] = record.Limits is { } limits
            ? new JsonObject
            {
                ["smClockMHz"] = limits.MaximumSmClockMHz,
                ["memoryClockMHz"] = limits.MaximumMemoryClockMHz,
                ["powerWatts"] = limits.PowerLimitWatts,
            }
            : null,
        ["seed"] = record.Seed,
        ["peaks"] = new JsonObject
        {
            ["copyBytesPerSecond"] = record.Peaks?.CopyBytesPerSecond,
            ["gemmFlopsPerSecond"] = record.Peaks?.GemmFlopsPerSecond,
        },
        ["valid"] = record.IsValid,
        ["findings"] = Findings(record.Verdict),
        ["groups"] = new JsonArray([.. record.Groups.Select(group => new JsonObject
        {
            ["group"] = group.Group,
            ["leftOut"] = group.LeftOut,
            ["results"] = new JsonArray([.. group.Results.Select(Result)]),
        })]),
        ["arena"] = record.Arena is { } arena
            ? new JsonArray([.. arena.Select(result => new JsonObject
            {
                ["placement"] = result.Placement,
                ["bestSeconds"] = result.BestSeconds,
                ["meanSeconds"] = result.MeanSeconds,
                ["managedBytes"] = result.ManagedBytes,
            })])
            : null,
    };

    private static JsonObject Result(MeasuredResult result) => new()
    {
        ["name"] = result.Case.Name,
        ["kernel"] = result.Case.Entry,
        ["shape"] = result.Case.Shape,
        ["launches"] = result.Launches,
        ["flops"] = result.Case.Cost.Flops,
        ["compulsoryReadBytes"] = result.Case.Cost.ReadBytes,
        ["compulsoryWrittenBytes"] = result.Case.Cost.WrittenBytes,
        ["countedReadBytes"] = result.Counted?.BytesRead,
        ["countedWrittenBytes"] = result.Counted?.BytesWritten,
        ["laneInstructions"] = result.Counted?.LaneInstructions,
        ["bytesPerSecond"] = Finite(result.BytesPerSecond),
        ["copyFraction"] = Finite(result.CopyFraction),
        ["flopsPerSecond"] = Finite(result.FlopsPerSecond),
        ["gemmFraction"] = Finite(result.GemmFraction),
        ["bound"] = result.Roofline?.Bound.ToString().ToLowerInvariant(),
        ["boundSeconds"] = Finite(result.Roofline?.BoundSeconds),
        ["boundFraction"] = Finite(result.Roofline?.Fraction),
        ["valid"] = result.Verdict.IsValid,
        ["findings"] = Findings(result.Verdict),
        ["cold"] = result.Measurement.Cold is { } cold ? SeriesJson(cold) : null,
        ["warm"] = SeriesJson(result.Measurement.Warm),
    };

    private static JsonObject SeriesJson(Series series) => new()
    {
        ["executionsPerSample"] = series.Executions,
        ["kept"] = series.Kept.Length,
        ["discarded"] = series.Discarded.Length,
        ["stop"] = series.Stop switch
        {
            StopReason.Settled => "settled",
            StopReason.TimeSpent => "timeSpent",
            _ => "samplesSpent",
        },
        ["minimumSeconds"] = series.Seconds?.Minimum,
        ["lowerQuartileSeconds"] = series.Seconds?.LowerQuartile,
        ["medianSeconds"] = series.Seconds?.Median,
        ["upperQuartileSeconds"] = series.Seconds?.UpperQuartile,
        ["meanSeconds"] = series.Seconds?.Mean,
        ["medianAbsoluteDeviationSeconds"] = series.Seconds?.MedianAbsoluteDeviation,
        ["relativeSpread"] = series.Seconds?.RelativeSpread,
        ["hostMedianSeconds"] = series.HostSeconds?.Median,
        ["managedBytes"] = series.ManagedBytes,
        ["samples"] = new JsonArray([
            .. series.Kept.Select(sample => SampleJson(sample, discarded: false)), .. series.Discarded.Select(sample => SampleJson(sample, discarded: true))]),
    };

    private static JsonObject SampleJson(Sample sample, bool discarded)
    {
        var json = new JsonObject { ["seconds"] = sample.Seconds, ["hostSeconds"] = sample.HostSeconds, ["discarded"] = discarded };
        if (sample.Conditions is { } seen)
        {
            json["smClockMHz"] = seen.SmClockMHz;
            json["memoryClockMHz"] = seen.MemoryClockMHz;
            json["temperatureCelsius"] = seen.TemperatureCelsius;
            json["powerWatts"] = seen.PowerWatts;
            json["throttle"] = seen.Throttle is { } reasons ? new JsonArray([.. ThrottleFilter.Words(reasons).Select(word => JsonValue.Create(word))]) : null;
        }

        return json;
    }

    private static JsonArray Findings(Verdict verdict) => new([.. verdict.Findings.Select(finding => new JsonObject
    {
        ["invalidates"] = finding.Invalidates,
        ["finding"] = finding.Words,
    })]);

    /// <summary>JSON has no infinity: a rate over a time of 0 is unknown.</summary>
    private static double? Finite(double? value) => value is { } known && double.IsFinite(known) ? known : null;
}
