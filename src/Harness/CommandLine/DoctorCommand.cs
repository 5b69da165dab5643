using System.CommandLine;
using Harness.Doctor;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary><c>harness doctor</c>.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandHost host)
    {
        Option<string?> libraries = CommonOptions.Libraries();
        Option<string?> jsonTarget = CommonOptions.Json();
        var command = new Command(
            "doctor", "Says whether --device cuda works here: driver, GPUs, libraries, where they were looked for, what to install.");
        command.Add(libraries);
        command.Add(jsonTarget);
        command.SetAction(parsed =>
        {
            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            DoctorReport report = Examination.Of(host.FindLibraries(parsed.GetValue(libraries)));
            if (!json.OwnsStandardOutput)
            {
                DoctorView.Write(report, host.OutConsole());
            }

            json.Write(DoctorJson.Of(report));
            return report.Works ? HarnessProgram.ExitDone : HarnessProgram.ExitMachineCannot;
        });
        return command;
    }
}
