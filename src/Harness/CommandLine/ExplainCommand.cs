using System.CommandLine;
using System.Text.Json.Nodes;
using Harness.Audit;
using Harness.Explain;
using Harness.Kernels;
using Harness.Kernels.Memory;
using Harness.Passes;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.CommandLine;

/// <summary><c>harness explain MODEL</c>: whose byte a byte is, why it is there, and what makes the peak.</summary>
internal static class ExplainCommand
{
    public static Command Create(CommandHost host)
    {
        var models = new ModelOptions();
        var training = new TrainingOptions();
        Option<string?> tensor = Values.Text(
            "--tensor", "a tensor: its formula with the numbers put in, its place, who uses it and why it lives", "NAME");
        Option<string?> step = Values.Text("--step", "a step, by number from 0 or by name: what is live while it runs", "N");
        Option<long?> offset = Values.WholeNumber("--offset", "a byte of the arena at the step of --step: whose it is, was and will be", 0);
        var peak = new Option<bool>("--peak") { Description = "the step with most bytes live, its formula, and what would lower it" };
        Option<string> placement = CommonOptions.Placement();
        Option<long?> workspace = Values.WholeNumber(
            "--workspace", "MiB of workspace of every convolution, 0 for none (default: what the software GPU takes)", 0,
            DeviceChoice.MostWorkspaceMiB);
        Option<string?> jsonTarget = CommonOptions.Json();

        var command = new Command("explain", "Says whose byte a byte is, why a tensor lives as long as it does, and what makes the peak.");
        models.AddTo(command);
        training.AddTo(command);
        foreach (Option option in (Option[])[tensor, step, offset, peak, placement, workspace, jsonTarget])
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            (string? tensorName, string? stepWord) = (parsed.GetValue(tensor), parsed.GetValue(step));
            long? offsetBytes = parsed.GetValue(offset);
            Configuration configuration = training.Read(parsed, models.Read(parsed))[^1].Pass;
            RequireOneQuestion(tensorName is not null, stepWord is not null, offsetBytes is not null, parsed.GetValue(peak));
            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            Placement placed = PlacementLabels.Parse(parsed.GetValue(placement)!);
            ExplainedPass pass = ExplainedPass.Run(configuration, placed, parsed.GetValue(workspace) << DeviceChoice.BytesPerMiBShift);
            if (tensorName is not null)
            {
                var answer = TensorAnswer.Of(pass, pass.Buffer(tensorName));
                Show(console => ExplainView.Write(pass, answer, console), () => ExplainJson.Of(pass, answer));
            }
            else if (stepWord is null)
            {
                var answer = PeakAnswer.Of(pass);
                Show(console => ExplainView.Write(pass, answer, console), () => ExplainJson.Of(pass, answer));
            }
            else if (offsetBytes is { } bytes)
            {
                var answer = ByteAnswer.Of(pass, bytes, pass.Step(stepWord));
                Show(console => ExplainView.Write(pass, answer, console), () => ExplainJson.Of(pass, answer));
            }
            else
            {
                var answer = StepAnswer.Of(pass, pass.Step(stepWord));
                Show(console => ExplainView.Write(pass, answer, console), () => ExplainJson.Of(pass, answer));
            }

            return HarnessProgram.ExitDone;

            void Show(Action<IAnsiConsole> write, Func<JsonObject> answer)
            {
                if (!json.OwnsStandardOutput)
                {
                    write(host.OutConsole());
                }

                json.Write(answer);
            }
        });
        return command;
    }

    /// <exception cref="CallerException">no question, more than one, or half of one</exception>
    private static void RequireOneQuestion(bool tensor, bool step, bool offset, bool peak)
    {
        const string allowed = "ask one thing: --tensor NAME, --step N, --offset BYTES --step N, or --peak";
        if (offset && !step)
        {
            throw new CallerException($"--offset needs --step: a byte of the arena belongs to one tensor after another; {allowed}");
        }

        int questions = (tensor ? 1 : 0) + (step ? 1 : 0) + (peak ? 1 : 0);
        if (questions != 1)
        {
            throw new CallerException($"'explain' is asked {(questions == 0 ? "nothing" : $"{questions} things")}; {allowed}");
        }
    }
}
