using System.Collections.Immutable;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Audit;

/// <summary>The published convention as a person reads it: from its figure term by term to ours, and what the ledger shows.</summary>
internal static class PublishedView
{
    public static void Write(PublishedComparison comparison, IAnsiConsole console)
    {
        Table(comparison).WriteTo(console);
        foreach (BridgeTerm term in comparison.Formulas.Buffers.Bridge)
        {
            console.WriteLine($"{term.Name}: {term.Why}.");
        }

        console.WriteLine();
    }

    private static ReportTable Table(PublishedComparison comparison)
    {
        (KorthikantiConvention kept, KorthikantiConvention all) = (comparison.Formulas.Kept, comparison.Formulas.Buffers);
        return new ReportTable(
            "A layer in the published convention (Korthikanti et al. 2022), and in ours",
            ["term", "formula", "analytic (bytes)", "observed (bytes)"],
            [
                Row("published", kept.Published),
                .. kept.Bridge.Select(Row),
                Row("= kept", kept.Ours, comparison.Observed.Select(layer => layer.KeptBytes)),
                .. all.Bridge.Skip(kept.Bridge.Length).Select(Row),
                Row("= all buffers", all.Ours, comparison.Observed.Select(layer => (long?)layer.AllBytes)),
            ],
            $"Published is {kept.Notation}, at half precision with masks of one byte, here {kept.Published.WithNumbers()}. Kept is what of a layer "
            + $"is there when the loss has been written, for the backward pass. Observed is the ledger's{Of(comparison.Formulas.Layers)}.",
            TextColumns: 2);
    }

    private static string Of(ImmutableArray<string> layers) => layers.Length switch
    {
        0 => ", which has none that is not the last of its stack",
        1 => $" of {layers[0]}",
        _ => $" of each of the {layers.Length} layers {layers[0]} to {layers[^1]}",
    };

    private static ImmutableArray<string> Row(BridgeTerm term) => Row(term.Name, term.Formula);

    private static ImmutableArray<string> Row(string name, Formula formula, IEnumerable<long?>? observed = null)
    {
        // Where layers differ there is no one number; mismatches say which.
        long?[] seen = [.. (observed ?? []).Distinct()];
        return
        [
            name, formula.ToString(), Quantities.Bytes(formula.Value),
            observed is null ? "" : Quantities.Bytes(seen.Length == 1 ? seen[0] : null),
        ];
    }
}
