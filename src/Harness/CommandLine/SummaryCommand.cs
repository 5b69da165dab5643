using System.CommandLine;
using Harness.Models.Analytic;
using Harness.Passes;
using Harness.Reporting;
using Harness.Summaries;

namespace Harness.CommandLine;

/// <summary><c>harness summary MODEL</c>: a row per layer, from the formulas alone; no device is opened.</summary>
internal static class SummaryCommand
{
    public static Command Create(CommandHost host)
    {
        var models = new ModelOptions();
        Option<string> chosen = Values.OneOf(
            "--convention", "also the totals that another tool would print, and why they differ from ours", Convention.Names);
        Option<string?> jsonTarget = CommonOptions.Json();
        var command = new Command("summary", "Shows a model layer by layer: parameters, outputs, work, traffic and receptive field.");
        models.AddTo(command);
        command.Add(chosen);
        command.Add(jsonTarget);
        command.SetAction(parsed =>
        {
            Configuration configuration = models.Read(parsed);
            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            ModelSummary summary = configuration.Summary();
            Convention? convention = Convention.Of(parsed.GetValue(chosen)!, configuration.Model.Name, summary);
            if (!json.OwnsStandardOutput)
            {
                SummaryView.Write(configuration, summary, convention, host.OutConsole());
            }

            json.Write(() => SummaryJson.Of(configuration, summary, convention));
            return HarnessProgram.ExitDone;
        });
        return command;
    }
}
