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
        .. BenchmarkCases.OfOneStep("cross entropy 4096 x 32128", b => b.Add(
            new CrossEntropyStep("y", Input(b, "logits", 4096, 32128), b.Input("labels", DType.I64, 4096), Result(b, 4096)))),
        .. BenchmarkCases.OfOneStep("cross entropy backward 4096 x 32128", b => b.Add(new CrossEntropyBackwardStep(
            "y", Input(b, "logits", 4096, 32128), b.Input("labels", DType.I64, 4096), Result(b, 4096, 32128), 1f / 4096))),
        .. BenchmarkCases.OfOneStep("scaled sum 4096", b => b.Add(new ScaledSumStep("y", Input(b, "x", 4096), Result(b, 1), 1f / 4096))),
        .. EmbeddingBackward("4096 rows", 30522),
        .. EmbeddingBackward("4096 rows of two ids", 2),
        .. BenchmarkCases.OfOneStep("position bias backward 8 x 512 x 512", b => b.Add(new RelativePositionBiasBackwardStep(
            "y", Input(b, "dy", 8, 512, 512), Result(b, 32, 8), Causal: false, MaxDistance: 128, Accumulate: false))),
        .. BenchmarkCases.OfOneStep("adaptive pool backward 64 x 512 x 14 x 14", b => b.Add(
            new AdaptiveAveragePoolBackwardStep("y", Input(b, "dy", 64, 512, 7, 7), Result(b, 64, 512, 14, 14)))),
        .. BenchmarkCases.OfOneStep("dropout 16384 x 3072", b => b.Add(new DropoutStep(
            "y", Input(b, "x", 16384, 3072), Input(b, "bias", 3072), b.Input("seed", DType.I64, 1), Result(b, 16384, 3072),
            b.Declare("mask", new Shape(16384, 3072), DType.U8, TensorCategory.Output), Stream: 1, Probability: 0.1))),
        .. BenchmarkCases.OfOneStep("dropout backward 16384 x 3072", b => b.Add(new DropoutBackwardStep(
            "y", b.Input("mask", DType.U8, 16384, 3072), Input(b, "dy", 16384, 3072), Result(b, 16384, 3072), Probability: 0.1))),
        .. SoftmaxBackward(64, 16, 64, 1024),
        .. SoftmaxBackward(1024, 12, 64, 64),
        .. LayerNormBackward(65536, 768),
        .. LayerNormBackward(65536, 1024),
        .. RmsNormBackward(65536, 768),
        .. RmsNormBackward(65536, 1024),
    ]);

    private static IEnumerable<MeasuredCase> EmbeddingBackward(string rows, long tableRows) =>
        BenchmarkCases.OfOneStep($"embedding backward {rows} to {tableRows} x 768", b =>
        {
            TensorSpec table = Result(b, tableRows, 768);
            b.Add(new FillZeroStep("y", table));
            b.Add(new EmbeddingBackwardStep("y:from", b.Input("ids", DType.I64, 4096), Input(b, "dy", 4096, 768), table));
        });

    private static IEnumerable<MeasuredCase> SoftmaxBackward(params long[] shape) =>
        BenchmarkCases.OfOneStep($"softmax backward {string.Join(" x ", shape)}", b => b.Add(new SoftmaxBackwardStep(
            "y", Input(b, "probs", shape), Input(b, "dy", shape), Result(b, shape), 0.125f)));

    private static IEnumerable<MeasuredCase> ActivationBackward(Activation activation) =>
        BenchmarkCases.OfOneStep($"{activation} backward 16384 x 3072", b =>
        {
            TensorSpec g = b.Add("g", Input(b, "u", 16384, 3072), Input(b, "v", 16384, 3072), TensorCategory.Output);
            b.Add(new ActivationBackwardStep("g:backward", Input(b, "y", 16384, 3072), g, activation));
        });

    /// <summary>As BERT has it: the sum of a product with its bias and a residual connection, whose gradient is written.</summary>
    private static IEnumerable<MeasuredCase> LayerNormBackward(long rows, long columns) =>
    [
        .. BenchmarkCases.OfOneStep($"layer norm parameters backward {rows} x {columns}", b => b.Add(new LayerNormParametersBackwardStep(
            "dgamma", Input(b, "x", rows, columns), Input(b, "bias", columns), Input(b, "residual", rows, columns),
            Input(b, "dy", rows, columns), Result(b, "dgamma", columns), Result(b, "dbeta", columns), Statistics(b, rows, 2), 1e-12f, Accumulate: false))),
        .. BenchmarkCases.OfOneStep($"layer norm backward {rows} x {columns}", b => b.Add(new LayerNormBackwardStep(
            "dx", Input(b, "x", rows, columns), Input(b, "bias", columns), Input(b, "residual", rows, columns), Input(b, "gamma", columns),
            Input(b, "dy", rows, columns), Result(b, "dx", rows, columns), Result(b, "dresidual", rows, columns), AccumulateResidual: false,
            1e-12f))),
    ];

    /// <summary>As T5 has it: of the sum that was kept, whose other gradient is added; both terms get it.</summary>
    private static IEnumerable<MeasuredCase> RmsNormBackward(long rows, long columns) =>
    [
        .. BenchmarkCases.OfOneStep($"RMS norm parameters backward {rows} x {columns}", b => b.Add(new RmsNormParametersBackwardStep(
            "dgamma", Input(b, "sum", rows, columns), null, Input(b, "dy", rows, columns), Result(b, "dgamma", columns), Statistics(b, rows),
            1e-6f, Accumulate: false))),
        .. BenchmarkCases.OfOneStep($"RMS norm backward {rows} x {columns}", b => b.Add(new RmsNormBackwardStep(
            "dx", Input(b, "sum", rows, columns), null, Input(b, "gamma", columns), Input(b, "dy", rows, columns),
            Input(b, "dsum", rows, columns), Result(b, "dx", rows, columns), AccumulateX: false, Result(b, "dresidual", rows, columns), AccumulateResidual: false, 1e-6f))),
    ];

    private static TensorSpec Result(ProgramBuilder b, string name, params ReadOnlySpan<long> shape) =>
        b.Declare(name, new Shape(shape), DType.F32, TensorCategory.Output);

    private static TensorSpec Statistics(ProgramBuilder b, params ReadOnlySpan<long> shape) =>
        b.Declare("statistics", new Shape(shape), DType.F32, TensorCategory.Workspace);

    private static TensorSpec Input(ProgramBuilder b, string name, params ReadOnlySpan<long> shape) => b.Input(name, DType.F32, shape);

    private static TensorSpec Result(ProgramBuilder b, params ReadOnlySpan<long> shape) => Result(b, "y", shape);

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
