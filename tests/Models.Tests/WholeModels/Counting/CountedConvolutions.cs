using Harness.Kernels.Programs;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>
/// Convolutions forward and backward by their sums. All taps count, those on the zeros around an image or an error signal, too (docs/formulas.md).
/// </summary>
internal static class CountedConvolutions
{
    public static void Forward(CountedTensors t, ConvolutionStep s)
    {
        Counted[] w = t.Read(s.Weight), bias = t.Read(s.Bias);
        var x = new Padded(t, s.X);
        (Shape output, Shape filter) = (s.Y.Shape, s.Weight.Shape);
        t.Write(s.Y, Elements(output).Select(y =>
        {
            Counted sum = t.Number(0);
            for (long c = 0, tap = y.Channel * filter[1] * filter[2] * filter[3]; c < filter[1]; c++)
            {
                for (long i = 0; i < filter[2]; i++)
                {
                    for (long j = 0; j < filter[3]; j++, tap++)
                    {
                        sum = sum.MultiplyAccumulate(x[y.Image, c, y.Row * s.Stride + i - s.Padding, y.Column * s.Stride + j - s.Padding], w[tap]);
                    }
                }
            }

            sum += bias[y.Channel];
            return s.Relu ? sum.Or(t.Number(0)) : sum;
        }));
    }

    /// <summary>dw[k,c,i,j] (+)= sum over images and outputs of x where the tap was, times dy.</summary>
    public static void Weight(CountedTensors t, ConvolutionWeightBackwardStep s)
    {
        Counted[] dy = t.Read(s.OutputGradient);
        var x = new Padded(t, s.X);
        Shape output = s.OutputGradient.Shape;
        t.WriteOrAdd(
            s.WeightGradient,
            Elements(s.WeightGradient.Shape).Select(w =>
            {
                Counted sum = t.Number(0);
                for (long n = 0; n < output[0]; n++)
                {
                    long plane = (n * output[1] + w.Image) * output[2] * output[3]; // of a weight the first dimension is the filter
                    for (long p = 0; p < output[2]; p++)
                    {
                        for (long q = 0; q < output[3]; q++)
                        {
                            Counted pixel = x[n, w.Channel, p * s.Stride + w.Row - s.Padding, q * s.Stride + w.Column - s.Padding];
                            sum = sum.MultiplyAccumulate(pixel, dy[plane + p * output[3] + q]);
                        }
                    }
                }

                return sum;
            }),
            s.Accumulate);
    }

    /// <summary>dx[n,c,h,w] = sum over filters and taps of w times dy where the tap reads this pixel, with zeros around dy.</summary>
    public static void Data(CountedTensors t, ConvolutionDataBackwardStep s)
    {
        // With a larger stride there are pixels and taps without an output between others, and what counts there is not said anywhere.
        if (s.Stride != 1)
        {
            throw new InvalidOperationException($"the work of stride {s.Stride} is not defined");
        }

        Counted[] w = t.Read(s.Weight);
        var dy = new Padded(t, s.OutputGradient);
        Shape filter = s.Weight.Shape;
        t.Write(s.InputGradient, Elements(s.InputGradient.Shape).Select(x =>
        {
            Counted sum = t.Number(0);
            for (long k = 0; k < filter[0]; k++)
            {
                long taps = (k * filter[1] + x.Channel) * filter[2] * filter[3];
                for (long i = 0; i < filter[2]; i++)
                {
                    for (long j = 0; j < filter[3]; j++)
                    {
                        sum = sum.MultiplyAccumulate(dy[x.Image, k, x.Row + s.Padding - i, x.Column + s.Padding - j], w[taps + i * filter[3] + j]);
                    }
                }
            }

            return sum;
        }));
    }

    /// <summary>Every place of a tensor of four dimensions, in row-major order.</summary>
    private static IEnumerable<(long Image, long Channel, long Row, long Column)> Elements(Shape shape)
    {
        for (long i = 0; i < shape.Elements; i++)
        {
            yield return (i / (shape[1] * shape[2] * shape[3]), i / (shape[2] * shape[3]) % shape[1], i / shape[3] % shape[2], i % shape[3]);
        }
    }

    /// <summary>[N,C,H,W] with zeros around every plane.</summary>
    private sealed class Padded(CountedTensors t, TensorSpec tensor)
    {
        private readonly Counted[] _values = t.Read(tensor);
        private readonly Counted _zero = t.Number(0);
        private readonly long _channels = tensor.Shape[1], _height = tensor.Shape[2], _width = tensor.Shape[3];

        public Counted this[long image, long channel, long row, long column] =>
            row >= 0 && row < _height && column >= 0 && column < _width
                ? _values[((image * _channels + channel) * _height + row) * _width + column]
                : _zero;
    }
}
