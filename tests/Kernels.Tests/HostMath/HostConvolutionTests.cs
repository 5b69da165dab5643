using Harness.Kernels.Devices;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Kernels.Tests.HostMath;

public class HostConvolutionTests
{
    public static TheoryData<ConvolutionShape> Shapes =>
    [
        // Implicit GEMM: sizes, strides, paddings, borders wider than the image.
        new ConvolutionShape(1, 1, 1, 1, 1, 1, 1, 0, 1),
        new ConvolutionShape(2, 1, 5, 7, 3, 3, 3, 1, 1),
        new ConvolutionShape(1, 3, 32, 32, 64, 3, 3, 1, 1),
        new ConvolutionShape(2, 3, 11, 9, 5, 3, 3, 0, 2),
        new ConvolutionShape(1, 16, 13, 13, 32, 3, 3, 1, 2),
        new ConvolutionShape(1, 20, 9, 9, 40, 1, 1, 0, 1),
        new ConvolutionShape(2, 7, 14, 10, 13, 5, 5, 2, 1),
        new ConvolutionShape(1, 4, 12, 40, 6, 1, 7, 3, 1),
        new ConvolutionShape(1, 3, 35, 35, 8, 7, 7, 3, 4),
        new ConvolutionShape(1, 2, 3, 3, 2, 3, 3, 4, 3),
        new ConvolutionShape(1, 100, 6, 6, 14, 3, 3, 1, 1),
        // Winograd: one block of tiles and several, ragged tiles, channels that fill no group, padding 0 to 3.
        new ConvolutionShape(1, 16, 4, 4, 16, 3, 3, 1, 1),
        new ConvolutionShape(1, 16, 1, 1, 16, 3, 3, 1, 1),
        new ConvolutionShape(1, 16, 3, 3, 16, 3, 3, 0, 1),
        new ConvolutionShape(3, 17, 7, 9, 33, 3, 3, 1, 1),
        new ConvolutionShape(1, 37, 14, 14, 70, 3, 3, 1, 1),
        new ConvolutionShape(2, 64, 14, 14, 64, 3, 3, 1, 1),
        new ConvolutionShape(1, 19, 23, 5, 21, 3, 3, 2, 1),
        new ConvolutionShape(1, 16, 6, 50, 32, 3, 3, 3, 1),
        new ConvolutionShape(1, 32, 17, 130, 48, 3, 3, 0, 1),
        new ConvolutionShape(5, 512, 21, 22, 17, 3, 3, 1, 1)
    ];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Agrees_with_double_precision_and_keeps_to_its_workspace(ConvolutionShape shape)
    {
        using var pool = new WorkerPool(2);
        Check(shape, pool);
    }

    [Fact]
    public void The_workspace_follows_the_formula_of_the_page()
    {
        // Worked by hand from docs/convolution.md.
        Assert.Equal(7_815_168, HostConvolution.WorkspaceBytes(new(1, 64, 224, 224, 64, 3, 3, 1, 1)));
        Assert.Equal(10_432_512, HostConvolution.WorkspaceBytes(new(32, 64, 112, 112, 128, 3, 3, 1, 1)));
        Assert.Equal(1_179_648, HostConvolution.WorkspaceBytes(new(1, 512, 14, 14, 512, 3, 3, 1, 1)));
        Assert.Equal(47_185_920, HostConvolution.WorkspaceBytes(new(32, 512, 14, 14, 512, 3, 3, 1, 1)));
        Assert.Equal(0, HostConvolution.WorkspaceBytes(new(1, 3, 224, 224, 64, 3, 3, 1, 1)));
        Assert.Equal(0, HostConvolution.WorkspaceBytes(new(1, 64, 56, 56, 64, 1, 1, 0, 1)));
        Assert.Equal(0, HostConvolution.WorkspaceBytes(new(1, 64, 56, 56, 64, 3, 3, 1, 2)));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    public void The_bytes_do_not_depend_on_the_number_of_workers(int channels)
    {
        var shape = new ConvolutionShape(2, channels, 30, 30, 40, 3, 3, 1, 1);
        float[]? first = null;
        foreach (int workers in new[] { 1, 2, 5 })
        {
            using var pool = new WorkerPool(workers);
            float[] y = Check(shape, pool);
            first ??= y;
            Assert.True(first.AsSpan().SequenceEqual(y));
        }
    }

    [Fact]
    public void A_steady_loop_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        foreach (int channels in new[] { 3, 32 })
        {
            var shape = new ConvolutionShape(1, channels, 20, 20, 32, 3, 3, 1, 1);
            using var buffers = new Buffers(shape);
            HostConvolution.Run(buffers.Call(shape, relu: true), pool);
            Assert.Equal(0, ManagedAllocation.LeastBytesOf(() =>
            {
                for (int i = 0; i < 5; i++)
                {
                    HostConvolution.Run(buffers.Call(shape, relu: true), pool);
                }
            }));
        }
    }

