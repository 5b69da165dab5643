using System.Collections.Immutable;
using System.CommandLine;
using Harness.Audit;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary><c>harness audit MODEL</c>: one configuration, buffer by buffer.</summary>
internal static class AuditCommand
{
    public static Command Create(CommandHost host)
    {
        var models = new ModelOptions();
        var training = new TrainingOptions();
        var device = new DeviceChoice();
        Option<string> placement = CommonOptions.Placement();
        Option<long?> seed = CommonOptions.Seed();
        Option<string?> jsonTarget = CommonOptions.Json();
        var allBuffers = new Option<bool>("--buffers") { Description = "list every buffer, not only the largest" };
        var allSteps = new Option<bool>("--steps") { Description = "list every step with its MACs, FLOPs and bytes" };

        var command = new Command("audit", "Runs one configuration and compares every buffer with its formula.");
        models.AddTo(command);
        training.AddTo(command);
        command.Add(placement);
        device.AddForPassesTo(command);
        command.Add(seed);
        command.Add(jsonTarget);
        command.Add(allBuffers);
        command.Add(allSteps);
        command.SetAction(parsed =>
        {
            ImmutableArray<(Configuration Pass, long Times)> step = training.Read(parsed, models.Read(parsed));
            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            using OpenedDevice opened = device.Open(parsed, host);
            using var runner = new PassRunner(opened, PlacementLabels.Parse(parsed.GetValue(placement)!), host.Time);
            ImmutableArray<PreparedPass> prepared = runner.Prepare([.. step.Select(pass => pass.Pass)]);
            opened.WriteNote(host, json);
            ImmutableArray<AuditRecord> audits = ProgressView.Show(
                host, prepared.Sum(pass => pass.Work),
                progress => prepared.Select(pass => runner.Run(pass, CommonOptions.SeedOf(parsed, seed), progress).Audit).ToImmutableArray());
            var whole = new StepAudit([.. audits.Zip(step, (audit, pass) => new RepeatedAudit(audit, pass.Times))]);
            if (!json.OwnsStandardOutput)
            {
                StepAuditView.Write(whole, host.OutConsole(), parsed.GetValue(allBuffers), parsed.GetValue(allSteps));
            }

            json.Write(() => StepAuditJson.Of(whole));
            return whole.IsExact ? HarnessProgram.ExitDone : HarnessProgram.ExitCheckFailed;
        });
        return command;
    }
}
