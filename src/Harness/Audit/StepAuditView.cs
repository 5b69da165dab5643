using System.Collections.Immutable;
using Harness.Passes;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Audit;

/// <summary>A step as a person reads it: where it has several passes a row for each, then the last pass in full.</summary>
internal static class StepAuditView
{
    public static void Write(StepAudit step, IAnsiConsole console, bool allBuffers, bool allSteps)
    {
        if (step.Passes.Length > 1)
        {
            PassTable(step).WriteTo(console);
            foreach (RepeatedAudit pass in step.Passes[..^1])
            {
                foreach (Mismatch mismatch in pass.Audit.Mismatches)
                {
                    console.WriteLine($"mismatch in {pass.Audit.Configuration.PassWords}: {mismatch}");
                }
            }
        }

        Configuration configuration = step.Last.Configuration;
        if (TrainingChoices.MicroBatches(configuration, step.Last.Device.ConvolutionWorkspaceBytes) is { IsEmpty: false } choices)
        {
            TrainingChoices.MicroBatchTable(configuration, choices).WriteTo(console);
        }

        if (TrainingChoices.Recomputation(configuration) is { } recomputing)
        {
            console.WriteLine(recomputing.Words);
            console.WriteLine();
        }

        AuditView.Write(step.Last, console, allBuffers, allSteps);
    }

    private static ReportTable PassTable(StepAudit step) => new(
        "The passes of the step",
        ["pass", "times", "steps", "peak live, analytic (bytes)", "peak live, observed", "arena", "mismatches"],
        [
            .. step.Passes.Select(pass => ImmutableArray.Create(
                pass.Audit.Configuration.PassWords, Quantities.Count(pass.Times), Quantities.Count(pass.Audit.Steps.Length),
                Quantities.Bytes(pass.Audit.Peak.Bytes.Analytic), Quantities.Bytes(pass.Audit.Peak.Bytes.Observed),
                Quantities.Bytes(pass.Audit.Arena.CapacityBytes), Quantities.Count(pass.Audit.Mismatches.Length))),
        ],
        "Parameters, gradients and optimizer state are held from pass to pass; each pass has the arena to itself. What follows is the last pass.");
}
