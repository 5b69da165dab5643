using Harness.Tests.Shared;
using System.Numerics;
using System.Runtime.InteropServices;
using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;
using Harness.Kernels.Reference;
using Xunit;

namespace Harness.Kernels.Tests.Launch;

public class LaunchTableTests
{
    [Fact]
    public void A_launch_allocates_no_managed_memory()
    {
        using var device = new NullDevice();
        var table = new LaunchTable(device);
        CheckCase[] cases = [.. KernelCheck.Cases(device)];
        DevicePointer[] addresses = [.. Enumerable.Range(1, 16).Select(i => new DevicePointer((ulong)i << 20))];
        foreach (CheckCase check in cases)
        {
            table.Launch(check.Step, addresses);
        }

        Assert.Equal(0, ManagedAllocation.LeastBytesOf(() =>
        {
            foreach (CheckCase check in cases)
            {
                table.Launch(check.Step, addresses);
            }
        }));
    }

    /// <summary>cuBLAS's meaning, written out: column-major, element (row, column) at column * ld + row.</summary>
    [Fact]
    public void The_column_major_call_computes_the_row_major_product()
    {
        using var workspace = new NullDevice();
        foreach (CheckCase check in KernelCheck.Cases(workspace).Where(check => check.Entry == "gemm"))
        {
            var step = (GemmStep)check.Step;
            using var device = new RecordingDevice();
            new LaunchTable(device).Launch(step, [new(0), new(1), new(2)]);
            GemmCall call = device.Gemm!.Value;
            float[][] operands = [.. check.Contents.Take(2).Select(bytes => MemoryMarshal.Cast<byte, float>(bytes).ToArray())];
            double[] c = check.Contents[2] is { } old
                ? Array.ConvertAll(MemoryMarshal.Cast<byte, float>(old).ToArray(), value => (double)value)
                : new double[step.C.Shape.Elements];
            for (long batch = 0; batch < call.BatchCount; batch++)
            {
                for (long row = 0; row < call.M; row++)
                {
                    for (long column = 0; column < call.N; column++)
                    {
                        double sum = 0;
                        for (long k = 0; k < call.K; k++)
                        {
                            long a = call.TransposeA ? row * call.LeadingDimensionA + k : k * call.LeadingDimensionA + row;
                            long b = call.TransposeB ? k * call.LeadingDimensionB + column : column * call.LeadingDimensionB + k;
                            sum += (double)operands[call.A.Address][batch * call.StrideA + a] * operands[call.B.Address][batch * call.StrideB + b];
                        }

                        long at = batch * call.StrideC + column * call.LeadingDimensionC + row;
                        c[at] = call.Alpha * sum + call.Beta * c[at];
                    }
                }
            }

            Assert.Equal(2UL, call.C.Address);
            Assert.Equal(step.Accumulate ? 1 : 0, call.Beta);
            Assert.Equal(check.Expected[0].Values, c);
        }
    }

    [Theory]
    [InlineData(16, 4, 2)]
    [InlineData(32, 8, 2)]
    [InlineData(64, 4, 2)]
    [InlineData(64, 8, 2)]
    [InlineData(128, 8, 3)]
    [InlineData(256, 8, 4)]
    [InlineData(512, 8, 5)]
    [InlineData(4, 8, 0)]
    [InlineData(96, 8, 3)]
    [InlineData(100, 8, 5)]
    [InlineData(37, 8, 5)]
    [InlineData(320, 4, 5)]
    [InlineData(320, 8, 4)]
    [InlineData(768, 8, 5)]
    [InlineData(1024, 8, 5)]
    public void Lanes_share_a_softmax_row_four_pieces_each_where_they_can(long columns, int registerPieces, int lanesLog2) =>
        Assert.Equal(lanesLog2, SoftmaxLauncher.LanesLog2(columns, registerPieces));

    [Fact]
    public void An_extent_beyond_the_kernels_counts_is_the_callers_mistake()
    {
        using var device = new NullDevice();
        var x = new TensorSpec(0, "x", new Shape(1L << 20, 1L << 12), DType.F32, TensorCategory.Input);
        var table = new TensorSpec(1, "y", new Shape(1L << 31, 1), DType.F32, TensorCategory.Output);
        new LaunchTable(device).Launch(new BiasActivationStep("tall", x, null, x, Activation.Relu), [new(256), new(512)]);

        Assert.Throws<CallerException>(() => new LaunchTable(device).Launch(
            new BiasActivationStep("taller", table, null, table, Activation.Relu), [new(256), new(512)]));
        Assert.Throws<CallerException>(() => new LaunchTable(device, new KernelVersions(Softmax: 9)).Launch(
            new SoftmaxStep("version", Scores(), null, null, Scores(), 1), [new(256), new(512)]));

        static TensorSpec Scores() => new(0, "scores", new Shape(1, 1, 1, 4), DType.F32, TensorCategory.Input);
    }

