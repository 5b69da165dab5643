using System.Text.Json.Nodes;
using Harness.Kernels.Execution;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Fitting;

/// <summary>The answer as <c>harness.fit/1</c>.</summary>
internal static class FitJson
{
    public static JsonObject Of(FitAnswer answer)
    {
        (FitSearch search, FitProof proof) = (answer.Search, answer.Proof);
        ModelSize size = proof.Largest.Configuration.Size;
        var json = new JsonObject
        {
            ["schema"] = "harness.fit/1",
            ["model"] = search.Configuration.Model.Name,
            ["batch"] = size.Batch,
            ["seq"] = size.Sequence,
            ["decoderSeq"] = size.DecoderSequence,
            ["dtype"] = "f32",
            ["pass"] = TrainingLabels.Inference,
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
        TrainingJson.AddTo(json, proof.Largest.Configuration);
        return json;
    }

    private static JsonObject Need(Need need)
    {
        var json = new JsonObject { ["parameters"] = Held(need, TensorCategory.Parameter, AnalyticCategory.Parameters) };
        if (need.Configuration.Training is not null)
        {
            json["gradients"] = Held(need, TensorCategory.Gradient, AnalyticCategory.Gradients);
            json["optimizerState"] = Held(need, TensorCategory.OptimizerState, AnalyticCategory.OptimizerState);
        }

        json["peak"] = new JsonObject
        {
            ["moment"] = need.Account.Peak.Winner.Name,
            ["formula"] = need.Account.Peak.Winner.Formula.ToString(),
            ["numbers"] = need.Account.Peak.Winner.Formula.WithNumbers(),
            ["analytic"] = need.Account.Peak.Bytes,
        };
        json["arena"] = new JsonObject { ["capacity"] = need.Plan.CapacityBytes, ["lowerBound"] = need.Plan.LowerBoundBytes };
        json["analytic"] = need.FormulaBytes;
        json["reserved"] = need.Bytes;
        return json;
    }

    /// <summary>Of one category of what lies beside the arena.</summary>
    private static JsonObject Held(Need need, TensorCategory observed, AnalyticCategory analytic) => new()
    {
        ["analytic"] = need.Account.Bytes(analytic),
        ["reserved"] = ParameterRegion.CapacityFor(need.Program.Of(observed)),
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
