using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Cuda;

/// <summary>
/// Every form of product that a model has, from the row-major step to the arguments that cuBLAS gets. Derived by hand from one fact: the memory of a
/// row-major matrix X [R,C], read by columns with leading dimension C, is X^T [C,R]. cuBLAS computes C = op(A) op(B) by columns, so for a
/// row-major Y = L R it must be handed Y^T = R^T L^T: m is Y's columns, n its rows, A stands for R and B for L.
/// </summary>
public sealed class GemmTests
{
    /// <summary>
    /// y [6,5] = x [6,4] w^T, w [5,4]. By columns y is y^T [5,6], ldc 5, so m = 5, n = 6, k = 4. y^T = w x^T. Memory of w by columns is w^T
    /// [4,5] with ld 4, and w is wanted: T. Memory of x by columns is x^T [4,6] with ld 4, which is wanted: N.
    /// </summary>
    [Fact]
    public void A_linear_layer() => Check(
        b => b.Linear("y", b.Input("x", DType.F32, 2, 3, 4), b.Input("w", DType.F32, 5, 4), 0.5f),
        "cublasGemmEx(cublas1, T, N, 5, 6, 4, 0.5, D3, 4, D2, 4, 0, D4, 5, 32F_PEDANTIC)");

    /// <summary>
    /// y [2,5] = x[:,0,:] w^T with x [2,3,4], w [5,4]. As a linear layer, but the rows of x that are taken lie 3 * 4 apart: by columns x^T has ld 12.
    /// </summary>
    [Fact]
    public void A_linear_layer_of_first_tokens() => Check(
        b => b.FirstTokenLinear("y", b.Input("x", DType.F32, 2, 3, 4), b.Input("w", DType.F32, 5, 4)),
        "cublasGemmEx(cublas1, T, N, 5, 2, 4, 1, D3, 4, D2, 12, 0, D4, 5, 32F_PEDANTIC)");

    /// <summary>
    /// For each of 2 * 3 heads s [5,7] = q [5,4] k^T, k [7,4]. By columns s^T [7,5] = k q^T: m = 7, n = 5, k = 4, ldc 7. Memory of k is k^T [4,7]
    /// with ld 4: T. Memory of q is q^T [4,5] with ld 4: N. From head to head 7 * 4 = 28, 5 * 4 = 20 and 5 * 7 = 35 elements.
    /// </summary>
    [Fact]
    public void Attention_scores() => Check(
        b => b.AttentionScores("s", b.Input("q", DType.F32, 2, 3, 5, 4), b.Input("k", DType.F32, 2, 3, 7, 4)),
        "cublasGemmStridedBatchedEx(cublas1, T, N, 7, 5, 4, 1, D3, 4, 28, D2, 4, 20, 0, D4, 7, 35, 6, 32F_PEDANTIC)");

    /// <summary>
    /// For each of 2 * 3 heads o [5,4] = p [5,7] v [7,4]. By columns o^T [4,5] = v^T p^T: m = 4, n = 5, k = 7, ldc 4. Memory of v is v^T [4,7]
    /// with ld 4, which is wanted: N. Memory of p is p^T [7,5] with ld 7: N. From head to head 7 * 4 = 28, 5 * 7 = 35 and 5 * 4 = 20 elements.
    /// </summary>
    [Fact]
    public void Attention_context() => Check(
        b => b.AttentionContext("o", b.Input("p", DType.F32, 2, 3, 5, 7), b.Input("v", DType.F32, 2, 3, 7, 4)),
        "cublasGemmStridedBatchedEx(cublas1, N, N, 4, 5, 7, 1, D3, 4, 28, D2, 7, 35, 0, D4, 4, 20, 6, 32F_PEDANTIC)");

    /// <summary>One head of one sequence is one matrix: no batch, no strides.</summary>
    [Fact]
    public void Attention_scores_of_a_single_head() => Check(
        b => b.AttentionScores("s", b.Input("q", DType.F32, 1, 1, 5, 4), b.Input("k", DType.F32, 1, 1, 7, 4)),
        "cublasGemmEx(cublas1, T, N, 7, 5, 4, 1, D3, 4, D2, 4, 0, D4, 7, 32F_PEDANTIC)");

    /// <summary>A first operand that is stored transposed, which no model has: y [6,5] = x^T w, x [4,6], w [4,5]. y^T = w^T x: N with ld 5, T with ld 6.</summary>
    [Fact]
    public void A_product_of_transposes()
    {
        using var rig = new CudaRig();
        DevicePointer x = rig.Put("x", Values(24, 1)), w = rig.Put("w", Values(20, 2)), y = rig.Room("y", 30);
        var step = new GemmStep(
            "y", Tensor(0, 4, 6), new MatrixLayout(6, 0, true), Tensor(1, 4, 5), new MatrixLayout(5, 0, false), Tensor(2, 6, 5), new MatrixLayout(5, 0, false),
            1, 6, 5, 4, 1);
        rig.Calls();
        new LaunchTable(rig.Device).Launch(step, [x, w, y]);
        Assert.Equal(["cublasGemmEx(cublas1, N, T, 5, 6, 4, 1, D3, 5, D2, 6, 0, D4, 5, 32F_PEDANTIC)"], rig.Calls());
    }

