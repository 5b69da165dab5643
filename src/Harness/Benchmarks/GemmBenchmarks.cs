using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Harness.Kernels.Devices;

namespace Harness.Benchmarks;

/// <summary>A shape of C = A B, column-major as cuBLAS has it.</summary>
public sealed record GemmShape(string Name, long M, long N, long K, long Batch)
{
    public double Flops => 2.0 * M * N * K * Batch;

    public override string ToString() => Name;
}

/// <summary>Products on all cores: a square one, and those of BERT-base at batch 8, length 64, where the weights are read transposed.</summary>
public unsafe class GemmBenchmarks
{
    private const nuint AlignmentBytes = 64;

    private WorkerPool _pool = null!;
    private GemmCall _call;

    [ParamsSource(nameof(Shapes))]
    public GemmShape Shape { get; set; } = null!;

    public static IEnumerable<GemmShape> Shapes =>
    [
        new("1024^3", 1024, 1024, 1024, 1),
        new("bert query 768x512x768", 768, 512, 768, 1),
        new("bert intermediate 3072x512x768", 3072, 512, 768, 1),
        new("bert output 768x512x3072", 768, 512, 3072, 1),
        new("bert scores 96 x 64x64x64", 64, 64, 64, 96),
    ];

    [GlobalSetup]
    public void Setup()
    {
        _pool = new WorkerPool(Environment.ProcessorCount);
        bool transposed = Shape.Name.StartsWith("bert", StringComparison.Ordinal);
        _call = new GemmCall(
            transposed, false, Shape.M, Shape.N, Shape.K, 1,
            Matrix(Shape.M * Shape.K), transposed ? Shape.K : Shape.M, Shape.M * Shape.K,
            Matrix(Shape.K * Shape.N), Shape.K, Shape.K * Shape.N, 0,
            Matrix(Shape.M * Shape.N), Shape.M, Shape.M * Shape.N, Shape.Batch);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        NativeMemory.AlignedFree((void*)_call.A.Address);
        NativeMemory.AlignedFree((void*)_call.B.Address);
        NativeMemory.AlignedFree((void*)_call.C.Address);
        _pool.Dispose();
    }

    [Benchmark]
    public void Gemm() => HostGemm.Run(_call, _pool);

    private DevicePointer Matrix(long elements)
    {
        int count = checked((int)(elements * Shape.Batch));
        float* address = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), AlignmentBytes);
        var random = new Random(42);
        for (int i = 0; i < count; i++)
        {
            address[i] = random.NextSingle() - 0.5f;
        }

        return new DevicePointer((ulong)address);
    }
}
