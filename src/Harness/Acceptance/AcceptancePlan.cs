using System.Collections.Immutable;
using System.Globalization;
using Harness.Benchmarks;
using Harness.CommandLine;
using Harness.Kernels;
using Harness.Models;
using Harness.Passes;

namespace Harness.Acceptance;

/// <summary>What is run, in which order, with which limits.</summary>
/// <param name="Device"><c>cuda</c>, or <c>sim</c> for a rehearsal: the same steps at small sizes, without those that only a GPU can do</param>
/// <param name="Folder">where every step writes</param>
/// <param name="Tensors">where files of weights, inputs and outputs, and the kernels of <see cref="Misfortunes"/>, lie as long as the acceptance runs</param>
/// <param name="Python">a Python that may have PyTorch, null where none was named</param>
/// <param name="Scripts">where the scripts for it lie</param>
internal sealed record AcceptancePlan(string Device, string Folder, string Tensors, string? Python, string Scripts)
{
    public const string Cuda = "cuda";
    public const string Simulated = "sim";
    public const string Doctor = "doctor";

    /// <summary>Largest error of a pass in TF32, relative to the root mean square; 3 times what was measured for rounded operands (docs/gpu.md).</summary>
    private const double Tf32Tolerance = 2e-2;

    private const string NeedsGpu = "only a GPU can do this";
    private const string NeedsPython = "no Python was named: --python PATH";

    /// <summary>A model at the size at which its passes are also timed; small in a rehearsal.</summary>
    private sealed record SizedModel(string Name, ImmutableArray<string> Size, ImmutableArray<string> SmallSize);

    private static readonly ImmutableArray<SizedModel> s_models =
    [
        new("vgg16", ["--batch", "1"], ["--batch", "1"]),
        new("bert-base", ["--batch", "8", "--seq", "64"], ["--batch", "1", "--seq", "8"]),
        new("t5-small", ["--batch", "8", "--seq", "64"], ["--batch", "1", "--seq", "8"]),
    ];

    /// <summary>At the sizes at which a training step is also timed.</summary>
    private static readonly ImmutableArray<SizedModel> s_trained =
    [
        new("vgg16", ["--batch", "8"], ["--batch", "1"]),
        new("bert-base", ["--batch", "8", "--seq", "64"], ["--batch", "2", "--seq", "8"]),
        new("t5-small", ["--batch", "8", "--seq", "64", "--decoder-seq", "8"], ["--batch", "2", "--seq", "8", "--decoder-seq", "3"]),
    ];

    private bool IsRehearsal => Device == Simulated;

    /// <summary>The gradients of convolutions want more workspace than the default.</summary>
    private ImmutableArray<string> Workspace =>
        IsRehearsal ? [] : ["--workspace", TrainingCases.GradientWorkspaceMiB.ToString(CultureInfo.InvariantCulture)];

    /// <summary>All steps, in order; the first is <see cref="Doctor"/>.</summary>
    public ImmutableArray<AcceptanceStep> Steps =>
    [
        Harness(Doctor, Doctor, 120, "doctor"),
        .. Tests(), .. Kernels(), .. Training(), Report(), .. s_models.SelectMany(Audits), .. s_models.SelectMany(Outputs),
        .. Misfortunes.Steps(Tensors, IsRehearsal ? NeedsGpu : null), .. Benchmarks(), .. s_models.SelectMany(Torch), .. s_trained.SelectMany(TorchTraining),
        .. AllTests(),
    ];

