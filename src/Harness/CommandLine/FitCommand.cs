using System.CommandLine;
using Harness.Fitting;
using Harness.Kernels;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary><c>harness fit MODEL --vram SIZE</c>: the largest batch or sequence that fits; no device is opened.</summary>
internal static class FitCommand
{
    public static Command Create(CommandHost host)
    {
        var models = new ModelOptions();
        var training = new TrainingOptions();
        Option<long?> memory = ByteSize.Option("--vram", "what parameters and arena, and in training gradients and optimizer state, may take together");
        Option<string> over = Values.OneOf("--over", "what is made as large as it can be, the other sizes held", Dimension.Words);
        Option<long?> workspace = Values.WholeNumber(
            "--workspace", "MiB of workspace of every convolution, 0 for none (default: what the software GPU takes)", 0,
            DeviceChoice.MostWorkspaceMiB);
        Option<string?> jsonTarget = CommonOptions.Json();
        var command = new Command(
            "fit", "Finds the largest batch or sequence that fits a memory: solved from the formulas, proven with the plan.");
        models.AddTo(command);
        training.AddTo(command);
        foreach (Option option in (Option[])[memory, over, workspace, jsonTarget])
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            var dimension = Dimension.Of(parsed.GetValue(over)!);
            Configuration configuration = training.ReadOnlyPass(
                parsed, models.ReadAllBut(dimension, parsed), "fixes what fit solves: the size of a step's only pass");
            long memoryBytes = parsed.GetValue(memory)
                ?? throw new CallerException("'fit' needs --vram SIZE: bytes, or a number with KiB, MiB or GiB, such as 6GiB");
            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            var answer = FitAnswer.Of(configuration, dimension, memoryBytes, parsed.GetValue(workspace) << DeviceChoice.BytesPerMiBShift);
            if (!json.OwnsStandardOutput)
            {
                FitView.Write(answer, host.OutConsole());
            }

            json.Write(() => FitJson.Of(answer));
            return HarnessProgram.ExitDone;
        });
        return command;
    }
}
