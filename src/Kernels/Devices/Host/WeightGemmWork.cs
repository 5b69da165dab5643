using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Harness.Kernels.Devices;

/// <summary>
/// The gradient of any convolution's weights as the product [K, pixels] [pixels, C R S] summed over the images, whose right operand is
/// gathered from x a few columns at a time and never stored. An item sums a rectangle of the result in its scratch, turned, over all pixels
/// in order.
/// </summary>
internal sealed unsafe class WeightGemmWork : IParallelWork
{
    private const int Depth = PanelKernel.DepthGroup;

    private ConvolutionWeightBackwardCall _call;
    private WorkerPool _pool = null!;
    private GemmBlocking _blocking;
    private nint _pixels;
    private nint _taps;

    public void Run(in ConvolutionWeightBackwardCall call, WorkerPool pool)
    {
        ConvolutionShape shape = call.Shape;
        _call = call;
        _pool = pool;
        _pixels = (nint)(shape.P * shape.Q);
        _taps = (nint)(shape.C * shape.R * shape.S);
        _blocking = new GemmBlocking(shape.K, _taps, _pixels, 1, pool.Workers);
        pool.Run(this, checked((int)(_blocking.RowBlocks * _blocking.ColumnBlocks)));
    }

    public void Execute(int item, int worker)
    {
        unchecked
        {
            ConvolutionShape shape = _call.Shape;
            nint filter = (nint)(item % _blocking.RowBlocks * _blocking.BlockRows);
            nint tap = (nint)(item / _blocking.RowBlocks * _blocking.BlockColumns);
            nint filters = (nint)Math.Min(_blocking.BlockRows, shape.K - filter);
            nint taps = (nint)Math.Min(_blocking.BlockColumns, _taps - tap);
            nint step = (nint)_blocking.BlockDepth;

            long sumElements = _blocking.BlockRows * _blocking.BlockColumns;
            long bytes = _blocking.ScratchBytes + (sumElements + step + Math.Max(taps, Depth)) * sizeof(float);
            float* left = (float*)_pool.Scratch(worker, bytes);
            float* right = left + _blocking.LeftElements;
            float* sums = right + PanelKernel.Columns * step;
            float* line = sums + sumElements;
            for (nint image = 0; image < (nint)shape.N; image++)
            {
                float* x = (float*)_call.X.Address + image * (nint)(shape.C * shape.H * shape.W);
                float* dy = (float*)_call.OutputGradient.Address + (image * (nint)shape.K + filter) * _pixels;
                for (nint pixel = 0; pixel < _pixels; pixel += step)
                {
                    nint d = Math.Min(step, _pixels - pixel);
                    nint groups = PanelPacking.RoundUpDepth(d) / Depth;
                    float* panel = left;
                    for (nint i = 0; i < filters; i += PanelKernel.Lanes, panel += groups * (Depth * PanelKernel.Lanes))
                    {
                        PanelPacking.Left(dy + i * _pixels + pixel, _pixels, true, Math.Min(PanelKernel.Lanes, filters - i), d, panel);
                    }

                    float beta = image == 0 && pixel == 0 ? 0 : 1;
                    for (nint j = 0; j < taps; j += PanelKernel.Columns)
                    {
                        nint count = Math.Min(PanelKernel.Columns, taps - j);
                        for (nint c = 0; c < count; c++)
                        {
                            GatherTap(x, tap + j + c, pixel, d, line);
                            for (nint k = 0; k < groups; k++)
                            {
                                Unsafe.CopyBlockUnaligned(right + (k * count + c) * Depth, line + k * Depth, Depth * sizeof(float));
                            }
                        }

                        PanelTiles.Multiply(left, right, groups, filters, count, 1, beta, sums + j * filters, filters);
                    }
                }
            }

            // sums is [taps][filters].
            float* to = (float*)_call.WeightGradient.Address + filter * _taps + tap;
            for (nint f = 0; f < filters; f++, to += _taps)
            {
                for (nint j = 0; j < taps; j++)
                {
                    line[j] = sums[j * filters + f];
                }

                RowSum.Write(line, taps, _call.Beta != 0, to);
            }
        }
    }

    // line[i] = the input that weight `tap` of a filter multiplies at output pixel (first + i), 0 in the padding and up to a whole group of 16.
    private void GatherTap(float* x, nint tap, nint first, nint pixels, float* line)
    {
        unchecked
        {
            nint h = (nint)_call.Shape.H, w = (nint)_call.Shape.W, q = (nint)_call.Shape.Q;
            nint kernelWidth = (nint)_call.Shape.S, kernel = (nint)(_call.Shape.R * _call.Shape.S);
            nint padding = _call.Shape.Padding, stride = _call.Shape.Stride;
            nint channel = tap / kernel, place = tap % kernel;
            float* plane = x + channel * h * w;
            nint row = first / q, column = first % q;
            for (nint done = 0; done < pixels; row++, column = 0)
            {
                nint count = Math.Min(pixels - done, q - column);
                nint inputRow = row * stride + place / kernelWidth - padding;
                if (inputRow >= 0 && inputRow < h)
                {
                    StridedRow.Read(plane + inputRow * w, w, column * stride + place % kernelWidth - padding, stride, count, line + done);
                }
                else
                {
                    NativeMemory.Clear(line + done, (nuint)(count * sizeof(float)));
                }

                done += count;
            }

            NativeMemory.Clear(line + pixels, (nuint)((PanelPacking.RoundUpDepth(pixels) - pixels) * sizeof(float)));
        }
    }
}
