using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Harness.Acceptance;

/// <summary>One speed that is wanted on a GPU.</summary>
/// <param name="Measured">null where nothing was measured</param>
/// <param name="IsMet">likewise</param>
internal sealed record SpeedTarget(string What, string Target, string? Measured, bool? IsMet);

/// <summary>
/// The speeds that are wanted, from what the benchmark steps and the side-by-side script wrote: softmax and the norms against the measured
/// bandwidth of a copy, whole passes against PyTorch eager at the same precision, no managed allocation in a steady pass.
/// </summary>
/// <param name="read">a step's JSON, null where the step did not run or wrote none</param>
internal sealed class SpeedTargets(Func<string, JsonNode?> read)
{
    private const double CopyShare = 0.9;

    /// <summary>Operands at least this large are far above any cache.</summary>
    private const long LargeBytes = 128L << 20;

    private static readonly ImmutableArray<string> s_families = ["softmax", "layernorm", "rmsnorm"];

    private static readonly ImmutableArray<string> s_models = ["vgg16", "bert-base", "t5-small"];

    public ImmutableArray<SpeedTarget> All() =>
    [
        .. s_families.SelectMany(CopyBandwidth),
        .. s_models.Select(model => AgainstTorch(model, "bench-models", "fp32", "eager", mayBeEqual: true)),
        .. s_models.Select(model => AgainstTorch(model, "bench-models-graph", "fp32", "with --graph", mayBeEqual: false)),
        .. s_models.Select(model => AgainstTorch(model, "bench-models-tf32", "tf32", "eager, TF32", mayBeEqual: true)),
        .. s_models.Select(Allocation),
    ];

    /// <summary>The best version of a family at each large shape.</summary>
    private IEnumerable<SpeedTarget> CopyBandwidth(string family)
    {
        (string Kernel, string Shape, double? Share)[] results =
        [
            .. Results("bench-kernels")
                .Where(result => ((string?)result["kernel"])?.StartsWith(family, StringComparison.Ordinal) == true)
                .Where(result => (long?)result["compulsoryReadBytes"] + (long?)result["compulsoryWrittenBytes"] >= LargeBytes)
                .Select(result => ((string)result["kernel"]!, (string?)result["shape"] ?? "", (double?)result["copyFraction"])),
        ];
        string target = $"at least {Percent(CopyShare)} of the measured copy bandwidth";
        if (results.Length == 0)
        {
            yield return new SpeedTarget($"{family}, large shapes", target, null, null);
        }

        foreach (IGrouping<string, (string Kernel, string Shape, double? Share)> shape in results.GroupBy(result => result.Shape))
        {
            (string kernel, _, double? share) = shape.MaxBy(result => result.Share ?? 0);
            yield return new SpeedTarget(
                $"{family} {shape.Key}", target, share is { } known ? $"{Percent(known)} ({kernel})" : null, share is { } value ? value >= CopyShare : null);
        }
    }

    private SpeedTarget AgainstTorch(string model, string bench, string precision, string how, bool mayBeEqual)
    {
        double? ours = (double?)Pass(bench, model)?["warm"]?["medianSeconds"];
        double? theirs = (double?)read($"torch-{model}")?["latency"]?[precision]?["eager"]?["deviceSeconds"]?["median"];
        return new SpeedTarget(
            $"{model}, a pass {how}",
            mayBeEqual ? "no slower than PyTorch eager" : "faster than PyTorch eager",
            (ours, theirs) switch
            {
                ({ } a, { } b) => $"{Milliseconds(a)}, PyTorch {Milliseconds(b)}",
                ({ } a, null) => $"{Milliseconds(a)}, PyTorch not measured",
                _ => null,
            },
            ours is null || theirs is null ? null : mayBeEqual ? ours <= theirs : ours < theirs);
    }

    private SpeedTarget Allocation(string model)
    {
        long? bytes = (long?)Pass("bench-models", model)?["warm"]?["managedBytes"];
        return new SpeedTarget(
            $"{model}, managed memory allocated by a steady pass", "0 bytes", bytes is { } known ? $"{known.ToString(CultureInfo.InvariantCulture)} bytes" : null,
            bytes is null ? null : bytes == 0);
    }

    private JsonNode? Pass(string step, string model) =>
        Results(step).FirstOrDefault(result => ((string?)result["name"])?.StartsWith(model, StringComparison.Ordinal) == true);

    private IEnumerable<JsonNode> Results(string step) =>
        (read(step)?["groups"]?.AsArray() ?? []).SelectMany(group => group!["results"]!.AsArray()).Select(result => result!);

    private static string Percent(double share) => $"{(share * 100).ToString("0.0", CultureInfo.InvariantCulture)} %";

    private static string Milliseconds(double seconds) => $"{(seconds * 1e3).ToString("0.000", CultureInfo.InvariantCulture)} ms";
}
