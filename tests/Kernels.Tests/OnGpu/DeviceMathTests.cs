using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Harness.Kernels.Tests.Cuda;
using Harness.Kernels.Tests.HostMath;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Kernels.Tests.OnGpu;

/// <summary>What every device must compute, in the vendors' terms, against double precision: the same bodies on each of them.</summary>
public abstract class DeviceMathTests
{
    /// <summary>m, n, k, unused elements between columns and matrices, matrices.</summary>
    public static TheoryData<int, int, int, int, int> Products => new()
    {
        { 1, 1, 1, 0, 1 }, { 1, 5, 3, 2, 1 }, { 7, 1, 33, 0, 2 }, { 37, 16, 64, 1, 3 }, { 64, 64, 64, 0, 4 }, { 33, 70, 131, 3, 2 },
    };

    public static TheoryData<ConvolutionShape> Convolutions => HostConvolutionTests.Shapes;

    public static TheoryData<int, int, int, int, int, int> Pools => new()
    {
        { 1, 1, 2, 2, 2, 2 }, { 2, 3, 7, 5, 2, 2 }, { 1, 4, 9, 9, 3, 2 }, { 3, 2, 8, 6, 2, 1 },
    };

    [Theory]
    [MemberData(nameof(Products))]
    public void A_product_of_any_form_agrees_with_double_precision(int m, int n, int k, int slack, int batch)
    {
        IDevice device = Device;
        foreach ((bool transposeA, bool transposeB) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            foreach ((float alpha, float beta) in new[] { (1f, 0f), (0.125f, 0f), (-2f, 0.5f) })
            {
                CheckProduct(device, transposeA, transposeB, m, n, k, slack, batch, alpha, beta);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void A_convolution_of_any_shape_agrees_with_double_precision(ConvolutionShape shape)
    {
        IDevice device = Device;
        float[] x = Values(shape.N * shape.C * shape.H * shape.W, 1), w = Values(shape.K * shape.C * shape.R * shape.S, 2), bias = Values(shape.K, 3);
        long elements = shape.N * shape.K * shape.P * shape.Q;
        float[] expected = PlainConvolution.Run(shape, x, w, bias);
        using var memory = new Memory(device);
        DevicePointer deviceX = memory.In("x", x), deviceW = memory.In("w", w), deviceBias = memory.In("bias", bias);
        foreach (bool relu in new[] { false, true })
        {
            DevicePointer y = memory.In("y", [.. Enumerable.Repeat(float.NaN, (int)elements)]);
            long workspaceBytes = device.WorkspaceBytes(shape);
            DevicePointer workspace = workspaceBytes == 0 ? DevicePointer.Null : memory.Room("workspace", workspaceBytes);
            device.Convolution(new ConvolutionCall(shape, deviceX, deviceW, deviceBias, y, workspace, workspaceBytes, relu));
            float[] actual = memory.Read(y, elements);

            // Relative to the scale of the result; an algorithm of Winograd's or Fourier's kind loses about a decimal digit (docs/convolution.md).
            double tolerance = 3e-5 * (Math.Sqrt(shape.C * shape.R * shape.S) / 3 + 1);
            for (int i = 0; i < actual.Length; i++)
            {
                double wanted = relu ? Math.Max(expected[i], 0) : expected[i];
                Assert.True(Math.Abs(actual[i] - wanted) <= tolerance, $"{shape}, relu {relu}: element {i} is {actual[i]}, must be {wanted} within {tolerance}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void The_gradients_of_a_convolution_of_any_shape_agree_with_double_precision(ConvolutionShape shape)
    {
        IDevice device = Device;
        float[] x = Values(shape.N * shape.C * shape.H * shape.W, 8), w = Values(shape.K * shape.C * shape.R * shape.S, 9);
        float[] dy = Values(shape.N * shape.K * shape.P * shape.Q, 10);
        using var memory = new Memory(device);
        DevicePointer deviceX = memory.In("x", x), deviceW = memory.In("w", w), deviceDy = memory.In("dy", dy);
        foreach (float beta in new[] { 0f, 1f })
        {
            DevicePointer dw = memory.In("dw", [.. w.Select(value => beta == 0 ? float.NaN : value)]);
            long weightBytes = device.WeightBackwardWorkspaceBytes(shape);
            device.ConvolutionWeightBackward(new ConvolutionWeightBackwardCall(shape, deviceX, deviceDy, dw, Workspace(weightBytes), weightBytes, beta));
            double[] sums = PlainConvolution.WeightBackward(shape, x, dy).Sums;
            Compare("dw", memory.Read(dw, w.Length), [.. sums.Select((sum, i) => sum + beta * w[i])], shape.N * shape.P * shape.Q);
        }

        DevicePointer dx = memory.In("dx", [.. Enumerable.Repeat(float.NaN, x.Length)]);
        long dataBytes = device.DataBackwardWorkspaceBytes(shape);
        device.ConvolutionDataBackward(new ConvolutionDataBackwardCall(shape, deviceW, deviceDy, dx, Workspace(dataBytes), dataBytes));
        Compare("dx", memory.Read(dx, x.Length), PlainConvolution.DataBackward(shape, w, dy).Sums, shape.K * shape.R * shape.S);

        DevicePointer Workspace(long bytes) => bytes == 0 ? DevicePointer.Null : memory.Room("workspace", bytes);

        // As for the forward convolution.
        void Compare(string what, float[] actual, double[] expected, long terms)
        {
            double tolerance = 3e-5 * (Math.Sqrt(terms) / 3 + 1);
            for (int i = 0; i < actual.Length; i++)
            {
                Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance, $"{shape}: element {i} of {what} is {actual[i]}, must be {expected[i]} within {tolerance}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pools))]
    public void A_max_pool_is_exact(int n, int c, int h, int w, int window, int stride)
    {
        IDevice device = Device;
        int p = (h - window) / stride + 1, q = (w - window) / stride + 1;
        float[] x = Values(n * c * h * w, 4);
        using var memory = new Memory(device);
        DevicePointer y = memory.In("y", [.. Enumerable.Repeat(float.NaN, n * c * p * q)]);
        device.MaxPool(new MaxPoolCall(n, c, h, w, window, stride, memory.In("x", x), y));
        float[] actual = memory.Read(y, n * c * p * q);
        for (int i = 0; i < actual.Length; i++)
        {
            int image = i / (p * q), top = i / q % p * stride, left = i % q * stride;
            float expected = Enumerable.Range(0, window * window).Max(k => x[(image * h + top + k / window) * w + left + k % window]);
            Assert.Equal(expected, actual[i]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(70_001)]
    public void Bytes_come_back_as_they_went(int count)
    {
        IDevice device = Device;
        byte[] sent = new byte[count], back = new byte[count];
        new Random(count).NextBytes(sent);
        using var memory = new Memory(device);
        DevicePointer at = memory.Room("bytes", count + 3) + 3;
        device.CopyToDevice(at, sent);
        device.CopyToHost(back, at);
        Assert.Equal(sent, back);
    }

    protected abstract IDevice Device { get; }

    private static void CheckProduct(
        IDevice device, bool transposeA, bool transposeB, int m, int n, int k, int slack, int batch, float alpha, float beta)
    {
        int lda = (transposeA ? k : m) + slack, ldb = (transposeB ? n : k) + slack, ldc = m + slack;
        int strideA = lda * (transposeA ? m : k) + slack, strideB = ldb * (transposeB ? k : n) + slack, strideC = ldc * n + slack;
        float[] a = Values(strideA * batch, 5), b = Values(strideB * batch, 6), before = Values(strideC * batch, 7);
        using var memory = new Memory(device);
        DevicePointer c = memory.In("c", before);
        device.Gemm(new GemmCall(
            transposeA, transposeB, m, n, k, alpha, memory.In("a", a), lda, strideA, memory.In("b", b), ldb, strideB, beta, c, ldc, strideC, batch));
        float[] actual = memory.Read(c, before.Length);
        for (int at = 0; at < actual.Length; at++)
        {
            int matrix = at / strideC, j = at % strideC / ldc, i = at % strideC % ldc;
            if (i >= m || j >= n)
            {
                Assert.Equal(before[at], actual[at]); // what lies between columns and matrices is not touched
                continue;
            }

            double sum = 0, magnitude = 0;
            for (int l = 0; l < k; l++)
            {
                double term = (double)a[matrix * strideA + (transposeA ? l + i * lda : i + l * lda)] * b[matrix * strideB + (transposeB ? j + l * ldb : l + j * ldb)];
                sum += term;
                magnitude += Math.Abs(term);
            }

            double previous = beta == 0 ? 0 : (double)beta * before[at], expected = alpha * sum + previous;
            // A sum of k products in any order: (k + 2) half ulps of the sum of magnitudes.
            double tolerance = (k + 2) * 6e-8 * (Math.Abs(alpha) * magnitude + Math.Abs(previous)) + 1e-30;
            Assert.True(
                Math.Abs(actual[at] - expected) <= tolerance,
                $"{m}x{n}x{k}, transposes {transposeA} {transposeB}, alpha {alpha}, beta {beta}: ({i},{j}) of {matrix} is {actual[at]}, must be {expected} within {tolerance}");
        }
    }

    /// <summary>Uniform in -1 .. 1.</summary>
    private static float[] Values(long count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, (int)count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    /// <summary>Buffers that are gone at the end.</summary>
    private sealed class Memory(IDevice device) : IDisposable
    {
        private readonly List<(DevicePointer Region, int Buffer)> _buffers = [];

        public DevicePointer Room(string name, long bytes)
        {
            DevicePointer region = device.Allocate(name, bytes);
            _buffers.Add((region, device.BeginBuffer(name, region, bytes)));
            return region;
        }

        public DevicePointer In(string name, float[] values)
        {
            DevicePointer region = Room(name, values.Length * sizeof(float));
            device.CopyToDevice(region, MemoryMarshal.AsBytes(values.AsSpan()));
            return region;
        }

        public float[] Read(DevicePointer region, long floats)
        {
            var values = new float[floats];
            device.CopyToHost(MemoryMarshal.AsBytes(values.AsSpan()), region);
            return values;
        }

        public void Dispose()
        {
            foreach ((DevicePointer region, int buffer) in _buffers)
            {
                device.EndBuffer(buffer);
                device.Free(region);
            }
        }
    }
}

public sealed class SimulatedMathTests : DeviceMathTests, IDisposable
{
    private readonly SimulatedDevice _device = new(KernelLibrary.Embedded, workers: 1);

    protected override IDevice Device => _device;

    public void Dispose() => _device.Dispose();
}

[Trait(Gpu.Category, Gpu.Needed)]
[Collection(Gpu.Needed)]
public sealed class GpuMathTests(SharedGpu gpu) : DeviceMathTests, IClassFixture<SharedGpu>
{
    protected override IDevice Device => gpu.Device;
}
