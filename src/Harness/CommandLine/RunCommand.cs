using System.CommandLine;
using Harness.Audit;
using Harness.Kernels;
using Harness.Kernels.Programs;
using Harness.Models.Weights;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.CommandLine;

/// <summary><c>harness run MODEL</c>: a forward pass or a training step on real numbers, tensors in and out as safetensors.</summary>
internal static class RunCommand
{
    public static Command Create(CommandHost host)
    {
        var models = new ModelOptions();
        var training = new TrainingOptions();
        var device = new DeviceChoice();
        Option<string> placement = CommonOptions.Placement();
        Option<long?> seed = CommonOptions.Seed();
        Option<string?> jsonTarget = CommonOptions.Json();
        Option<string?> weights = Values.Text("--weights", "safetensors file of weights (default: drawn from the seed)", "FILE");
        Option<string?> inputs = Values.Text("--inputs", "safetensors file of inputs (default: drawn from the seed)", "FILE");
        Option<string?> saveWeights = Values.Text("--save-weights", "write the weights that were used", "FILE");
        Option<string?> saveInputs = Values.Text("--save-inputs", "write the inputs that were used", "FILE");
        Option<string?> saveOutputs = Values.Text("--save-outputs", "write the outputs; of a training step the loss, the gradients, and parameters and state as the update left them", "FILE");

        var command = new Command("run", "Runs one forward pass or training step on real numbers; weights, inputs and outputs are safetensors files.");
        models.AddTo(command);
        training.AddTo(command);
        foreach (Option option in new Option[] { weights, inputs, saveWeights, saveInputs, saveOutputs, placement })
        {
            command.Add(option);
        }

        device.AddForPassesTo(command);
        command.Add(seed);
        command.Add(jsonTarget);
        command.SetAction(parsed =>
        {
            Configuration configuration = training.ReadOnlyPass(
                parsed, models.Read(parsed), "does not apply to run, which takes a step in one pass; audit runs all passes");
            var json = new JsonOutput(parsed.GetValue(jsonTarget), host);
            foreach (Option<string?> option in new[] { saveWeights, saveInputs, saveOutputs })
            {
                if (parsed.GetValue(option) is { } target)
                {
                    AtomicFile.RequireWritable(option.Name, target);
                }
            }

            using OpenedDevice opened = device.Open(parsed, host);
            if (!opened.Device.Computes)
            {
                throw new CallerException("--device null does not apply to 'run': it computes nothing; use audit or --device sim");
            }

            using var runner = new PassRunner(opened, PlacementLabels.Parse(parsed.GetValue(placement)!), host.Time);
            PreparedPass prepared = runner.Prepare(configuration);
            long chosenSeed = CommonOptions.SeedOf(parsed, seed);
            using TensorSource weightSource = TensorSource.Weights(prepared, parsed.GetValue(weights), chosenSeed);
            using TensorSource inputSource = TensorSource.Inputs(prepared, parsed.GetValue(inputs), chosenSeed);
            opened.WriteNote(host, json);

            var outputs = new Dictionary<TensorSpec, byte[]>();
            PassResult result = ProgressView.Show(host, prepared.Work, progress => runner.Run(
                prepared, weightSource.Read, inputSource.Read, progress, (tensor, bytes) => outputs[tensor] = bytes.ToArray()));
            Save(parsed.GetValue(saveWeights), prepared.Program.Of(TensorCategory.Parameter), weightSource.Read);
            Save(parsed.GetValue(saveInputs), prepared.Program.Of(TensorCategory.Input), inputSource.Read);
            IEnumerable<TensorSpec> trained = configuration.Training is null ? [] : prepared.Held;
            Save(parsed.GetValue(saveOutputs), outputs.Keys.Concat(trained), (tensor, bytes) =>
            {
                if (tensor.Category.IsPersistent())
                {
                    runner.ReadHeld(tensor, bytes);
                }
                else
                {
                    outputs[tensor].CopyTo(bytes);
                }
            });

            var record = new RunRecord(
                configuration, opened.Facts, weightSource.Description, inputSource.Description, weightSource.Unused, result,
                [.. outputs.Select(pair => TensorSummary.Of(pair.Key, pair.Value))]);
            if (!json.OwnsStandardOutput)
            {
                record.WriteTo(host.OutConsole());
            }

            json.Write(record.ToJson());
            return result.Audit.Mismatches.IsEmpty ? HarnessProgram.ExitDone : HarnessProgram.ExitCheckFailed;
        });
        return command;
    }

    private static void Save(string? path, IEnumerable<TensorSpec> tensors, ReadTensor read)
    {
        if (path is not null)
        {
            SafetensorsWriter.Write(path, tensors, read);
        }
    }
}
