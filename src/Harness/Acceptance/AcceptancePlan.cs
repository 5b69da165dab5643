using System.Collections.Immutable;
using System.Globalization;
using Harness.CommandLine;
using Harness.Kernels;

namespace Harness.Acceptance;

/// <summary>What is run, in which order, with which limits.</summary>
/// <param name="Device"><c>cuda</c>, or <c>sim</c> for a rehearsal: the same steps at small sizes, without those that only a GPU can do</param>
/// <param name="Folder">where every step writes</param>
/// <param name="Tensors">where files of weights, inputs and outputs, and the kernels of <see cref="Misfortunes"/>, lie as long as the acceptance runs</param>
/// <param name="Python">a Python that may have PyTorch, null where none was named</param>
/// <param name="PythonScript">the side-by-side script</param>
internal sealed record AcceptancePlan(string Device, string Folder, string Tensors, string? Python, string PythonScript)
{
    public const string Cuda = "cuda";
    public const string Simulated = "sim";
    public const string Doctor = "doctor";

    /// <summary>Largest error of a pass in TF32, relative to the root mean square; 3 times what was measured for rounded operands (docs/gpu.md).</summary>
    private const double Tf32Tolerance = 2e-2;

    /// <summary>Enough for cuDNN's reproducible algorithms of all gradients of VGG16 at batch 8.</summary>
    private const int GradientWorkspaceMiB = 1024;

    private const string NeedsGpu = "only a GPU can do this";

    /// <summary>A model at the size at which its passes are also timed; small in a rehearsal.</summary>
    private sealed record SizedModel(string Name, ImmutableArray<string> Size, ImmutableArray<string> SmallSize);

    private static readonly ImmutableArray<SizedModel> s_models =
    [
        new("vgg16", ["--batch", "1"], ["--batch", "1"]),
        new("bert-base", ["--batch", "8", "--seq", "64"], ["--batch", "1", "--seq", "8"]),
        new("t5-small", ["--batch", "8", "--seq", "64"], ["--batch", "1", "--seq", "8"]),
    ];

    private bool IsRehearsal => Device == Simulated;

    /// <summary>All steps, in order; the first is <see cref="Doctor"/>.</summary>
    public ImmutableArray<AcceptanceStep> Steps =>
    [
        Harness(Doctor, Doctor, 120, "doctor"),
        .. Tests(), .. Kernels(), .. Training(), Report(), .. s_models.SelectMany(Audits), .. s_models.SelectMany(Outputs),
        .. Misfortunes.Steps(Tensors, IsRehearsal ? NeedsGpu : null), .. Benchmarks(), .. s_models.SelectMany(Torch),
    ];

    /// <summary>The doctor and what <c>--only</c> names, steps or groups; everything where it names nothing.</summary>
    /// <exception cref="CallerException">a name that is neither</exception>
    public ImmutableArray<AcceptanceStep> Chosen(string? only)
    {
        ImmutableArray<AcceptanceStep> all = Steps;
        if (only is null)
        {
            return all;
        }

        string[] words = only.Split(',');
        string[] known = [.. all.Select(step => step.Group).Distinct(), .. all.Select(step => step.Name)];
        if (words.FirstOrDefault(word => !known.Contains(word)) is { } unknown)
        {
            throw new CallerException(
                $"--only: no step or group '{unknown}'{NearestWord.Hint(unknown, known)}; groups: {string.Join(", ", all.Select(step => step.Group).Distinct())}");
        }

        return [.. all.Where(step => step.Name == Doctor || words.Contains(step.Name) || words.Contains(step.Group))];
    }

    private IEnumerable<AcceptanceStep> Tests()
    {
        // Where there is a GPU, a test that is skipped for want of one is a failure.
        ImmutableArray<string> arguments = ["-trait", "category=gpu", "-noColor", "-noLogo", .. IsRehearsal ? [] : new[] { "-failSkips" }];
        yield return new AcceptanceStep("tests-kernels", "tests", StepProgram.KernelsTests, arguments, TimeSpan.FromSeconds(300));
        yield return new AcceptanceStep("tests-models", "tests", StepProgram.ModelsTests, arguments, TimeSpan.FromSeconds(180));
        yield return new AcceptanceStep("tests-harness", "tests", StepProgram.HarnessTests, arguments, TimeSpan.FromSeconds(180));
    }

    private IEnumerable<AcceptanceStep> Kernels()
    {
        yield return Harness("kernels-list", "kernels", 60, ["kernels", "list", .. IsRehearsal ? [] : new[] { "--device", Device }]);
        yield return Harness("kernels-check", "kernels", 240, "kernels", "check", "--device", Device);
        yield return Harness("ptx-run", "kernels", 60, [.. Misfortunes.Harmless(Tensors, Device)]);
    }

    /// <summary>A training step of every model, and each way to take one, with every byte audited.</summary>
    private IEnumerable<AcceptanceStep> Training()
    {
        // The gradients of convolutions want more workspace than the default: on an H100 at least 68 MiB at batch 8.
        string[] workspace = IsRehearsal ? [] : ["--workspace", GradientWorkspaceMiB.ToString(CultureInfo.InvariantCulture)];
        string[] bert = IsRehearsal ? ["--batch", "2", "--seq", "8"] : ["--batch", "8", "--seq", "64"];
        string[] t5 = [.. bert, "--decoder-seq", IsRehearsal ? "3" : "8"];
        string[] images = IsRehearsal ? ["--batch", "4"] : ["--batch", "64"];
        yield return Train("mnist-mlp", "", null, images);
        yield return Train("mnist-cnn", "", null, [.. images, .. workspace]);
        yield return Train("vgg16", "", null, ["--batch", IsRehearsal ? "1" : "8", .. workspace]);
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
    }

    private AcceptanceStep Bench(string group, string suffix, string? whyNot, params string[] options) => Harness(
        $"bench-{group}{suffix}", "bench", 300,
        ["bench", group, .. options, "--device", Device, "--out", Path.Combine(Folder, $"bench-{group}{suffix}")], whyNot);

    private IEnumerable<AcceptanceStep> Torch(SizedModel model)
    {
        string weights = Tensor(model, "torch-weights"), inputs = Tensor(model, "torch-inputs"), outputs = Tensor(model, "torch-outputs");
        string? whyNot = Python is null ? "no Python was named: --python PATH" : null;
        string audit = $"torch-{model.Name}-audit";
        yield return Run(
            $"torch-{model.Name}-run", "torch", 120, model, Device,
            "--save-weights", weights, "--save-inputs", inputs, "--save-outputs", outputs) with { WhyNot = whyNot };
        yield return Harness(audit, "torch", 90, ["audit", model.Name, .. SizeOf(model), "--device", Device], whyNot);
        yield return new AcceptanceStep(
            $"torch-{model.Name}", "torch", StepProgram.Python,
            [
                PythonScript, model.Name, "--weights", weights, "--inputs", inputs, "--outputs", outputs, "--audit", JsonOf(audit),
                "--device", IsRehearsal ? "cpu" : "cuda", "--json", JsonOf($"torch-{model.Name}"),
                "--seconds", "0.5", "--compile-seconds", "25",
            ],
            TimeSpan.FromSeconds(90), whyNot);
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
