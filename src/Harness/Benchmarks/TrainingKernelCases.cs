using Harness.Kernels.Programs;

namespace Harness.Benchmarks;

/// <summary>The kernels that only a training step launches, on operands far above any cache.</summary>
internal static class TrainingKernelCases
{
    public static IEnumerable<MeasuredCase> All() => Optimizers().Concat(
    [
        .. BenchmarkCases.OfOneStep("zero 30522 x 768", b => b.Add(new FillZeroStep("y", Result(b, 30522, 768)))),
        .. BenchmarkCases.OfOneStep("row sum 65536 x 768", b => b.Add(new RowSumStep("y", Input(b, "x", 65536, 768), Result(b, 768), Accumulate: false))),
        .. BenchmarkCases.OfOneStep("row sum 16384 x 3072", b => b.Add(new RowSumStep("y", Input(b, "x", 16384, 3072), Result(b, 3072), Accumulate: false))),
        .. BenchmarkCases.OfOneStep("channel sum 32 x 64 x 224 x 224", b => b.Add(
            new ChannelSumStep("y", Input(b, "x", 32, 64, 224, 224), Result(b, 64), Accumulate: false))),
        .. BenchmarkCases.OfOneStep("batch sum 64 x 8 x 256 x 256", b => b.Add(
            new BatchSumStep("y", Input(b, "x", 64, 8, 256, 256), Result(b, 8, 256, 256), Accumulate: false))),
        .. ActivationBackward(Activation.Relu),
        .. ActivationBackward(Activation.Tanh),
        .. BenchmarkCases.OfOneStep("max pool backward 8 x 64 x 224 x 224", b => b.Add(
            new MaxPoolBackwardStep("y", Input(b, "x", 8, 64, 224, 224), Input(b, "dy", 8, 64, 112, 112), Result(b, 8, 64, 224, 224), 2, 2))),
        .. BenchmarkCases.OfOneStep("max pool backward 3x3 stride 2, 8 x 64 x 112 x 112", b => b.Add(
            new MaxPoolBackwardStep("y", Input(b, "x", 8, 64, 112, 112), Input(b, "dy", 8, 64, 55, 55), Result(b, 8, 64, 112, 112), 3, 2))),
        .. BenchmarkCases.OfOneStep("GELU backward 16384 x 3072", b => b.Add(new GeluBackwardStep(
            "y", Input(b, "x", 16384, 3072), Input(b, "bias", 3072), Input(b, "dy", 16384, 3072), Result(b, 16384, 3072)))),
    ]);

    private static IEnumerable<MeasuredCase> ActivationBackward(Activation activation) =>
        BenchmarkCases.OfOneStep($"{activation} backward 16384 x 3072", b =>
        {
            TensorSpec g = b.Add("g", Input(b, "u", 16384, 3072), Input(b, "v", 16384, 3072), TensorCategory.Output);
            b.Add(new ActivationBackwardStep("g:backward", Input(b, "y", 16384, 3072), g, activation));
        });

    private static TensorSpec Input(ProgramBuilder b, string name, params ReadOnlySpan<long> shape) => b.Input(name, DType.F32, shape);

    private static TensorSpec Result(ProgramBuilder b, params ReadOnlySpan<long> shape) =>
        b.Declare("y", new Shape(shape), DType.F32, TensorCategory.Output);

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
