using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Harness.Benchmarks;
using Harness.Models;
using Harness.Models.Training;
using Harness.Passes;
using Harness.Timing;

namespace Harness.Acceptance;

/// <summary>
/// The speeds that are wanted, from what the benchmark steps and the side-by-side scripts wrote: row-wise kernels against the measured
/// bandwidth of a copy, whole passes and training steps against PyTorch eager at the same precision, no managed allocation in a steady pass.
/// </summary>
/// <param name="read">a step's JSON, null where the step did not run or wrote none</param>
internal sealed partial class SpeedTargets(Func<string, JsonNode?> read)
{
    /// <summary>Operands at least this large are far above any cache.</summary>
    private const long LargeBytes = 128L << 20;

    private static readonly ImmutableArray<string> s_models = ["vgg16", "bert-base", "t5-small"];

    public ImmutableArray<SpeedTarget> All() =>
    [
        .. KernelTarget.All.SelectMany(CopyBandwidth),
        .. s_models.Select(model => AgainstTorch(model, "bench-models", "fp32", "eager", mayBeEqual: true)),
        .. s_models.Select(model => AgainstTorch(model, "bench-models-graph", "fp32", "with --graph", mayBeEqual: false)),
        .. s_models.Select(model => AgainstTorch(model, "bench-models-tf32", "tf32", "eager, TF32", mayBeEqual: true)),
        .. TrainingCases.Compared.Select(TrainingStep),
        .. s_models.Select(Allocation),
    ];

    /// <summary>The best version of a family at each large shape; one that may be quoted, where there is any.</summary>
    private IEnumerable<SpeedTarget> CopyBandwidth(KernelTarget wanted)
    {
        var bench = new BenchFigures(read("bench-kernels"));
        (string Case, string Kernel, double? Share, string? Doubt)[] results =
        [
            .. bench.Results.Where(result => wanted.Has((string?)result["kernel"]))
                .Where(result => (long?)result["compulsoryReadBytes"] + (long?)result["compulsoryWrittenBytes"] >= LargeBytes)
                .Select(result => (
                    WithoutVersion((string)result["name"]!), (string)result["kernel"]!, (double?)result["copyFraction"], bench.DoubtOf(result))),
        ];
        string target = $"at least {Percent(wanted.Share)} of the measured copy bandwidth";
        if (results.Length == 0)
        {
            yield return new SpeedTarget($"{wanted.Family}, large shapes", target, null, null);
        }

        foreach (IGrouping<string, (string Case, string Kernel, double? Share, string? Doubt)> shape in results.GroupBy(result => result.Case))
        {
            (_, string kernel, double? share, string? doubt) =
                shape.OrderBy(result => result.Doubt is not null).ThenByDescending(result => result.Share ?? 0).First();
            yield return new SpeedTarget(
                shape.Key, target, share is { } known ? $"{Percent(known)} ({kernel})" : null, share is { } value ? value >= wanted.Share : null, doubt);
        }
    }

    private SpeedTarget AgainstTorch(string model, string bench, string precision, string how, bool mayBeEqual) => Against(
        $"{model}, a pass {how}", bench, $"{model} batch ", read($"torch-{model}")?["latency"]?[precision]?["eager"], mayBeEqual);

    /// <summary>With Adam and the published dropout, single precision.</summary>
    private SpeedTarget TrainingStep(Configuration step)
    {
        JsonNode? theirs = read($"torch-{step.Model.Name}-training")?["steps"]?.AsArray().FirstOrDefault(row =>
            (string?)row!["optimizer"] == TrainingLabels.Of(step.Training!.Optimizer) && (double?)row["dropout"] == step.Training.Dropout);
        string name = ModelCases.NameOf(step);
        return Against($"{name}: a step", "bench-training", name, theirs?["latency"], mayBeEqual: true);
    }

    /// <param name="name">of our benchmark, or what it begins with</param>
    /// <param name="theirs">what a clock of the side-by-side scripts measured; null where it did not</param>
    private SpeedTarget Against(string what, string step, string name, JsonNode? theirs, bool mayBeEqual)
    {
        var bench = new BenchFigures(read(step));
        JsonNode? result = bench.Named(name);
        double? ourSeconds = (double?)result?["warm"]?["medianSeconds"];
        double? theirSeconds = (double?)theirs?["deviceSeconds"]?["median"];
        string? ourDoubt = ourSeconds is null ? null : bench.DoubtOf(result!);
        // By our own rule; a script that was run before it said its spread is taken at its word.
        double? spread = (double?)theirs?["deviceSeconds"]?["relativeSpread"];
        string? theirDoubt = ourSeconds is not null && spread > Verdict.MostSpread
            ? $"PyTorch: half of the samples spread over {Percent(spread.Value)} of the median"
            : null;
        return new SpeedTarget(
            what,
            mayBeEqual ? "no slower than PyTorch eager" : "faster than PyTorch eager",
            (ourSeconds, theirSeconds) switch
            {
                ({ } a, { } b) => $"{Milliseconds(a)}, PyTorch {Milliseconds(b)} ({(a / b).ToString("0.00", CultureInfo.InvariantCulture)} of it)",
                ({ } a, null) => $"{Milliseconds(a)}, PyTorch not measured",
                _ => null,
            },
            ourSeconds is null || theirSeconds is null ? null : mayBeEqual ? ourSeconds <= theirSeconds : ourSeconds < theirSeconds,
            (ourDoubt, theirDoubt) is (not null, not null) ? $"{ourDoubt}; {theirDoubt}" : ourDoubt ?? theirDoubt);
    }

    /// <summary>Bytes are exact whatever the spread of the times is.</summary>
    private SpeedTarget Allocation(string model)
    {
        long? bytes = (long?)new BenchFigures(read("bench-models")).Named($"{model} batch ")?["warm"]?["managedBytes"];
        return new SpeedTarget(
            $"{model}, managed memory allocated by a steady pass", "0 bytes", bytes is { } known ? $"{known.ToString(CultureInfo.InvariantCulture)} bytes" : null,
            bytes is null ? null : bytes == 0);
    }

    /// <summary>A kernel's benchmark is named after its case and, where there are several, its version.</summary>
    private static string WithoutVersion(string name) => Version().Replace(name, "");

    [GeneratedRegex(" v[0-9]+$")]
    private static partial Regex Version();

    private static string Percent(double share) => $"{(share * 100).ToString("0.0", CultureInfo.InvariantCulture)} %";

    private static string Milliseconds(double seconds) => $"{(seconds * 1e3).ToString("0.000", CultureInfo.InvariantCulture)} ms";
}