    /// <summary>
    /// The doctor and what <c>--only</c> names: steps, groups, or with a star at the end all whose name begins so; where it names nothing everything but
    /// what is done on request alone.
    /// </summary>
    /// <exception cref="CallerException">a name that is neither</exception>
    public ImmutableArray<AcceptanceStep> Chosen(string? only)
    {
        ImmutableArray<AcceptanceStep> all = Steps;
        if (only is null)
        {
            return [.. all.Where(step => !step.OnRequest)];
        }

        string[] words = only.Split(',');
        string[] known = [.. all.Select(step => step.Group).Distinct(), .. all.Select(step => step.Name)];
        if (words.FirstOrDefault(word => !all.Any(step => IsNamed(step, word))) is { } unknown)
        {
            throw new CallerException(
                $"--only: no step or group '{unknown}'{NearestWord.Hint(unknown, known)}; groups: {string.Join(", ", all.Select(step => step.Group).Distinct())}");
        }

        return [.. all.Where(step => step.Name == Doctor || words.Any(word => IsNamed(step, word)))];
    }

    private static bool IsNamed(AcceptanceStep step, string word) =>
        step.Name == word || step.Group == word || (word.EndsWith('*') && step.Name.StartsWith(word[..^1], StringComparison.Ordinal));

    /// <summary>The tests that need a GPU, and no other: those run anywhere, and device time is short.</summary>
    private IEnumerable<AcceptanceStep> Tests()
    {
        // Where there is a GPU, a test that is skipped for want of one is a failure.
        ImmutableArray<string> arguments = ["-trait", "category=gpu", "-noColor", "-noLogo", .. IsRehearsal ? [] : new[] { "-failSkips" }];
        yield return new AcceptanceStep("tests-kernels", "tests", StepProgram.KernelsTests, arguments, TimeSpan.FromSeconds(300));
        yield return new AcceptanceStep("tests-models", "tests", StepProgram.ModelsTests, arguments, TimeSpan.FromSeconds(180));
        yield return new AcceptanceStep("tests-harness", "tests", StepProgram.HarnessTests, arguments, TimeSpan.FromSeconds(180));
    }

    /// <summary>Every test, also those that need no GPU.</summary>
    private static IEnumerable<AcceptanceStep> AllTests() =>
        from program in new[] { ("kernels", StepProgram.KernelsTests), ("models", StepProgram.ModelsTests), ("harness", StepProgram.HarnessTests) }
        select new AcceptanceStep($"tests-all-{program.Item1}", "tests-all", program.Item2, ["-noColor", "-noLogo"], TimeSpan.FromSeconds(300), OnRequest: true);

    private IEnumerable<AcceptanceStep> Kernels()
    {
        yield return Harness("kernels-list", "kernels", 60, ["kernels", "list", .. IsRehearsal ? [] : new[] { "--device", Device }]);
        yield return Harness("kernels-check", "kernels", 240, "kernels", "check", "--device", Device);
        yield return Harness("ptx-run", "kernels", 60, [.. Misfortunes.Harmless(Tensors, Device)]);
    }

    /// <summary>A training step of every model, and each way to take one, with every byte audited.</summary>
    private IEnumerable<AcceptanceStep> Training()
    {
        string[] bert = [.. SizeOf(s_trained[1])], t5 = [.. SizeOf(s_trained[2])], images = ["--batch", IsRehearsal ? "4" : "64"];
        yield return Train("mnist-mlp", "", null, images);
        yield return Train("mnist-cnn", "", null, [.. images, .. Workspace]);
        yield return Train("vgg16", "", null, [.. SizeOf(s_trained[0]), .. Workspace]);
        yield return Train("bert-base", "", null, bert);
        yield return Train("t5-small", "", null, t5);
        yield return Train("bert-base", "-micro", null, [.. bert, "--micro-batch", "1"]);
        yield return Train("t5-small", "-recompute", null, [.. t5, "--recompute", "block"]);
        string? whyNot = IsRehearsal ? NeedsGpu : null;
        yield return Train("bert-base", "-graph", whyNot, [.. bert, "--graph"]);
        yield return Train("mnist-cnn", "-check", whyNot, [.. images, "--workspace", "64", "--check"]);
        yield return Train("t5-small", "-check", whyNot, [.. t5, "--check"]);
    }

