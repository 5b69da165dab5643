using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models;

namespace Harness.Benchmarks;

/// <summary>Every PTX entry, all versions, at every shape that the three models launch it with, and at shapes that fill a GPU.</summary>
internal static class KernelCases
{
    public static IEnumerable<MeasuredCase> All(IConvolutionWorkspace device) =>
        ModelCases.Published.SelectMany(pass => OfModel(pass.Model, pass.Size, device, step => step is not (GemmStep or ConvolutionStep)))
            .Concat(Large()).Concat(TrainingKernelCases.All());

    /// <summary>The steps of a pass that are wanted, each geometry once, under the name of the first that has it.</summary>
    internal static IEnumerable<MeasuredCase> OfModel(Model model, ModelSize size, IConvolutionWorkspace device, Func<Step, bool> wanted)
    {
        StepProgram program = model.Program(size, device);
        return program.Steps.Where(wanted).DistinctBy(Geometry)
            .SelectMany(step => BenchmarkCases.OfStep($"{model.Name} {step.Name}", program, step, seed => model.Seeded(seed).Read));
    }

    private static string Geometry(Step step) =>
        $"{step.GetType().Name} {string.Join(' ', step.Reads.Select(tensor => tensor.Shape))} to {string.Join(' ', step.Writes.Select(tensor => tensor.Shape))}"
        + $" {(step as BiasActivationStep)?.Activation} {step.Reads.Any(tensor => step.Writes.Contains(tensor))}";

    /// <summary>
    /// Operands of 128 to 800 MiB, far above any cache. Softmax, layer norm and RMS norm at these shapes are held against the bandwidth
    /// of a copy.
    /// </summary>
    private static IEnumerable<MeasuredCase> Large() =>
    [
        .. BenchmarkCases.OfOneStep("softmax 65536 x 1024", b => b.Softmax("y", Input(b, "x", 64, 16, 64, 1024), category: TensorCategory.Output)),
        .. BenchmarkCases.OfOneStep("attention softmax 786432 x 64, scaled and masked", b => b.Softmax(
            "y", Input(b, "x", 1024, 12, 64, 64), scale: 0.125f, mask: Input(b, "mask", 1024, 64), category: TensorCategory.Output)),
        .. Norms(768),
        .. Norms(1024),
        .. BenchmarkCases.OfOneStep("bias and GELU 16384 x 3072", b => b.BiasActivation(
            "y", Input(b, "x", 16384, 3072), Input(b, "bias", 3072), Activation.Gelu, TensorCategory.Output)),
        .. BenchmarkCases.OfOneStep("bias and ReLU 16384 x 4096", b => b.BiasActivation(
            "y", Input(b, "x", 16384, 4096), Input(b, "bias", 4096), Activation.Relu, TensorCategory.Output)),
        .. BenchmarkCases.OfOneStep("add 65536 x 768", b => b.Add("y", Input(b, "a", 65536, 768), Input(b, "b", 65536, 768), TensorCategory.Output)),
        .. BenchmarkCases.OfOneStep("split 12 heads 512 x 128 x 768", b => b.SplitHeads(
            "y", Input(b, "x", 512, 128, 768), Input(b, "bias", 768), heads: 12, TensorCategory.Output)),
        .. BenchmarkCases.OfOneStep("merge 12 heads 512 x 128 x 768", b => b.MergeHeads("y", Input(b, "x", 512, 12, 128, 64), TensorCategory.Output)),
        .. BenchmarkCases.OfOneStep("gather 65536 of 30522 x 768", b => b.Embedding(
            "y", b.Input("ids", DType.I64, 512, 128), Input(b, "table", 30522, 768), TensorCategory.Output)),
    ];

    private static IEnumerable<MeasuredCase> Norms(long columns) =>
    [
        .. BenchmarkCases.OfOneStep($"layer norm 65536 x {columns}", b => b.LayerNorm(
            "y", Input(b, "x", 65536, columns), bias: null, residual: null, Input(b, "gamma", columns), Input(b, "beta", columns), 1e-12f,
            TensorCategory.Output)),
        .. BenchmarkCases.OfOneStep($"layer norm of bias and residual 65536 x {columns}", b => b.LayerNorm(
            "y", Input(b, "x", 65536, columns), Input(b, "bias", columns), Input(b, "residual", 65536, columns), Input(b, "gamma", columns),
            Input(b, "beta", columns), 1e-12f, TensorCategory.Output)),
        .. BenchmarkCases.OfOneStep($"RMS norm 65536 x {columns}", b => b.RmsNorm(
            "y", Input(b, "x", 65536, columns), residual: null, Input(b, "gamma", columns), 1e-6f, TensorCategory.Output)),
    ];

    private static TensorSpec Input(ProgramBuilder b, string name, params ReadOnlySpan<long> shape) => b.Input(name, DType.F32, shape);
}
