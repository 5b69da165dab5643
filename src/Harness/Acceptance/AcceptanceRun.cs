using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harness.CommandLine;
using Harness.Kernels;
using Harness.Reporting;

namespace Harness.Acceptance;

/// <param name="Folder">null: <c>results/DEVICE/DATE</c></param>
/// <param name="Only">steps or groups, separated by commas; null: all</param>
/// <param name="Libraries">folders to look for NVIDIA's libraries in first; null: those of PyTorch's wheels, where a Python was named that has them</param>
internal sealed record AcceptanceRequest(string Device, string? Folder, string? Only, string? Python, string? Libraries);

/// <summary>Runs the steps one after another; one that fails does not stop the rest.</summary>
internal sealed class AcceptanceRun(AcceptanceRequest request, CommandHost host, TextWriter progress)
{
    private const string LibraryVariable = "HARNESS_LIBRARY_PATH";

    /// <exception cref="MachineException">no GPU that works, and no rehearsal is asked for</exception>
    /// <exception cref="CallerException">an unknown step, or a folder that cannot be written</exception>
    public AcceptanceRecord Run()
    {
        string work = Directory.CreateTempSubdirectory("harness-acceptance-").FullName;
        try
        {
            return Run(work);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private AcceptanceRecord Run(string work)
    {
        ToolPlaces.WriteScripts(work);
        Misfortunes.WriteKernels(work);
        var plan = new AcceptancePlan(request.Device, work, work, request.Python, work);
        plan.Chosen(request.Only); // an unknown name is said before anything runs
        string? libraries = request.Libraries ?? Environment.GetEnvironmentVariable(LibraryVariable) ?? LibrariesOfTorch(work);
        Dictionary<string, string> environment = libraries is null ? [] : new() { [LibraryVariable] = libraries };

        // The folder bears the device's name, which the doctor finds out: it runs first, elsewhere, and moves in.
        StepResult doctor = new StepRunner(work, request.Python, environment, host.Time).Run(plan.Steps[0]);
        bool isRehearsal = request.Device == AcceptancePlan.Simulated;
        if (doctor.Outcome != StepOutcome.Passed && !isRehearsal)
        {
            throw new MachineException($"no GPU that works: {doctor.Line}; 'harness doctor' says more, --device sim rehearses without one");
        }

        string name = isRehearsal ? "software GPU" : DeviceName(work);
        string date = host.Time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        string folder = CreateFolder(request.Folder ?? Path.Combine("results", FolderName(name), date));
        foreach (string file in Directory.GetFiles(work, $"{AcceptancePlan.Doctor}.*"))
        {
            File.Move(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        progress.WriteLine($"{name}, into {folder}");
        plan = plan with { Folder = folder };
        ImmutableArray<AcceptanceStep> steps = plan.Chosen(request.Only);
        var runner = new StepRunner(folder, request.Python, environment, host.Time);
        var results = AcceptanceRecord.ReadSteps(folder).ToDictionary(step => step.Name);
        foreach (AcceptanceStep step in steps)
        {
            results.TryAdd(step.Name, runner.NotReached(step));
        }

        results[AcceptancePlan.Doctor] = isRehearsal && doctor.Outcome == StepOutcome.Failed ? doctor with { Outcome = StepOutcome.Skipped } : doctor;
        foreach ((int index, AcceptanceStep step) in steps.Index())
        {
            if (index > 0)
            {
                results[step.Name] = runner.Begin(step);
                Write(); // before every step, too: one that is cut off with everything else is there as started
                results[step.Name] = runner.Run(step);
            }

            StepResult result = results[step.Name];
            progress.WriteLine(
                $"[{index + 1}/{steps.Length}] {step.Name}: {AcceptanceRecord.Word(result.Outcome)}, {Quantities.Number(result.Seconds, 1)} s: {result.Line}");
            Write();
        }

        return Known();

        AcceptanceRecord Known() => new(
            request.Device, name, date, host.Machine.ToString(), libraries,
            [.. plan.Steps.Select(known => results.GetValueOrDefault(known.Name)).OfType<StepResult>()], new SpeedTargets(Read).All());

        void Write()
        {
            AcceptanceRecord record = Known();
            AtomicFile.WriteText(Path.Combine(folder, AcceptanceRecord.FileName), JsonOutput.Text(record.ToJson()));
            AtomicFile.WriteText(Path.Combine(folder, AcceptanceRecord.SummaryName), record.ToMarkdown());
        }

        // A step that was ended may have written what it knew by then.
        JsonNode? Read(string stepName) => results.GetValueOrDefault(stepName) is { Outcome: not (StepOutcome.Skipped or StepOutcome.NotReached) }
            ? ReadJson(Path.Combine(folder, $"{stepName}.json"))
            : null;
    }

    /// <summary>PyTorch's wheels bring cuBLAS and cuDNN; with the same files on both sides a difference of speed is ours.</summary>
    private string? LibrariesOfTorch(string work)
    {
        if (request.Python is null)
        {
            return null;
        }

        var step = new AcceptanceStep("libraries", "torch", StepProgram.Python, [Path.Combine(work, ToolPlaces.TorchPasses), "--library-folders"], TimeSpan.FromSeconds(60));
        StepResult result = new StepRunner(work, request.Python, new Dictionary<string, string>(), host.Time).Run(step);
        return result is { Outcome: StepOutcome.Passed, Line: { Length: > 0 } folders } && folders != "none" ? folders : null;
    }

    private static string DeviceName(string work) =>
        (string?)ReadJson(Path.Combine(work, "doctor.json"))?["devices"]?[0]?["name"] ?? "unnamed GPU";

    private static JsonNode? ReadJson(string path)
    {
        try
        {
            return File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path)) : null;
        }
        catch (JsonException)
        {
            return null; // a step that was ended, or a bug of the step: its outcome says so
        }
    }

    /// <summary>"NVIDIA H100 80GB HBM3" as <c>nvidia-h100-80gb-hbm3</c>.</summary>
    private static string FolderName(string device) => string.Join(
        '-', string.Concat(device.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : ' '))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static string CreateFolder(string folder)
    {
        try
        {
            return Directory.CreateDirectory(folder).FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CallerException($"--out '{folder}' cannot be made a folder: {exception.Message}", exception);
        }
    }
}
