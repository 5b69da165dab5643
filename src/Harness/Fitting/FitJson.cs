using System.Text.Json.Nodes;
using Harness.Models;

namespace Harness.Fitting;

/// <summary>The answer as <c>harness.fit/1</c>.</summary>
internal static class FitJson
{
    public static JsonObject Of(FitAnswer answer)
    {
        (FitSearch search, FitProof proof) = (answer.Search, answer.Proof);
        ModelSize size = proof.Largest.Configuration.Size;
        return new JsonObject
        {
            ["schema"] = "harness.fit/1",
            ["model"] = search.Configuration.Model.Name,
            ["batch"] = size.Batch,
            ["seq"] = size.Sequence,
            ["decoderSeq"] = size.DecoderSequence,
            ["dtype"] = "f32",
            ["pass"] = "inference",
            ["placement"] = "planned",
            ["convolutionWorkspace"] = search.WorkspaceBytes,
            ["over"] = search.Over.Word,
            ["vram"] = answer.MemoryBytes,
            ["largest"] = answer.Largest,
            ["bytesAtLargest"] = proof.Largest.Bytes,
            ["bytesAtNext"] = proof.Next?.Bytes,
            ["largestByFormulas"] = answer.LargestByFormulas,
            ["modelMaximum"] = search.Maximum,
            ["limitedBy"] = answer.IsModelsMaximum ? "model" : "vram",
            ["atLargest"] = Need(proof.Largest),
            ["atNext"] = proof.Next is null ? null : Need(proof.Next),
            ["proof"] = new JsonObject
            {
                ["arena"] = proof.ArenaBytes,
                ["highWater"] = proof.HighWaterBytes,
                ["refusal"] = proof.Refusal?.Message,
                ["noPlacementFitsNext"] = proof.Next is null ? null : proof.NoPlacementFitsNext,
            },
            ["cards"] = new JsonArray([.. answer.Cards.Select(Card)]),
            ["measured"] = Measured(MeasuredCard.H100),
        };
    }

    private static JsonObject Need(Need need) => new()
    {
        ["parameters"] = new JsonObject
        {
            ["analytic"] = Fitting.Need.FormulaPersistentBytes(need.Account),
            ["reserved"] = need.PersistentBytes,
        },
        ["peak"] = new JsonObject
        {
            ["moment"] = need.Account.Peak.Winner.Name,
            ["formula"] = need.Account.Peak.Winner.Formula.ToString(),
            ["numbers"] = need.Account.Peak.Winner.Formula.WithNumbers(),
            ["analytic"] = need.Account.Peak.Bytes,
        },
        ["arena"] = new JsonObject { ["capacity"] = need.Plan.CapacityBytes, ["lowerBound"] = need.Plan.LowerBoundBytes },
        ["analytic"] = need.FormulaBytes,
        ["reserved"] = need.Bytes,
    };

    private static JsonObject Card(Card card) => new()
    {
        ["card"] = card.Name,
        ["vram"] = card.MemoryBytes,
        ["outside"] = card.OutsideBytes,
        ["outsideMeasured"] = card.IsMeasured,
        ["largest"] = card.Largest,
        ["bytesAtLargest"] = card.BytesAtLargest,
        ["largestAsMeasured"] = card.LargestAsMeasured,
    };

    private static JsonObject Measured(MeasuredCard measured)
    {
        var stages = new JsonArray();
        foreach ((string name, long bytes) in measured.Stages)
        {
            stages.Add(new JsonObject { ["name"] = name, ["bytes"] = bytes });
        }

        return new JsonObject
        {
            ["device"] = measured.Device,
            ["source"] = measured.Source,
            ["vram"] = measured.MemoryBytes,
            ["outside"] = measured.OutsideBytes,
            ["stages"] = stages,
            ["granularity"] = measured.GranularityBytes,
        };
    }
}
