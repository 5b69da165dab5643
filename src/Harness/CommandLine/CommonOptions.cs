using System.CommandLine;
using Harness.Audit;

namespace Harness.CommandLine;

/// <summary>Options that several verbs have; each verb gets its own instances.</summary>
internal static class CommonOptions
{
    private const long DefaultSeed = 42;

    public static Option<string?> Json() => Values.Text(
        "--json", "write the result as JSON; - is standard output, and then nothing else is printed there", "FILE");

    public static Option<string> Placement() => Values.OneOf(
        "--placement", "planned: offsets chosen beforehand from the lifetimes; online: allocate and free as the pass runs; bump: nothing is reused",
        PlacementLabels.All);

    public static Option<long?> Seed(string description = "weights and inputs are drawn from it") =>
        Values.WholeNumber("--seed", $"{description} (default {DefaultSeed})", 0);

    /// <summary>Where NVIDIA's libraries are looked for first.</summary>
    public static Option<string?> Libraries() => Values.Text(
        "--libraries",
        $"look for NVIDIA's libraries in this folder first (several: separated by '{Path.PathSeparator}'), else in HARNESS_LIBRARY_PATH", "DIR");

    public static long SeedOf(ParseResult parsed, Option<long?> option) => parsed.GetValue(option) ?? DefaultSeed;
}
