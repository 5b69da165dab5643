using System.Collections.Immutable;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Fitting;

/// <summary>The answer as a person reads it.</summary>
internal static class FitView
{
    public static void Write(FitAnswer answer, IAnsiConsole console)
    {
        (FitSearch search, Need need) = (answer.Search, answer.Proof.Largest);
        console.WriteLine($"{need.Configuration}: f32 {need.Configuration.PassWords}, placement planned");
        console.WriteLine();
        console.WriteLine(
            $"largest {search.Over.Noun} in {Quantities.Bytes(answer.MemoryBytes)} bytes: {Quantities.Count(answer.Largest)}{Limit(answer)}");
        console.WriteLine($"  by the formulas: {ByFormulas(answer)}");
        PeakMoment peak = need.Account.Peak.Winner;
        console.WriteLine($"  the peak: {peak.Name}, {peak.Formula} = {peak.Formula.WithNumbers()} = {Quantities.Bytes(peak.Bytes)}");
        console.WriteLine(
            $"  it fits: its pass, rehearsed in an arena of the {Quantities.Bytes(answer.Proof.ArenaBytes)} bytes that the {Need.PersistentWords(need.Configuration)} leave, "
            + $"took {Quantities.Bytes(answer.Proof.HighWaterBytes)} of them");
        console.WriteLine($"  the next: {Next(answer)}");
        if (Workspace(answer) is { } workspace)
        {
            console.WriteLine($"  convolutions: {workspace}");
        }

        console.WriteLine();
        Sizes(answer).WriteTo(console);
        Cards(answer).WriteTo(console);
    }

    private static string Limit(FitAnswer answer) => answer.IsModelsMaximum
        ? $", the most that {answer.Search.Configuration.Model.Name} takes: the model is the limit, not the memory"
        : "";

    private static string ByFormulas(FitAnswer answer) => answer.LargestByFormulas == answer.Largest
        ? "the same"
        : $"{Quantities.Count(answer.LargestByFormulas)}; alignment, which is in no formula, pushes it out";

    private static string Next(FitAnswer answer)
    {
        FitProof proof = answer.Proof;
        string size = $"{answer.Search.Over.Noun} {Quantities.Count(answer.Largest + 1)}";
        if (proof is not { Next: { } next, Refusal: { } refusal })
        {
            return answer.IsModelsMaximum ? "there is none" : $"{size} has more bytes than 64 bits can count";
        }

        string why = proof.NoPlacementFitsNext
            ? $"{Quantities.Bytes(next.Plan.LowerBoundBytes)} bytes live at one step, so no placement can"
            : $"its plan needs {Quantities.Bytes(next.Plan.CapacityBytes)} bytes; another placement might do with less";
        return $"{size} is refused, {why}; the arena says: {refusal.Message}";
    }

    private static string? Workspace(FitAnswer answer) => !HasConvolutionWorkspace(answer.Proof.Largest.Program)
        ? null
        : answer.Search.WorkspaceBytes is { } bytes
            ? $"each with {Quantities.Bytes(bytes)} bytes of workspace"
            : "with the workspace that the software GPU's take; --workspace 32 is what those on a GPU are given";

    /// <summary>The backward steps of norms have a workspace, too, which no option sets.</summary>
    private static bool HasConvolutionWorkspace(StepProgram program) =>
        program.Steps.Any(step => step is ConvolutionStep) && program.Of(TensorCategory.Workspace).Any();

    private static ReportTable Sizes(FitAnswer answer)
    {
        (Need largest, Need? next) = (answer.Proof.Largest, answer.Proof.Next);
        string noun = answer.Search.Over.Noun;
        bool trains = largest.Configuration.Training is not null;
        string both = trains ? "all" : "both";
        ImmutableArray<string> Row(string what, Func<Need, long> bytes) =>
            [what, Quantities.Bytes(bytes(largest)), Quantities.Bytes(next is null ? null : bytes(next))];
        return new ReportTable(
            "What the largest and the next need (bytes)",
            ["what", $"{noun} {Quantities.Count(answer.Largest)}", $"{noun} {Quantities.Count(answer.Largest + 1)}"],
            [
                Row("parameters, by their formulas", need => need.Account.Bytes(AnalyticCategory.Parameters)),
                .. trains
                    ? new[]
                    {
                        Row("gradients, by their formulas", need => need.Account.Bytes(AnalyticCategory.Gradients)),
                        Row("optimizer state, by its formulas", need => need.Account.Bytes(AnalyticCategory.OptimizerState)),
                    }
                    : [],
                Row("live at the peak, by the formula", need => need.Account.Peak.Bytes),
                Row($"{both}, by the formulas", need => need.FormulaBytes),
                Row(trains ? "held beside the arena, reserved" : "parameters, reserved", need => need.PersistentBytes),
                Row("most reserved bytes live at one step", need => need.Plan.LowerBoundBytes),
                Row("arena, planned", need => need.Plan.CapacityBytes),
                Row($"{both}, reserved", need => need.Bytes),
                Row("given", _ => answer.MemoryBytes),
                Row("left (below 0: missing)", need => answer.MemoryBytes - need.Bytes),
            ],
            "Reserved is what was asked for, each tensor rounded up to 256 bytes; what is reserved must fit. "
            + "What a real card keeps for its driver and libraries is not in it: below.");
    }

    private static ReportTable Cards(FitAnswer answer)
    {
        MeasuredCard measured = MeasuredCard.H100;
        string noun = answer.Search.Over.Noun;
        bool trains = answer.Search.Configuration.Training is not null;
        return new ReportTable(
            "On cards",
            ["card", "outside", "outside (bytes)", $"largest {noun}", trains ? "held and arena (bytes)" : "parameters and arena (bytes)", "largest if outside as measured"],
            [
                .. answer.Cards.Select(card => ImmutableArray.Create(
                    card.Name, card.IsMeasured ? "measured" : "not measured", Quantities.Bytes(card.OutsideBytes), Size(answer, card.Largest),
                    Quantities.Bytes(card.BytesAtLargest), Size(answer, card.LargestAsMeasured))),
            ],
            "Outside is what context and libraries take: 0 where nobody has measured it. "
            + $"Measured was the {measured.Device} ({Quantities.Bytes(measured.MemoryBytes)} bytes; {measured.Source}), with this program: "
            + string.Join("; ", measured.Stages.Select(stage => $"{stage.Name} {Quantities.Bytes(stage.Bytes)}"))
            + $". Its driver gave memory in steps of {Quantities.Bytes(measured.GranularityBytes)}. "
            + (trains ? "It was measured in inference. " : "")
            + "The last column is what would fit if all cards kept as much."
            + (answer.Cards.Any(card => card.Largest == answer.Search.Maximum)
                ? $" {Quantities.Count(answer.Search.Maximum)} is the most that {answer.Search.Configuration.Model.Name} takes."
                : ""),
            TextColumns: 2);
    }

    private static string Size(FitAnswer answer, long size) => size < FitSearch.Minimum ? "none" : Quantities.Count(size);
}
