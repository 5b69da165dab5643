using Harness.Kernels.Devices;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Kernels.Tests.HostMath;

public class HostConvolutionBackwardTests
{
    public static TheoryData<ConvolutionShape> Shapes =>
    [
        .. HostConvolutionTests.Shapes,

        // Inputs that no output reads, several images, more pixels than one block of the sum; Winograd with a padding that leaves the data gradient none.
        new ConvolutionShape(2, 3, 8, 11, 4, 2, 2, 0, 3),
        new ConvolutionShape(3, 2, 40, 23, 5, 3, 3, 1, 2),
        new ConvolutionShape(3, 16, 9, 9, 16, 3, 3, 2, 1),
        new ConvolutionShape(7, 16, 64, 64, 32, 3, 3, 1, 1),
        new ConvolutionShape(1, 600, 9, 9, 520, 3, 3, 1, 1),
    ];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_weight_gradient_agrees_with_double_precision_and_keeps_to_its_workspace(ConvolutionShape shape)
    {
        using var pool = new WorkerPool(2);
        CheckWeight(shape, pool);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_data_gradient_agrees_with_double_precision_and_keeps_to_its_workspace(ConvolutionShape shape)
    {
        using var pool = new WorkerPool(2);
        CheckData(shape, pool);
    }

    [Fact]
    public void The_workspace_follows_the_formula_of_the_page()
    {
        // Worked by hand from docs/convolution.md. 64 -> 64 at 224: 3136 tiles, 128 channels together, at most 512 tiles: 7 blocks of 448.
        Assert.Equal(4 * 36 * 128 * 448, HostConvolutionBackward.WeightWorkspaceBytes(new(1, 64, 224, 224, 64, 3, 3, 1, 1)));

        // 256 -> 512 at 28: 49 tiles, 768 channels, at most 16 * 5 tiles: one block of 64.
        Assert.Equal(4 * 36 * 768 * 64, HostConvolutionBackward.WeightWorkspaceBytes(new(1, 256, 28, 28, 512, 3, 3, 1, 1)));

        // 17 -> 33: 32 + 64 channels; 3 images of 2 x 3 tiles: one block of 32.
        Assert.Equal(4 * 36 * 96 * 32, HostConvolutionBackward.WeightWorkspaceBytes(new(3, 17, 7, 9, 33, 3, 3, 1, 1)));

        // 4000 -> 4000: a block has 16 tiles, however many channels there are.
        Assert.Equal(4 * 36 * 8000 * 16, HostConvolutionBackward.WeightWorkspaceBytes(new(1, 4000, 20, 20, 4000, 3, 3, 1, 1)));
        Assert.Equal(0, HostConvolutionBackward.WeightWorkspaceBytes(new(1, 3, 224, 224, 64, 3, 3, 1, 1)));
        Assert.Equal(0, HostConvolutionBackward.WeightWorkspaceBytes(new(1, 64, 56, 56, 64, 3, 3, 1, 2)));

        // The data gradient of 64 -> 128 is the convolution 128 -> 64: 784 tiles in 2 blocks of 392, and the filters.
        Assert.Equal(4 * 36 * 128 * (392 + 64), HostConvolutionBackward.DataWorkspaceBytes(new(1, 64, 112, 112, 128, 3, 3, 1, 1)));

        // Padding 0 makes 7 x 7 of 9 x 9, and the gradient 9 x 9 of 7 x 7 again: 9 tiles.
        Assert.Equal(4 * 36 * 16 * 9, HostConvolutionBackward.DataWorkspaceBytes(new(1, 16, 9, 9, 16, 3, 3, 0, 1)));
        Assert.Equal(0, HostConvolutionBackward.DataWorkspaceBytes(new(1, 16, 9, 9, 16, 3, 3, 3, 1)));
        Assert.Equal(0, HostConvolutionBackward.DataWorkspaceBytes(new(1, 64, 56, 56, 64, 1, 1, 0, 1)));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    public void The_bytes_do_not_depend_on_the_number_of_workers(int channels)
    {
        var shape = new ConvolutionShape(2, channels, 30, 30, 40, 3, 3, 1, 1);
        float[]? firstWeight = null, firstData = null;
        foreach (int workers in new[] { 1, 2, 5 })
        {
            using var pool = new WorkerPool(workers);
            float[] weight = CheckWeight(shape, pool), data = CheckData(shape, pool);
            Assert.True((firstWeight ??= weight).AsSpan().SequenceEqual(weight));
            Assert.True((firstData ??= data).AsSpan().SequenceEqual(data));
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
            Run();
            Assert.Equal(0, ManagedAllocation.LeastBytesOf(Run));

            void Run()
            {
                for (int i = 0; i < 5; i++)
                {
                    HostConvolutionBackward.Weight(buffers.WeightCall(beta: 0), pool);
                    HostConvolutionBackward.Data(buffers.DataCall(), pool);
                }
            }
        }
    }

    private static float[] CheckWeight(ConvolutionShape shape, WorkerPool pool)
    {
        using var buffers = new Buffers(shape);
        (double[] sums, double[] magnitudes) = PlainConvolution.WeightBackward(shape, buffers.X.Span, buffers.Dy.Span);
        bool winograd = buffers.WeightWorkspace.Count > 0;
        long terms = shape.N * shape.P * shape.Q;
        HostConvolutionBackward.Weight(buffers.WeightCall(beta: 0), pool);
        buffers.CheckGuards();
        float[] written = buffers.Dw.Span.ToArray();
        Compare(shape, terms, written, sums, magnitudes, winograd);
        CheckWritten(buffers.WeightWorkspace);

        buffers.WeightWorkspace.Span.Fill(float.NaN);
        buffers.Dw.Span.Fill(0.5f);
        HostConvolutionBackward.Weight(buffers.WeightCall(beta: 1), pool);
        Compare(shape, terms, buffers.Dw.Span, [.. sums.Select(sum => sum + 0.5)], [.. magnitudes.Select(size => size + 0.5)], winograd);
        return written;
    }

    private static float[] CheckData(ConvolutionShape shape, WorkerPool pool)
    {
        using var buffers = new Buffers(shape);
        (double[] sums, double[] magnitudes) = PlainConvolution.DataBackward(shape, buffers.Weight.Span, buffers.Dy.Span);
        HostConvolutionBackward.Data(buffers.DataCall(), pool);
        buffers.CheckGuards();
        Compare(shape, shape.K * shape.R * shape.S, buffers.Dx.Span, sums, magnitudes, buffers.DataWorkspace.Count > 0);
        CheckWritten(buffers.DataWorkspace);
        return buffers.Dx.Span.ToArray();
    }

    /// <summary>
    /// Relative to the scale of the result, a sum of so many products; Winograd's transforms scale values up and back, and so lose about one
    /// decimal digit.
    /// </summary>
    private static void Compare(
        ConvolutionShape shape, long terms, ReadOnlySpan<float> actual, double[] expected, double[] magnitudes, bool winograd)
    {
        double tolerance = (winograd ? 3e-5 : 2e-6) * (Math.Sqrt(terms) / 3 + 1);
        for (int i = 0; i < actual.Length; i++)
        {
            // What nothing is added to is 0, exactly.
            if (!(Math.Abs(actual[i] - expected[i]) <= (magnitudes[i] == 0 ? 0 : tolerance)))
            {
                Assert.Fail($"{shape}: element {i} is {actual[i]}, expected {expected[i]} within {tolerance}");
            }
        }
    }

    /// <summary>The workspace began as NaN: what was not written would have shown in the result, had it been read.</summary>
    private static void CheckWritten(NativeFloats workspace)
    {
        foreach (float value in workspace.Span)
        {
            Assert.False(float.IsNaN(value), "part of the workspace was never written");
        }
    }

    private sealed class Buffers(ConvolutionShape shape) : IDisposable
    {
        public NativeFloats X { get; } = NativeFloats.Random(shape.N * shape.C * shape.H * shape.W, 1);

        public NativeFloats Weight { get; } = NativeFloats.Random(shape.K * shape.C * shape.R * shape.S, 2);

        public NativeFloats Dy { get; } = NativeFloats.Random(shape.N * shape.K * shape.P * shape.Q, 3);

        public NativeFloats Dw { get; } = NativeFloats.Filled(shape.K * shape.C * shape.R * shape.S, float.NaN);

        public NativeFloats Dx { get; } = NativeFloats.Filled(shape.N * shape.C * shape.H * shape.W, float.NaN);

        public NativeFloats WeightWorkspace { get; } = NativeFloats.Filled(HostConvolutionBackward.WeightWorkspaceBytes(shape) / sizeof(float), float.NaN);

        public NativeFloats DataWorkspace { get; } = NativeFloats.Filled(HostConvolutionBackward.DataWorkspaceBytes(shape) / sizeof(float), float.NaN);

        public ConvolutionWeightBackwardCall WeightCall(float beta) => new(
            shape, X.Pointer, Dy.Pointer, Dw.Pointer, WeightWorkspace.Pointer, WeightWorkspace.Count * sizeof(float), beta);

        public ConvolutionDataBackwardCall DataCall() => new(
            shape, Weight.Pointer, Dy.Pointer, Dx.Pointer, DataWorkspace.Pointer, DataWorkspace.Count * sizeof(float));

        public void CheckGuards()
        {
            Dw.CheckGuards();
            Dx.CheckGuards();
            WeightWorkspace.CheckGuards();
            DataWorkspace.CheckGuards();
        }

        public void Dispose()
        {
            foreach (NativeFloats buffer in (NativeFloats[])[X, Weight, Dy, Dw, Dx, WeightWorkspace, DataWorkspace])
            {
                buffer.Dispose();
            }
        }
    }
}
