using Harness.Kernels.Devices;
using Xunit;

namespace Harness.Kernels.Tests.HostMath;

public class HostMaxPoolTests
{
    [Theory]
    [InlineData(1, 1, 2, 2, 2, 2)]
    [InlineData(2, 3, 14, 14, 2, 2)]
    [InlineData(1, 2, 17, 39, 2, 2)]
    [InlineData(1, 5, 224, 224, 2, 2)]
    [InlineData(1, 2, 9, 10, 3, 2)]
    [InlineData(2, 1, 7, 8, 3, 1)]
    [InlineData(1, 1, 11, 12, 2, 3)]
    [InlineData(1, 1, 5, 6, 1, 1)]
    public void Agrees_with_the_definition(int n, int c, int h, int w, int window, int stride)
    {
        using var pool = new WorkerPool(2);
        int p = (h - window) / stride + 1, q = (w - window) / stride + 1;
        using NativeFloats x = NativeFloats.Random(n * c * h * w, 1);
        using NativeFloats y = NativeFloats.Filled(n * c * p * q, float.NaN);
        HostMaxPool.Run(new MaxPoolCall(n, c, h, w, window, stride, x.Pointer, y.Pointer), pool);
        y.CheckGuards();
        for (int plane = 0; plane < n * c; plane++)
        {
            for (int i = 0; i < p * q; i++)
            {
                float expected = float.NegativeInfinity;
                for (int r = 0; r < window; r++)
                {
                    for (int s = 0; s < window; s++)
                    {
                        expected = Math.Max(expected, x.Span[(plane * h + i / q * stride + r) * w + i % q * stride + s]);
                    }
                }

                Assert.Equal(expected, y.Span[plane * p * q + i]);
            }
        }
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    public void A_nan_is_the_maximum_and_minus_infinity_is_not(int window, int stride)
    {
        using var pool = new WorkerPool(1);
        using NativeFloats x = NativeFloats.Filled(40 * 40, float.NegativeInfinity);
        int q = (40 - window) / stride + 1;
        using NativeFloats y = NativeFloats.Filled(q * q, 0);
        x.Span[0] = float.NaN;
        x.Span[^1] = float.NaN;
        HostMaxPool.Run(new MaxPoolCall(1, 1, 40, 40, window, stride, x.Pointer, y.Pointer), pool);
        Assert.True(float.IsNaN(y.Span[0]));
        Assert.True(float.IsNaN(y.Span[^1]));
        Assert.True(y.Span[1..^1].IndexOfAnyExcept(float.NegativeInfinity) < 0);
    }
}
