using System.Collections.Immutable;

namespace Harness.Acceptance;

/// <summary>Which program a step runs.</summary>
internal enum StepProgram
{
    Harness,
    KernelsTests,
    ModelsTests,
    HarnessTests,
    Python,
}

/// <summary>One program run by the acceptance, in a process of its own: a crash, a sticky CUDA error or a hang ends the step and nothing else.</summary>
/// <param name="Name">also the name of its log and, with <c>.json</c>, of what it writes</param>
/// <param name="Group">several steps that belong together; <c>--only</c> takes either name</param>
/// <param name="Limit">after which it is ended</param>
/// <param name="WhyNot">why it cannot run here, null where it can</param>
/// <param name="Expected">how it must fail; null: it must not</param>
/// <param name="OnRequest">only where <c>--only</c> names it</param>
internal sealed record AcceptanceStep(
    string Name, string Group, StepProgram Program, ImmutableArray<string> Arguments, TimeSpan Limit, string? WhyNot = null,
    ExpectedFailure? Expected = null, bool OnRequest = false);

/// <summary>The exit code, and words of the one line on standard error.</summary>
internal sealed record ExpectedFailure(int ExitCode, ImmutableArray<string> Words)
{
    /// <param name="exitCode">null where the program was ended</param>
    /// <param name="error">lines of standard error</param>
    public bool IsMet(int? exitCode, IReadOnlyList<string> error) => exitCode == ExitCode
        && error.Count == 1 && Words.All(word => error[0].Contains(word, StringComparison.Ordinal));

    public override string ToString() => $"exit {ExitCode} and one line with '{string.Join("', '", Words)}'";
}

/// <summary>How a step ended, or what is known of one whose end was never recorded.</summary>
internal enum StepOutcome
{
    Passed,
    Failed,
    TimedOut,
    Skipped,

    /// <summary>It runs, or the acceptance was ended while it did.</summary>
    Started,

    /// <summary>It was chosen, and its turn has not come, or the acceptance was ended before.</summary>
    NotReached,
}

/// <param name="Command">as one could type it</param>
/// <param name="ExitCode">null where it did not run to its end</param>
/// <param name="Line">the line of its output that says how it went, or why there is none</param>
internal sealed record StepResult(string Name, string Group, string Command, StepOutcome Outcome, int? ExitCode, double Seconds, string Line);
