using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harness.Kernels;
using Harness.Reporting;

namespace Harness.Acceptance;

/// <summary>What all steps together showed. Steps may have run in several pieces into one folder.</summary>
/// <param name="Device"><c>cuda</c> or <c>sim</c></param>
/// <param name="Libraries">folders that were searched first for NVIDIA's libraries, null where none was named</param>
internal sealed record AcceptanceRecord(
    string Device, string DeviceName, string Date, string Machine, string? Libraries, ImmutableArray<StepResult> Steps, ImmutableArray<SpeedTarget> Speed)
{
    public const string FileName = "acceptance.json";
    public const string SummaryName = "summary.md";

    public int FailedCount => Count(StepOutcome.Failed) + Count(StepOutcome.TimedOut);

    public string Verdict
    {
        get
        {
            int started = Count(StepOutcome.Started), notReached = Count(StepOutcome.NotReached);
            return $"{Count(StepOutcome.Passed)} steps passed, {FailedCount} failed, {Count(StepOutcome.Skipped)} skipped"
                + (started + notReached > 0 ? $", {started} started without an end, {notReached} not reached" : "")
                + (Device == AcceptancePlan.Simulated ? "; a rehearsal on the software GPU, not a test of any hardware" : "");
        }
    }

    public JsonObject ToJson() => new()
    {
        ["schema"] = "harness.acceptance/1",
        ["device"] = new JsonObject { ["kind"] = Device, ["name"] = DeviceName },
        ["date"] = Date,
        ["machine"] = Machine,
        ["libraries"] = Libraries,
        ["steps"] = new JsonArray([.. Steps.Select(step => new JsonObject
        {
            ["name"] = step.Name,
            ["group"] = step.Group,
            ["command"] = step.Command,
            ["outcome"] = Word(step.Outcome),
            ["exitCode"] = step.ExitCode,
            ["seconds"] = step.Seconds,
            ["line"] = step.Line,
        })]),
        ["speed"] = new JsonArray([.. Speed.Select(target => new JsonObject
        {
            ["what"] = target.What,
            ["target"] = target.Target,
            ["measured"] = target.Measured,
            ["met"] = target.IsMet,
            ["doubt"] = target.Doubt,
        })]),
        ["failed"] = FailedCount,
    };

    public string ToMarkdown()
    {
        var steps = new ReportTable(
            "Steps", ["step", "outcome", "exit code", "seconds", "result"],
            [.. Steps.Select(step => ImmutableArray.Create(
                step.Name, Word(step.Outcome), step.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "-", Quantities.Number(step.Seconds, 1), step.Line))],
            "Each step that ended has a log of its own, and beside it the JSON that it wrote. STARTED: it runs, or was cut off with the acceptance.",
            TextColumns: 2);
        var speed = new ReportTable(
            "Speed", ["what", "target", "measured", "met"],
            [.. Speed.Select(target => ImmutableArray.Create(
                target.What, target.Target, target.MeasuredWords, target.MetWords))],
            "Passes and steps: median time between two events around one warm pass that is handed in by itself, on both sides. A figure that is not valid by "
            + "the rules of docs/benchmarking.md meets no target and misses none. A target that is missed fails no step.",
            TextColumns: 4);
        return $"""
            # Acceptance on {DeviceName}, {Date}

            {Machine}. NVIDIA's libraries were looked for first in: {Libraries ?? "no folder of the caller's"}.

            **{Verdict}.**

            {steps.ToMarkdown()}
            {speed.ToMarkdown()}
            """.ReplaceLineEndings("\n");
    }

    /// <summary>The steps of an earlier piece in this folder; none where there was none.</summary>
    /// <exception cref="CallerException">the file there is something else</exception>
    public static ImmutableArray<StepResult> ReadSteps(string folder)
    {
        string file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
        {
            return [];
        }

        try
        {
            return
            [
                .. JsonNode.Parse(File.ReadAllText(file))!["steps"]!.AsArray().Select(step => new StepResult(
                    (string)step!["name"]!, (string)step["group"]!, (string)step["command"]!, Outcome((string)step["outcome"]!), (int?)step["exitCode"],
                    (double)step["seconds"]!, (string)step["line"]!)),
            ];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException or ArgumentException)
        {
            throw new CallerException($"'{file}' is not what an acceptance wrote; choose another --out", exception);
        }
    }

    public static string Word(StepOutcome outcome) => outcome switch
    {
        StepOutcome.Passed => "passed",
        StepOutcome.Failed => "FAILED",
        StepOutcome.TimedOut => "TIMED OUT",
        StepOutcome.Started => "STARTED",
        StepOutcome.NotReached => "not reached",
        _ => "skipped",
    };

    private int Count(StepOutcome outcome) => Steps.Count(step => step.Outcome == outcome);

    private static StepOutcome Outcome(string word) => Enum.GetValues<StepOutcome>().First(outcome => Word(outcome) == word);
}
