using Harness.Kernels.Programs;

namespace Harness.Benchmarks;

/// <summary>Products, named M x N x K as cuBLAS sees them (column-major); those of the models read their weights transposed.</summary>
internal static class GemmCases
{
    public static IEnumerable<MeasuredCase> All() =>
    [
        .. Square(1024),
        .. Square(4096),
        .. Linear("bert query", rows: 512, outputs: 768, inputs: 768),
        .. Linear("bert intermediate", rows: 512, outputs: 3072, inputs: 768),
        .. Linear("bert output", rows: 512, outputs: 768, inputs: 3072),
        .. Square("bert scores 96 x 64x64x64", 64, batch: 96, transposed: true),
        .. Square("bert context 96 x 64x64x64", 64, batch: 96, transposed: false),
        .. Linear("t5-small logits", rows: 8, outputs: 32128, inputs: 512),
        .. Linear("vgg16 classifier.0", rows: 1, outputs: 4096, inputs: 25088),
        .. Linear("vgg16 classifier.0", rows: 32, outputs: 4096, inputs: 25088),
    ];

    /// <summary>n x n x n, nothing transposed.</summary>
    public static IEnumerable<MeasuredCase> Square(long n) => Square($"{n}^3", n, batch: 1, transposed: false);

    /// <param name="transposed">the second operand, row-major</param>
    private static IEnumerable<MeasuredCase> Square(string name, long n, long batch, bool transposed) => BenchmarkCases.OfOneStep(name, b =>
    {
        var layout = new MatrixLayout(n, n * n, Transposed: false);
        TensorSpec left = b.Input("a", DType.F32, batch, n, n), right = b.Input("b", DType.F32, batch, n, n);
        TensorSpec product = b.Declare("c", new Shape(batch, n, n), DType.F32, TensorCategory.Output);
        b.Add(new GemmStep("c", left, layout, right, layout with { Transposed = transposed }, product, layout, batch, n, n, n, Alpha: 1));
    });

    private static IEnumerable<MeasuredCase> Linear(string name, long rows, long outputs, long inputs) => BenchmarkCases.OfOneStep(
        $"{name} {outputs}x{rows}x{inputs}",
        b => b.Linear("c", b.Input("x", DType.F32, rows, inputs), b.Input("weight", DType.F32, outputs, inputs), category: TensorCategory.Output));
}
