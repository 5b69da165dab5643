using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Harness.Kernels;

namespace Harness.Acceptance;

/// <summary>Runs one step in a process of its own and keeps what it printed.</summary>
/// <param name="folder">gets a log of every step</param>
/// <param name="environment">set for every step</param>
internal sealed partial class StepRunner(string folder, string? python, IReadOnlyDictionary<string, string> environment, TimeProvider time)
{
    private const int MaxLineLength = 300;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>The script's code for a package that this Python lacks.</summary>
    private const int PythonPackageMissing = HarnessProgram.ExitMachineCannot;

    /// <summary>What is known of a step whose turn has not come.</summary>
    public StepResult NotReached(AcceptanceStep step) =>
        new(step.Name, step.Group, CommandOf(step), StepOutcome.NotReached, null, 0, "chosen; the acceptance ended before it, or has not come to it yet");

    /// <summary>What is known of a step while it runs. What an earlier run left goes: a step that is cut off must not show another's figures.</summary>
    public StepResult Begin(AcceptanceStep step)
    {
        foreach (string extension in (string[])["json", "log"])
        {
            File.Delete(Path.Combine(folder, $"{step.Name}.{extension}"));
        }

        string now = time.GetUtcNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        return new StepResult(
            step.Name, step.Group, CommandOf(step), StepOutcome.Started, null, 0,
            $"started at {now} UTC with {step.Limit.TotalSeconds:0} s; no end of it was recorded");
    }

    public StepResult Run(AcceptanceStep step)
    {
        string? program = ToolPlaces.Find(step.Program, python);
        string command = CommandOf(step);
        if ((step.WhyNot ?? (program is null ? "the program is not here: build the tests, or use a published folder" : null)) is { } whyNot)
        {
            return new StepResult(step.Name, step.Group, command, StepOutcome.Skipped, null, 0, whyNot);
        }

        var start = new ProcessStartInfo(program!)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (string argument in step.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        var output = new List<string>();
        var error = new List<string>();
        long begin = time.GetTimestamp();
        int? exitCode = Run(start, step.Limit, output, error);
        double seconds = time.GetElapsedTime(begin).TotalSeconds;
        AtomicFile.WriteText(Path.Combine(folder, $"{step.Name}.log"), string.Join('\n', [$"$ {command}", .. output, .. error, ""]));
        return new StepResult(step.Name, step.Group, command, OutcomeOf(step, exitCode, output, error), exitCode, seconds, LineOf(exitCode, output, error, step));
    }

    /// <returns>null where the step was ended at its limit, or could not be started</returns>
    private static int? Run(ProcessStartInfo start, TimeSpan limit, List<string> output, List<string> error)
    {
        using var process = new Process { StartInfo = start };
        var printed = new StreamLines();
        var complained = new StreamLines();
        process.OutputDataReceived += (_, line) => printed.Add(line.Data);
        process.ErrorDataReceived += (_, line) => complained.Add(line.Data);
        try
        {
            process.Start();
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            error.Add($"'{start.FileName}' cannot be started: {exception.Message}");
            return HarnessProgram.ExitCallersMistake;
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(s_patience);
            TakeLines();
            return null;
        }

        TakeLines();
        return process.ExitCode;

        void TakeLines()
        {
            output.AddRange(printed.Until(s_patience));
            error.AddRange(complained.Until(s_patience));
        }
    }

    /// <summary>What comes from one stream of a process, on threads of the runtime's.</summary>
    private sealed class StreamLines
    {
        private readonly List<string> _lines = [];
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <param name="line">null at the stream's end</param>
        public void Add(string? line)
        {
            if (line is null)
            {
                _ended.TrySetResult();
                return;
            }

            lock (_lines)
            {
                _lines.Add(line);
            }
        }

        /// <summary>All lines up to the stream's end, or those so far where what the process left running holds the stream open for longer.</summary>
        public string[] Until(TimeSpan patience)
        {
            _ended.Task.Wait(patience);
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    private string CommandOf(AcceptanceStep step) =>
        string.Join(' ', [Path.GetFileName(ToolPlaces.Find(step.Program, python)) ?? step.Program.ToString(), .. step.Arguments]);

    private static StepOutcome OutcomeOf(AcceptanceStep step, int? exitCode, List<string> output, List<string> error) => exitCode switch
    {
        null => StepOutcome.TimedOut,
        _ when step.Expected is { } expected => expected.IsMet(exitCode, error) ? StepOutcome.Passed : StepOutcome.Failed,
        PythonPackageMissing when step.Program == StepProgram.Python => StepOutcome.Skipped,
        // A filter that finds no test must not pass for tests that passed.
        0 when step.Program is not (StepProgram.Harness or StepProgram.Python) && !RanTests(LastOf(output)) => StepOutcome.Failed,
        0 => StepOutcome.Passed,
        _ => StepOutcome.Failed,
    };

    /// <summary>The last line of a test program: <c>NAME  Total: 12, Errors: 0, ...</c>, or only <c>Total: 0</c>.</summary>
    private static bool RanTests(string? summary) => summary is not null && RanSomeTests().IsMatch(summary);

    [GeneratedRegex(@"Total: [1-9]")]
    private static partial Regex RanSomeTests();

    private static string LineOf(int? exitCode, List<string> output, List<string> error, AcceptanceStep step)
    {
        string? line = exitCode == 0 ? LastOf(output) : LastOf(error) ?? LastOf(output);
        string words = exitCode is null ? $"ended after {step.Limit.TotalSeconds:0} s; {line}"
            : step.Expected is { } expected && !expected.IsMet(exitCode, error) ? $"{line ?? "printed nothing"} (expected: {expected})"
            : line ?? "printed nothing";
        return words.Length <= MaxLineLength ? words : words[..MaxLineLength];
    }

    private static string? LastOf(List<string> lines) => lines.LastOrDefault(line => !string.IsNullOrWhiteSpace(line))?.Trim();
}