    [Fact]
    public void What_32_bits_cannot_count_is_the_callers_mistake()
    {
        using var rig = new CudaRig();
        var call = new GemmCall(false, false, 1, 1, 1, 1, default, 1L << 31, 0, default, 1, 0, 0, default, 1, 0, 1);
        Assert.Contains("lda is 2147483648", Assert.Throws<CallerException>(() => rig.Device.Gemm(call)).Message);
    }

    /// <summary>
    /// TF32 is said to cuBLAS and shown to the user, and operands have 10 bits of mantissa: 1 + 2^-11 becomes 1 + 2^-10 (halves away from zero),
    /// times 1.
    /// </summary>
    [Fact]
    public void TF32_is_asked_for_by_name()
    {
        using var rig = new CudaRig(CudaOptions.Default with { Math = MathMode.Tf32 });
        DevicePointer a = rig.Put("a", 1 + MathF.Pow(2, -11)), b = rig.Put("b", 1), c = rig.Room("c", 1);
        rig.Calls();
        rig.Device.Gemm(new GemmCall(false, false, 1, 1, 1, 1, a, 1, 0, b, 1, 0, 0, c, 1, 0, 1));
        Assert.Equal(["cublasGemmEx(cublas1, N, N, 1, 1, 1, 1, D2, 1, D3, 1, 0, D4, 1, 32F_FAST_TF32)"], rig.Calls());
        Assert.Equal([1 + MathF.Pow(2, -10)], rig.Get(c, 1));
        Assert.Contains("TF32", rig.Device.Description.Name);
    }

    /// <summary>From compute capability 9.0 on cuBLAS wants 32 MiB.</summary>
    [Theory]
    [InlineData(8, 4 << 20)]
    [InlineData(9, 32 << 20)]
    public void The_workspace_is_ours_and_of_the_recommended_size(int computeMajor, long bytes)
    {
        var gpu = new Harness.Tests.Shared.NativeDouble.FakeGpu();
        gpu.Script.ComputeMajor = computeMajor;
        using var rig = new CudaRig(gpu: gpu);
        Assert.Equal([$"cublasSetWorkspace(cublas1, D1, {bytes})"], gpu.Log.Named("cublasSetWorkspace").Select(call => call.ToString()));
        Assert.Equal([new DeviceAllocation("cuBLAS workspace", bytes)], rig.Device.OwnAllocations);
    }

    /// <summary>
    /// The call is what was derived, and its numbers are the software GPU's: that one's error is at most (k + 2) u times the sum of
    /// magnitudes (k products and additions, a product with alpha), the double's a single rounding of the result, u times as much.
    /// </summary>
    private static void Check(Func<ProgramBuilder, TensorSpec> build, string expected)
    {
        var builder = new ProgramBuilder("product");
        TensorSpec y = build(builder);
        builder.Add("twice", y, y, TensorCategory.Output);
        var step = (GemmStep)builder.Build().Steps[0];
        float[] a = Values(step.A.Shape.Elements, 3), b = Values(step.B.Shape.Elements, 4);
        using var rig = new CudaRig();
        DevicePointer[] addresses = [rig.Put("a", a), rig.Put("b", b), rig.Room("c", y.Shape.Elements)];
        rig.Calls();
        new LaunchTable(rig.Device).Launch(step, addresses);
        Assert.Equal([expected], rig.Calls());
        Assert.Equal(1, rig.Device.Launches);

        float[] observed = rig.Get(addresses[2], y.Shape.Elements), simulated = Simulated(step, a, b);
        float[] magnitudes = Simulated(step, Array.ConvertAll(a, Math.Abs), Array.ConvertAll(b, Math.Abs));
        for (int i = 0; i < observed.Length; i++)
        {
            double tolerance = (step.K + 3) * Math.Pow(2, -24) * magnitudes[i] * 1.001;
            Assert.True(Math.Abs((double)observed[i] - simulated[i]) <= tolerance, $"element {i}: {observed[i]:r}, simulated {simulated[i]:r}");
        }
    }

    private static float[] Simulated(GemmStep step, float[] a, float[] b)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        var addresses = new DevicePointer[3];
        foreach ((TensorSpec tensor, float[]? values) in new[] { (step.A, a), (step.B, b), (step.C, null) })
        {
            addresses[tensor.Index] = device.Allocate(tensor.Name, tensor.Bytes);
            device.BeginBuffer(tensor.Name, addresses[tensor.Index], tensor.Bytes);
            if (values is not null)
            {
                device.CopyToDevice(addresses[tensor.Index], System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
            }
        }

        new LaunchTable(device).Launch(step, addresses);
        float[] c = new float[step.C.Shape.Elements];
        device.CopyToHost(System.Runtime.InteropServices.MemoryMarshal.AsBytes(c.AsSpan()), addresses[step.C.Index]);
        return c;
    }

    private static float[] Values(long count, ulong seed) => new SeededValues(seed).Floats(count, 1);

    private static TensorSpec Tensor(int index, params ReadOnlySpan<long> shape) =>
        new(index, $"t{index}", new Shape(shape), DType.F32, index == 2 ? TensorCategory.Output : TensorCategory.Input);
}