    private static float[] Check(ConvolutionShape shape, WorkerPool pool)
    {
        using var buffers = new Buffers(shape);
        float[] expected = PlainConvolution.Run(shape, buffers.X.Span, buffers.Weight.Span, buffers.Bias.Span);
        HostConvolution.Run(buffers.Call(shape, relu: true), pool);
        float[] rectified = buffers.Y.Span.ToArray();
        buffers.Workspace.Span.Fill(float.NaN);
        HostConvolution.Run(buffers.Call(shape, relu: false), pool);
        buffers.CheckGuards();
        ReadOnlySpan<float> y = buffers.Y.Span;

        // Relative to the scale of the result: the root of C R S products of numbers of standard deviation 1/3 each.
        double scale = Math.Sqrt(shape.C * shape.R * shape.S) / 3 + 1;
        // Winograd's transforms scale values by up to 100 and back, and so lose about one decimal digit.
        double tolerance = (HostConvolution.WorkspaceBytes(shape) > 0 ? 3e-5 : 2e-6) * scale;
        for (int i = 0; i < y.Length; i++)
        {
            if (!(Math.Abs(y[i] - expected[i]) <= tolerance))
            {
                Assert.Fail($"{shape}: element {i} is {y[i]}, expected {expected[i]} within {tolerance}");
            }

            Assert.Equal(Math.Max(y[i], 0), rectified[i]);
        }

        // The workspace began as NaN: what was not written would have shown in y, had it been read.
        foreach (float value in buffers.Workspace.Span)
        {
            Assert.False(float.IsNaN(value), "part of the workspace was never written");
        }

        return y.ToArray();
    }

    private sealed class Buffers(ConvolutionShape shape) : IDisposable
    {
        public NativeFloats X { get; } = NativeFloats.Random(shape.N * shape.C * shape.H * shape.W, 1);

        public NativeFloats Weight { get; } = NativeFloats.Random(shape.K * shape.C * shape.R * shape.S, 2);

        public NativeFloats Bias { get; } = NativeFloats.Random(shape.K, 3);

        public NativeFloats Y { get; } = NativeFloats.Filled(shape.N * shape.K * shape.P * shape.Q, float.NaN);

        public NativeFloats Workspace { get; } = NativeFloats.Filled(HostConvolution.WorkspaceBytes(shape) / sizeof(float), float.NaN);

        public ConvolutionCall Call(ConvolutionShape geometry, bool relu) => new(
            geometry, X.Pointer, Weight.Pointer, Bias.Pointer, Y.Pointer, Workspace.Pointer, Workspace.Count * sizeof(float), relu);

        public void CheckGuards()
        {
            Y.CheckGuards();
            Workspace.CheckGuards();
        }

        public void Dispose()
        {
            X.Dispose();
            Weight.Dispose();
            Bias.Dispose();
            Y.Dispose();
            Workspace.Dispose();
        }
    }
}
