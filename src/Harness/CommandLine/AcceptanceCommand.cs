using System.CommandLine;
using Harness.Acceptance;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary><c>harness acceptance</c>: everything that an owner of a GPU wants to know, in one folder.</summary>
internal static class AcceptanceCommand
{
    public static Command Create(CommandHost host)
    {
        Option<string> device = Values.OneOf(
            "--device", "cuda; sim rehearses the same steps on the software GPU, at small sizes", AcceptancePlan.Cuda, AcceptancePlan.Simulated);
        Option<string?> folder = Values.Text("--out", "where everything goes (default results/DEVICE/DATE)", "DIR");
        Option<string?> only = Values.Text(
            "--only", "steps (NAME* for all that begin so) or groups of steps, separated by commas; others that ran before into the same folder stay in the summary", "STEP,STEP");
        Option<string?> python = Values.Text(
            "--python", "a Python with torch, torchvision and transformers: the same models in PyTorch side by side, and its cuBLAS and cuDNN", "PATH");
        Option<string?> libraries = Values.Text("--libraries", "where NVIDIA's libraries are looked for first", "DIR");
        Option<string?> jsonTarget = CommonOptions.Json();
        var command = new Command(
            "acceptance", "Runs doctor, GPU tests, checks, report, audits, comparisons and benchmarks on a GPU and writes a summary; exit 1 if a step failed, 3 without a GPU.");
        foreach (Option option in new Option[] { device, folder, only, python, libraries, jsonTarget })
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            var request = new AcceptanceRequest(
                parsed.GetValue(device)!, parsed.GetValue(folder), parsed.GetValue(only), parsed.GetValue(python), parsed.GetValue(libraries));
            TextWriter progress = json.OwnsStandardOutput ? host.Error : host.Out;
            AcceptanceRecord record = new AcceptanceRun(request, host, progress).Run();
            progress.WriteLine(record.Verdict);
            json.Write(record.ToJson());
            return record.FailedCount == 0 ? HarnessProgram.ExitDone : HarnessProgram.ExitCheckFailed;
        });
        return command;
    }
}
