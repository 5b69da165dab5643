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

    public static Option<long?> Seed() => Values.WholeNumber("--seed", $"weights and inputs are drawn from it (default {DefaultSeed})", 0);

    public static long SeedOf(ParseResult parsed, Option<long?> option) => parsed.GetValue(option) ?? DefaultSeed;
}