    private AcceptanceStep Train(string model, string suffix, string? whyNot, string[] options) => Harness(
        $"training-{model}{suffix}", "training", 90,
        ["audit", model, "--pass", "training", "--optimizer", "adam", .. options, "--device", Device], whyNot);

    private AcceptanceStep Report()
    {
        string[] small = IsRehearsal ? ["--models", "t5-small", "--batches", "1", "--seqs", "16"] : [];
        return Harness("report", "report", 240, ["report", "--device", Device, "--out", Path.Combine(Folder, "report"), .. small]);
    }

    private IEnumerable<AcceptanceStep> Audits(SizedModel model)
    {
        yield return Audit(model, "", null);
        string? whyNot = IsRehearsal ? NeedsGpu : null;
        yield return Audit(model, "-check", whyNot, "--check");
        yield return Audit(model, "-tf32", whyNot, "--math", "tf32");
        yield return Audit(model, "-graph", whyNot, "--graph");
    }

    private AcceptanceStep Audit(SizedModel model, string suffix, string? whyNot, params string[] options) =>
        Harness($"audit-{model.Name}{suffix}", "audit", 90, ["audit", model.Name, .. SizeOf(model), "--device", Device, .. options], whyNot);

    private IEnumerable<AcceptanceStep> Outputs(SizedModel model)
    {
        string weights = Tensor(model, "weights"), inputs = Tensor(model, "inputs");
        string here = Tensor(model, Device), simulated = Tensor(model, "reference"), rounded = Tensor(model, "tf32");
        string[] given = ["--weights", weights, "--inputs", inputs];
        yield return Run(
            $"outputs-{model.Name}", "outputs", 120, model, Device, "--save-weights", weights, "--save-inputs", inputs, "--save-outputs", here);
        yield return Run($"outputs-{model.Name}-sim", "outputs", 240, model, Simulated, [.. given, "--save-outputs", simulated]);
        yield return Harness($"outputs-{model.Name}-compare", "outputs", 60, "compare", simulated, here);
        string? whyNot = IsRehearsal ? NeedsGpu : null;
        yield return Run($"outputs-{model.Name}-tf32", "outputs", 120, model, Device, [.. given, "--math", "tf32", "--save-outputs", rounded])
            with { WhyNot = whyNot };
        yield return Harness(
            $"outputs-{model.Name}-tf32-compare", "outputs", 60,
            ["compare", simulated, rounded, "--tolerance", Tf32Tolerance.ToString(CultureInfo.InvariantCulture)], whyNot);
    }

    private IEnumerable<AcceptanceStep> Benchmarks()
    {
        yield return Bench("kernels", "", null, IsRehearsal ? ["attention_mask"] : []);
        yield return Bench("gemm", "", null, IsRehearsal ? ["t5-small"] : []);
        yield return Bench("conv", "", null, IsRehearsal ? ["features.28"] : []);
        yield return Bench("models", "", null, IsRehearsal ? ["t5-small"] : []);
        string? whyNot = IsRehearsal ? NeedsGpu : null;
        yield return Bench("models", "-graph", whyNot, "--graph");
        yield return Bench("models", "-tf32", whyNot, "--math", "tf32");
        yield return Bench("training", "", null, IsRehearsal ? ["mnist-mlp"] : [.. Workspace]);
    }

    private AcceptanceStep Bench(string group, string suffix, string? whyNot, params string[] options) => Harness(
        $"bench-{group}{suffix}", "bench", 300,
        ["bench", group, .. options, "--device", Device, "--out", Path.Combine(Folder, $"bench-{group}{suffix}")], whyNot);

