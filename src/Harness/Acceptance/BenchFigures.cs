using System.Text.Json.Nodes;

namespace Harness.Acceptance;

/// <summary>What a step of <c>harness bench</c> wrote (<c>harness.bench/1</c>), with the doubts that it has of its own figures.</summary>
/// <param name="bench">null where the step did not run or wrote none</param>
internal sealed class BenchFigures(JsonNode? bench)
{
    public IEnumerable<JsonNode> Results =>
        (bench?["groups"]?.AsArray() ?? []).SelectMany(group => group!["results"]!.AsArray()).Select(result => result!);

    /// <param name="name">of a result, or what its name begins with</param>
    public JsonNode? Named(string name) =>
        Results.FirstOrDefault(result => ((string?)result["name"])?.StartsWith(name, StringComparison.Ordinal) == true);

    /// <summary>Why a result, or the run that it is of, is not valid by the rules of docs/benchmarking.md; null where both are.</summary>
    public string? DoubtOf(JsonNode result) =>
        Invalidating(result) ?? Invalidating(bench) ?? ((bool?)result["valid"] == false ? "its step says so" : null);

    private static string? Invalidating(JsonNode? of) =>
        (string?)of?["findings"]?.AsArray().FirstOrDefault(finding => (bool?)finding!["invalidates"] == true)?["finding"];
}