    /// <summary>Thresholds in integers: distance n is past threshold j where (n / exact)^L reaches (max / exact)^j.</summary>
    [Theory]
    [InlineData(32, false, 128)]
    [InlineData(32, true, 128)]
    [InlineData(8, true, 20)]
    [InlineData(64, false, 1000)]
    public void Position_thresholds_are_those_of_exact_arithmetic(int buckets, bool causal, int maxDistance)
    {
        int perSide = causal ? buckets : buckets / 2, exact = perSide / 2, logarithmic = perSide - exact;
        var zero = new FillZeroStep("bias", new TensorSpec(0, "y", new Shape(1), DType.F32, TensorCategory.Output));
        ulong[] thresholds = new ulong[RelativePositionBiasLauncher.LargestThresholds];
        RelativePositionBiasLauncher.WriteThresholds(zero, maxDistance, perSide, thresholds);

        for (int j = 1; j < logarithmic; j++)
        {
            int n = exact;
            while (BigInteger.Pow(n, logarithmic) * BigInteger.Pow(exact, j) < BigInteger.Pow(maxDistance, j) * BigInteger.Pow(exact, logarithmic))
            {
                n++;
            }

            Assert.Equal((ulong)n, thresholds[j - 1]);
            Assert.Equal(exact + j, RelativePositionBiasReference.Bucket(-n, causal, buckets, maxDistance));
            Assert.Equal(exact + j - 1, RelativePositionBiasReference.Bucket(-n + 1, causal, buckets, maxDistance));
        }
    }

    [Fact]
    public void Too_many_buckets_or_none_to_spare_is_the_callers_mistake()
    {
        foreach ((int buckets, int maxDistance) in ((int, int)[])[(512, 1000), (32, 8), (2, 100)])
        {
            var table = new TensorSpec(0, "table", new Shape(buckets, 1), DType.F32, TensorCategory.Input);
            var y = new TensorSpec(1, "y", new Shape(1, 1, 1), DType.F32, TensorCategory.Output);
            using var device = new NullDevice();
            Assert.Throws<CallerException>(() => new LaunchTable(device).Launch(
                new RelativePositionBiasStep("bias", table, y, false, maxDistance), [new(256), new(512)]));
        }
    }

    /// <summary>Keeps the last product it was asked for.</summary>
    private sealed class RecordingDevice : IDevice
    {
        public GemmCall? Gemm { get; private set; }
        public DeviceDescription Description { get; } = new("recording", "recording");
        public bool Computes => false;
        public DeviceCounters? Counters => null;
        public DevicePointer Allocate(string name, long bytes) => throw new NotSupportedException();
        public void Free(DevicePointer region) => throw new NotSupportedException();
        public int BeginBuffer(string name, DevicePointer address, long bytes) => throw new NotSupportedException();
        public BufferTouch? EndBuffer(int buffer) => throw new NotSupportedException();
        public BufferTouch? Touch(int buffer) => throw new NotSupportedException();
        public void CopyToDevice(DevicePointer destination, ReadOnlySpan<byte> source) => throw new NotSupportedException();
        public void CopyToHost(Span<byte> destination, DevicePointer source) => throw new NotSupportedException();
        public KernelHandle Kernel(string entry) => throw new NotSupportedException();
        public void Launch(in KernelLaunch launch) => throw new NotSupportedException();
        void IDevice.Gemm(in GemmCall call) => Gemm = call;
        public void Convolution(in ConvolutionCall call) => throw new NotSupportedException();
        public void ConvolutionWeightBackward(in ConvolutionWeightBackwardCall call) => throw new NotSupportedException();
        public void ConvolutionDataBackward(in ConvolutionDataBackwardCall call) => throw new NotSupportedException();
        public void MaxPool(in MaxPoolCall call) => throw new NotSupportedException();
        public long WorkspaceBytes(in ConvolutionShape shape) => throw new NotSupportedException();
        public long WeightBackwardWorkspaceBytes(in ConvolutionShape shape) => throw new NotSupportedException();
        public long DataBackwardWorkspaceBytes(in ConvolutionShape shape) => throw new NotSupportedException();
        public void Synchronize() => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
