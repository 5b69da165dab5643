using System.Diagnostics;
using System.Text.Json.Nodes;
using Harness.Acceptance;
using Harness.Kernels;
using Harness.Kernels.Native;
using Harness.Tests.Shared.NativeDouble;

namespace Harness.Tests.Acceptance;

/// <summary>The acceptance without a GPU: its steps rehearsed on the software GPU.</summary>
public sealed class AcceptanceTests
{
    /// <summary>Where it is missing, as on most Windows machines, the test is skipped and says so.</summary>
    private const string Bash = "/bin/bash";

    [Fact]
    public async Task The_script_rehearses_in_pieces_into_one_folder()
    {
        Assert.SkipUnless(File.Exists(Bash), $"needs {Bash}");
        using var folder = new TemporaryFolder();
        string target = folder.At("results");
        (int exitCode, string output) = await Script("--out", target, "--only", "kernels-list,audit-bert-base-graph");
        Assert.True(exitCode == 0, output);
        (exitCode, output) = await Script("--out", target, "--only", "audit-t5-small");
        Assert.True(exitCode == 0, output);

        JsonNode record = JsonNode.Parse(File.ReadAllText(Path.Combine(target, "acceptance.json")))!;
        Assert.Equal(
            ["kernels-list passed", "audit-t5-small passed", "audit-bert-base-graph skipped"],
            record["steps"]!.AsArray().Where(step => (string)step!["name"]! != "doctor").OrderBy(step => (string)step!["outcome"]!)
                .Select(step => $"{step!["name"]} {step["outcome"]}"));
        Assert.Equal(0, (int)JsonNode.Parse(File.ReadAllText(Path.Combine(target, "audit-t5-small.json")))!["mismatches"]!);
        string summary = File.ReadAllText(Path.Combine(target, "summary.md"));
        Assert.Contains("| audit-t5-small | passed | 0 |", summary, StringComparison.Ordinal);
        Assert.Contains("| audit-bert-base-graph | skipped | - |", summary, StringComparison.Ordinal);
        Assert.Contains("rehearsal", summary, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_step_is_refused_before_anything_runs() =>
        Cli.Run("acceptance", "--device", "sim", "--only", "benhc").IsOneLineError(2, "benhc", "bench");

    [Fact]
    public void Every_step_has_a_name_of_its_own_and_a_limit()
    {
        foreach (string device in new[] { "cuda", "sim" })
        {
            AcceptanceStep[] steps = [.. new AcceptancePlan(device, "folder", "tensors", "python", "script").Steps];
            Assert.Equal(steps.Length, steps.DistinctBy(step => step.Name).Count());
            Assert.Equal(AcceptancePlan.Doctor, steps[0].Name);
            Assert.All(steps, step => Assert.InRange(step.Limit.TotalSeconds, 1, 300));
        }
    }

    [Fact]
    public void A_star_names_all_steps_that_begin_so_and_a_group_its_own()
    {
        var plan = new AcceptancePlan("cuda", "folder", "tensors", "python", "scripts");
        Assert.Equal(
            [
                "doctor", "torch-vgg16-training-run", "torch-vgg16-training-audit-sgd-0.5", "torch-vgg16-training-audit-sgd-0",
                "torch-vgg16-training-audit-adam-0.5", "torch-vgg16-training-audit-adam-0", "torch-vgg16-training",
            ],
            plan.Chosen("torch-vgg16-training*").Select(step => step.Name));
        Assert.Contains(plan.Chosen("torch"), step => step.Name == "torch-t5-small-training");
        Assert.Throws<CallerException>(() => plan.Chosen("torch-vgg19*"));
    }

    /// <summary>A wrong option would be seen on hardware first. Where there is no driver, a right command line gets as far as that.</summary>
    [Fact]
    public void Every_command_line_for_a_gpu_is_one()
    {
        using var folder = new TemporaryFolder();
        Misfortunes.WriteKernels(folder.Path);
        var plan = new AcceptancePlan("cuda", folder.Path, folder.Path, "python", "scripts");
        // But for those that miss the weights of a step before them first, and those that must fail.
        AcceptanceStep[] steps =
        [
            .. plan.Steps.Where(step => step.Program == StepProgram.Harness && step.Arguments.Contains("cuda"))
                .Where(step => !step.Arguments.Contains("--weights") && step.Group != Misfortunes.Group),
        ];
        Assert.True(steps.Length > 40, $"{steps.Length} steps");
        foreach (AcceptanceStep step in steps)
        {
            CliResult result = Cli.Run([.. step.Arguments]);
            Assert.True(result.ExitCode == 3 && result.Error.Contains("no driver in tests", StringComparison.Ordinal), $"{step.Name}: {result.Error}");
        }
    }

    /// <summary>Device time is short: what needs no GPU is run there on request alone.</summary>
    [Fact]
    public void The_tests_on_a_gpu_come_first_and_alone_and_all_of_them_on_request()
    {
        var plan = new AcceptancePlan("cuda", "folder", "tensors", "python", "scripts");
        AcceptanceStep[] steps = [.. plan.Chosen(null)];
        Assert.Equal(["doctor", "tests-kernels", "tests-models", "tests-harness"], steps[..4].Select(step => step.Name));
        Assert.All(steps[1..4], step => Assert.Equal(["-trait", "category=gpu"], step.Arguments[..2]));
        Assert.All(steps[1..4], step => Assert.Contains("-failSkips", step.Arguments));
        Assert.DoesNotContain(steps, step => step.Group == "tests-all");
        AcceptanceStep[] all = [.. plan.Chosen("tests-all")];
        Assert.Equal(["doctor", "tests-all-kernels", "tests-all-models", "tests-all-harness"], all.Select(step => step.Name));
        Assert.All(all[1..], step => Assert.DoesNotContain("-trait", step.Arguments));
    }

    /// <summary>Each misfortune on a double of the GPU: what the steps expect of hardware is what the program says.</summary>
    [Fact]
    public void Misfortunes_end_as_their_steps_expect()
    {
        using var folder = new TemporaryFolder();
        Misfortunes.WriteKernels(folder.Path);
        AcceptanceStep[] steps = [.. Misfortunes.Steps(folder.Path, whyNot: null)];
        Assert.Equal(steps.Length, steps.Select(step => step.Name).Distinct().Count());
        foreach (AcceptanceStep step in steps)
        {
            using var gpu = new FakeGpu();
            // As on hardware, a named folder is looked at before anything is opened.
            CliResult result = Cli.Run(
                named => named is null ? new NativeSetup(gpu.Api, []) : NativeLibraries.Find(named), [.. step.Arguments]);
            string[] error = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.True(step.Expected!.IsMet(result.ExitCode, error), $"{step.Name}: exit {result.ExitCode}: {result.Error}");
            Assert.False(step.Expected.IsMet(0, error));
            Assert.False(step.Expected.IsMet(result.ExitCode, [.. error, "another line"]));
            Assert.False(step.Expected.IsMet(result.ExitCode, ["harness: something else"]));
            Assert.Empty(gpu.Misuses);
        }
    }

    /// <summary>A step that must fail and does not, or otherwise, is a failure and says what was expected.</summary>
    [Fact]
    public void A_step_that_must_fail_passes_only_where_it_does()
    {
        using var folder = new TemporaryFolder();
        var runner = new StepRunner(folder.Path, null, new Dictionary<string, string>(), TimeProvider.System);
        AcceptanceStep Step(string word, params string[] arguments) => new(
            "step", "group", StepProgram.Harness, [.. arguments], TimeSpan.FromMinutes(1), null, new ExpectedFailure(2, [word]));
        Assert.Equal(StepOutcome.Passed, runner.Run(Step("no-such-model", "audit", "no-such-model")).Outcome);
        StepResult other = runner.Run(Step("something else", "audit", "no-such-model"));
        Assert.Equal(StepOutcome.Failed, other.Outcome);
        Assert.Contains("expected: exit 2 and one line with 'something else'", other.Line, StringComparison.Ordinal);
        Assert.Equal(StepOutcome.Failed, runner.Run(Step("", "kernels", "list")).Outcome);
    }

    [Fact]
    public void The_harmless_kernel_of_the_misfortunes_runs_where_nothing_is_wrong()
    {
        using var folder = new TemporaryFolder();
        Misfortunes.WriteKernels(folder.Path);
        Assert.Equal(0, Cli.Run([.. Misfortunes.Harmless(folder.Path, "sim")]).ExitCode);
        using var gpu = new FakeGpu();
        Assert.Equal(0, Cli.Run(gpu.Api, [.. Misfortunes.Harmless(folder.Path, "cuda")]).ExitCode);
        Assert.Equal<byte>([1, 0, 0, 0], File.ReadAllBytes(folder.At("stored.bin")));
    }

    private static async Task<(int ExitCode, string Output)> Script(params string[] arguments)
    {
        var start = new ProcessStartInfo(Bash)
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "gpu-acceptance.sh"), "--published", AppContext.BaseDirectory, "--device", "sim" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process script = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        Task<string> output = script.StandardOutput.ReadToEndAsync(patience.Token), error = script.StandardError.ReadToEndAsync(patience.Token);
        await script.WaitForExitAsync(patience.Token);
        return (script.ExitCode, await output + await error);
    }
}
