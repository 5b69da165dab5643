using System.Text.Json.Nodes;
using Harness.Models.Analytic;
using Harness.Models.Analytic.Training;

namespace Harness.Audit;

/// <summary>The published convention in <c>harness.audit/1</c>; null where there is none.</summary>
internal static class PublishedJson
{
    public static JsonObject? Of(PublishedComparison? comparison) => comparison is null ? null : new()
    {
        ["convention"] = "Korthikanti et al. 2022",
        ["kept"] = Bridge(comparison.Formulas.Kept),
        ["buffers"] = Bridge(comparison.Formulas.Buffers),
        ["layers"] = new JsonArray([.. comparison.Observed.Select(layer => new JsonObject
        {
            ["name"] = layer.Name,
            ["kept"] = layer.KeptBytes,
            ["buffers"] = layer.AllBytes,
        })]),
    };

    private static JsonObject Bridge(KorthikantiConvention convention)
    {
        JsonObject published = Formula(convention.Published);
        published["notation"] = convention.Notation;
        return new()
        {
            ["published"] = published,
            ["bridge"] = new JsonArray([.. convention.Bridge.Select(Term)]),
            ["ours"] = Formula(convention.Ours),
        };
    }

    private static JsonObject Term(BridgeTerm term)
    {
        JsonObject json = Formula(term.Formula);
        json.Insert(0, "name", term.Name);
        json["why"] = term.Why;
        return json;
    }

    private static JsonObject Formula(Formula formula) => new()
    {
        ["formula"] = formula.ToString(),
        ["numbers"] = formula.WithNumbers(),
        ["bytes"] = formula.Value,
    };
}
