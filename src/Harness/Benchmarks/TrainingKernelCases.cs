using Harness.Kernels.Programs;

namespace Harness.Benchmarks;

/// <summary>The kernels that only a training step launches, on operands far above any cache.</summary>
internal static class TrainingKernelCases
{
    public static IEnumerable<MeasuredCase> All() => Optimizers();

    private static IEnumerable<MeasuredCase> Optimizers()
    {
        const string weights = "50331648 weights";
        return
        [
            .. BenchmarkCases.OfOneStep($"sgd {weights}", b => b.Add(new SgdStep("w:sgd", Weights(b, "w"), Weights(b, "g"), 0.01f))),
            .. BenchmarkCases.OfOneStep($"momentum {weights}", b => b.Add(
                new MomentumStep("w:momentum", Weights(b, "w"), Weights(b, "g"), Weights(b, "m"), 0.01f, 0.9f))),
            .. BenchmarkCases.OfOneStep($"adam {weights}", b => b.Add(new AdamStep(
                "w:adam", Weights(b, "w"), Weights(b, "g"), Weights(b, "m"), Weights(b, "v"), b.Input("c", DType.F32, 2),
                0.001f, 0.9f, 0.999f, 1e-8f, WeightDecay: 0))),
        ];

        static TensorSpec Weights(ProgramBuilder b, string name) => b.Parameter(name, 50331648);
    }
}
