using System.Text.Json.Nodes;
using Harness.Passes;

namespace Harness.Audit;

/// <summary><c>harness.audit/1</c> of a step: its last pass, and beside it what was chosen and all passes.</summary>
internal static class StepAuditJson
{
    public static JsonObject Of(StepAudit step)
    {
        JsonObject json = AuditJson.Of(step.Last);
        if (step.Last.Configuration.Training is not null)
        {
            json["passes"] = new JsonArray([.. step.Passes.Select(Pass)]);
            json["microBatches"] = TrainingChoices.MicroBatchJson(
                TrainingChoices.MicroBatches(step.Last.Configuration, step.Last.Device.ConvolutionWorkspaceBytes));
            json["recomputation"] = TrainingChoices.Recomputation(step.Last.Configuration)?.ToJson();
            json["mismatches"] = step.Passes.Sum(pass => pass.Audit.Mismatches.Length);
        }

        return json;
    }

    private static JsonObject Pass(RepeatedAudit pass) => new()
    {
        ["continuesGradients"] = pass.Audit.Configuration.Training!.ContinuesGradients,
        ["updates"] = pass.Audit.Configuration.Training.Updates,
        ["times"] = pass.Times,
        ["steps"] = pass.Audit.Steps.Length,
        ["peakLive"] = new JsonObject { ["analytic"] = pass.Audit.Peak.Bytes.Analytic, ["observed"] = pass.Audit.Peak.Bytes.Observed },
        ["capacity"] = pass.Audit.Arena.CapacityBytes,
        ["differences"] = new JsonArray([.. pass.Audit.Mismatches.Select(AuditJson.Difference)]),
    };
}