    private IEnumerable<AcceptanceStep> Torch(SizedModel model)
    {
        string weights = Tensor(model, "torch-weights"), inputs = Tensor(model, "torch-inputs"), outputs = Tensor(model, "torch-outputs");
        string? whyNot = Python is null ? NeedsPython : null;
        string audit = $"torch-{model.Name}-audit";
        yield return Run(
            $"torch-{model.Name}-run", "torch", 120, model, Device,
            "--save-weights", weights, "--save-inputs", inputs, "--save-outputs", outputs) with { WhyNot = whyNot };
        yield return Harness(audit, "torch", 90, ["audit", model.Name, .. SizeOf(model), "--device", Device], whyNot);
        yield return new AcceptanceStep(
            $"torch-{model.Name}", "torch", StepProgram.Python,
            [
                Path.Combine(Scripts, ToolPlaces.TorchPasses), model.Name, "--weights", weights, "--inputs", inputs, "--outputs", outputs, "--audit", JsonOf(audit),
                "--device", IsRehearsal ? "cpu" : "cuda", "--json", JsonOf($"torch-{model.Name}"),
                "--seconds", "0.5", "--compile-seconds", "25",
            ],
            TimeSpan.FromSeconds(90), whyNot);
    }

    /// <summary>A training step in PyTorch beside what is audited of ours, with each optimizer, with dropout as published and without.</summary>
    private IEnumerable<AcceptanceStep> TorchTraining(SizedModel model)
    {
        string? whyNot = Python is null ? NeedsPython : null;
        string step = $"torch-{model.Name}-training";
        string weights = Tensor(model, "step-weights"), inputs = Tensor(model, "step-inputs"), outputs = Tensor(model, "step-outputs");
        string[] workspace = [.. model.Name == ModelCatalog.Vgg16.Name ? Workspace : []];
        yield return Run(
            $"{step}-run", "torch", 120, model, Device,
            [
                "--pass", "training", "--optimizer", "sgd", "--dropout", "0", .. workspace,
                "--save-weights", weights, "--save-inputs", inputs, "--save-outputs", outputs,
            ]) with { WhyNot = whyNot };
        var audits = new List<string>();
        foreach (string optimizer in TrainingCases.Optimizers.Select(TrainingLabels.Of))
        {
            foreach (double dropout in (double[])[ModelCatalog.Find(model.Name).Training.Dropout!.Value, 0])
            {
                string probability = dropout.ToString(CultureInfo.InvariantCulture), audit = $"{step}-audit-{optimizer}-{probability}";
                audits.AddRange(["--audit", optimizer, probability, JsonOf(audit)]);
                yield return Harness(
                    audit, "torch", 90,
                    [
                        "audit", model.Name, .. SizeOf(model), "--pass", "training", "--optimizer", optimizer, "--dropout", probability, "--device", Device,
                        .. workspace,
                    ],
                    whyNot);
            }
        }

        yield return new AcceptanceStep(
            step, "torch", StepProgram.Python,
            [
                Path.Combine(Scripts, ToolPlaces.TorchTraining), model.Name, .. SizeOf(model), .. audits, "--step", weights, inputs, outputs,
                "--device", IsRehearsal ? "cpu" : "cuda", "--json", JsonOf(step), "--seconds", "0.5",
            ],
            TimeSpan.FromSeconds(120), whyNot);
    }

    private AcceptanceStep Run(string name, string group, int seconds, SizedModel model, string device, params string[] files) =>
        Harness(name, group, seconds, ["run", model.Name, .. SizeOf(model), "--device", device, .. files]);

    private AcceptanceStep Harness(string name, string group, int seconds, params string[] arguments) => Harness(name, group, seconds, arguments, null);

    private AcceptanceStep Harness(string name, string group, int seconds, string[] arguments, string? whyNot) =>
        new(name, group, StepProgram.Harness, [.. arguments, "--json", JsonOf(name)], TimeSpan.FromSeconds(seconds), whyNot);

    private ImmutableArray<string> SizeOf(SizedModel model) => IsRehearsal ? model.SmallSize : model.Size;

    private string JsonOf(string step) => Path.Combine(Folder, $"{step}.json");

    private string Tensor(SizedModel model, string what) => Path.Combine(Tensors, $"{model.Name}-{what}.safetensors");
}
