using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Harness.Kernels.Devices;

namespace Harness.Tests.Shared.NativeDouble;

internal readonly record struct ConvolutionOperands(
    ConvolutionShape Shape, float Alpha1, float Alpha2, ulong X, ulong W, ulong Z, ulong Bias, ulong Y, ulong Workspace, long WorkspaceBytes,
    bool Relu, bool Tf32);

/// <summary>y = act(alpha1 conv(x, w) + alpha2 z + bias) by the definition, in double precision; the workspace is filled with NaN, as if it were used.</summary>
internal sealed class ConvolutionWork(FakeGpu gpu, ConvolutionOperands operands)
    : Work("cudnnConvolutionBiasActivationForward", Ranges(gpu, operands))
{
    public override void Run(FakeGpu gpu)
    {
        ConvolutionOperands o = operands;
        ConvolutionShape s = o.Shape;
        ReadOnlySpan<float> x = Read(gpu, "x", o.X, s.N * s.C * s.H * s.W), w = Read(gpu, "w", o.W, s.K * s.C * s.R * s.S), bias = Read(gpu, "bias", o.Bias, s.K);
        x = o.Tf32 ? TensorFloat.Round(x) : x;
        w = o.Tf32 ? TensorFloat.Round(w) : w;
        ReadOnlySpan<float> z = o.Alpha2 == 0 ? default : Read(gpu, "z", o.Z, s.N * s.K * s.P * s.Q);
        if (o.WorkspaceBytes > 0)
        {
            gpu.Memory.Span(o.Workspace, o.WorkspaceBytes).Fill(0xFF);
            gpu.Memory.MarkWritten(o.Workspace, o.WorkspaceBytes);
        }

        Span<float> y = MemoryMarshal.Cast<byte, float>(gpu.Memory.Span(o.Y, 4 * s.N * s.K * s.P * s.Q));
        int i = 0;
        for (int n = 0; n < s.N; n++)
        {
            for (int k = 0; k < s.K; k++)
            {
                for (int p = 0; p < s.P; p++)
                {
                    for (int q = 0; q < s.Q; q++, i++)
                    {
                        double value = (o.Alpha1 * Sum(s, x, w, n, k, p, q)) + (o.Alpha2 == 0 ? 0 : o.Alpha2 * (double)z[i]) + bias[k];
                        y[i] = o.Relu && value < 0 ? 0 : (float)value;
                    }
                }
            }
        }

        gpu.Memory.MarkWritten(o.Y, 4L * y.Length);
    }

    /// <summary>One output, without bias: the window's cells that lie in the image.</summary>
    private static double Sum(in ConvolutionShape s, ReadOnlySpan<float> x, ReadOnlySpan<float> w, int n, int k, int p, int q)
    {
        double sum = 0;
        for (int c = 0; c < s.C; c++)
        {
            for (int r = 0; r < s.R; r++)
            {
                long row = (p * s.Stride) + r - s.Padding;
                for (int t = 0; t < s.S && row >= 0 && row < s.H; t++)
                {
                    long column = (q * s.Stride) + t - s.Padding;
                    if (column >= 0 && column < s.W)
                    {
                        sum += (double)x[(int)((((((n * s.C) + c) * s.H) + row) * s.W) + column)] * w[(int)((((((k * s.C) + c) * s.R) + r) * s.S) + t)];
                    }
                }
            }
        }

        return sum;
    }

    internal static ReadOnlySpan<float> Read(FakeGpu gpu, string what, ulong address, long elements)
    {
        gpu.Memory.Bytes.Read($"convolution {what}", new DevicePointer(gpu.Memory.ToHost(address)), 4 * elements);
        return MemoryMarshal.Cast<byte, float>(gpu.Memory.Span(address, 4 * elements));
    }

    private static ImmutableArray<AddressRange> Ranges(FakeGpu gpu, in ConvolutionOperands o)
    {
        ConvolutionShape s = o.Shape;
        var y = new AddressRange(gpu.Operand("y", o.Y, 4 * s.N * s.K * s.P * s.Q), 4 * s.N * s.K * s.P * s.Q);
        ImmutableArray<AddressRange> read =
        [
            new(gpu.Operand("x", o.X, 4 * s.N * s.C * s.H * s.W), 4 * s.N * s.C * s.H * s.W),
            new(gpu.Operand("w", o.W, 4 * s.K * s.C * s.R * s.S), 4 * s.K * s.C * s.R * s.S),
            new(gpu.Operand("bias", o.Bias, 4 * s.K), 4 * s.K),
        ];
        gpu.Operand("z", o.Z, y.Bytes);
        var written = new List<AddressRange> { y };
        if (o.WorkspaceBytes > 0)
        {
            written.Add(new AddressRange(gpu.Operand("workspace", o.Workspace, o.WorkspaceBytes, alignment: 16), o.WorkspaceBytes));
        }

        return read.Any(range => written.Exists(range.Overlaps)) || (written.Count == 2 && y.Overlaps(written[1]))
            ? throw gpu.Misuse("the operands of a convolution overlap")
            : [.. read, .. written];
    }
}

/// <summary>The largest of each window.</summary>
internal sealed class PoolingWork(
    FakeGpu gpu, ulong x, (int N, int C, int H, int W) from, ulong y, (int N, int C, int H, int W) to, int window, int stride,
    bool propagatesNan) : Work("cudnnPoolingForward", Ranges(gpu, x, from, y, to))
{
    public override void Run(FakeGpu gpu)
    {
        Span<float> input = MemoryMarshal.Cast<byte, float>(gpu.Memory.Span(x, Bytes(from)));
        Span<float> output = MemoryMarshal.Cast<byte, float>(gpu.Memory.Span(y, Bytes(to)));
        int i = 0;
        for (int plane = 0; plane < from.N * from.C; plane++)
        {
            for (int p = 0; p < to.H; p++)
            {
                for (int q = 0; q < to.W; q++, i++)
                {
                    float largest = float.NegativeInfinity;
                    for (int h = p * stride; h < (p * stride) + window; h++)
                    {
                        int at = (((plane * from.H) + h) * from.W) + (q * stride);
                        gpu.Memory.Bytes.Read("pooling x", new DevicePointer(gpu.Memory.ToHost(x + (ulong)(4L * at))), 4L * window);
                        foreach (float value in input.Slice(at, window))
                        {
                            largest = value > largest || (propagatesNan && float.IsNaN(value)) ? value : largest;
                        }
                    }

                    output[i] = largest;
                }
            }
        }

        gpu.Memory.MarkWritten(y, Bytes(to));
    }

    private static long Bytes((int N, int C, int H, int W) extents) => 4L * extents.N * extents.C * extents.H * extents.W;

    private static ImmutableArray<AddressRange> Ranges(FakeGpu gpu, ulong x, (int N, int C, int H, int W) from, ulong y, (int N, int C, int H, int W) to)
    {
        var read = new AddressRange(gpu.Operand("x", x, Bytes(from)), Bytes(from));
        var written = new AddressRange(gpu.Operand("y", y, Bytes(to)), Bytes(to));
        return read.Overlaps(written) ? throw gpu.Misuse("the operands of a pooling overlap") : [read, written];
    }
}
