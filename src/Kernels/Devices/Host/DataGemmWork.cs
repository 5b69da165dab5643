using System.Runtime.InteropServices;

namespace Harness.Kernels.Devices;

/// <summary>
/// The gradient of any convolution's input as the product [pixels of x, K R S] [K R S, C] of each image, whose left operand is gathered from dy
/// panel by panel and never stored. With a stride, most of it is zero.
/// </summary>
internal sealed unsafe class DataGemmWork : IParallelWork
{
    private const int Depth = PanelKernel.DepthGroup;

    private ConvolutionDataBackwardCall _call;
    private WorkerPool _pool = null!;
    private GemmBlocking _blocking;
    private nint _pixels;
    private nint _depth;
    private nint _taps;

    public void Run(in ConvolutionDataBackwardCall call, WorkerPool pool)
    {
        ConvolutionShape shape = call.Shape;
        _call = call;
        _pool = pool;
        _pixels = (nint)(shape.H * shape.W);
        _taps = (nint)(shape.R * shape.S);
        _depth = (nint)shape.K * _taps;
        _blocking = new GemmBlocking(_pixels, shape.C, _depth, shape.N, pool.Workers);
        pool.Run(this, checked((int)(_blocking.RowBlocks * _blocking.ColumnBlocks * shape.N)));
    }

    public void Execute(int item, int worker)
    {
        unchecked
        {
            ConvolutionShape shape = _call.Shape;
            long columnBlock = item % _blocking.ColumnBlocks;
            long rest = item / _blocking.ColumnBlocks;
            nint pixel = (nint)(rest % _blocking.RowBlocks * _blocking.BlockRows);
            nint image = (nint)(rest / _blocking.RowBlocks);
            nint channel = (nint)(columnBlock * _blocking.BlockColumns);
            nint pixels = (nint)Math.Min(_blocking.BlockRows, _pixels - pixel);
            nint channels = (nint)Math.Min(_blocking.BlockColumns, shape.C - channel);

            float* dy = (float*)_call.OutputGradient.Address + image * (nint)(shape.K * shape.P * shape.Q);
            float* dx = (float*)_call.InputGradient.Address + (image * (nint)shape.C + channel) * _pixels + pixel;
            float* left = (float*)_pool.Scratch(worker, _blocking.ScratchBytes);
            float* right = left + _blocking.LeftElements;
            nint step = (nint)_blocking.BlockDepth;
            for (nint k = 0; k < _depth; k += step)
            {
                nint d = Math.Min(step, _depth - k);
                nint groups = PanelPacking.RoundUpDepth(d) / Depth;
                float* panel = left;
                for (nint i = 0; i < pixels; i += PanelKernel.Lanes, panel += groups * (Depth * PanelKernel.Lanes))
                {
                    Gather(dy, pixel + i, Math.Min(PanelKernel.Lanes, pixels - i), k, d, panel);
                }

                for (nint j = 0; j < channels; j += PanelKernel.Columns)
                {
                    nint count = Math.Min(PanelKernel.Columns, channels - j);
                    PackWeights(channel + j, count, k, d, right);
                    PanelTiles.Multiply(left, right, groups, pixels, count, 1, k == 0 ? 0 : 1, dx + j * _pixels, _pixels);
                }
            }
        }
    }

    // panel[k * 32 + i] = the output gradient that reached input pixel (first + i) by weight (depth + k) of its filter, 0 where no output read it so.
    private void Gather(float* dy, nint first, nint pixels, nint depth, nint depths, float* panel)
    {
        unchecked
        {
            nint w = (nint)_call.Shape.W, p = (nint)_call.Shape.P, q = (nint)_call.Shape.Q, kernelWidth = (nint)_call.Shape.S;
            nint padding = _call.Shape.Padding, stride = _call.Shape.Stride;
            NativeMemory.Clear(panel, (nuint)(PanelPacking.RoundUpDepth(depths) * PanelKernel.Lanes * sizeof(float)));
            for (nint done = 0; done < pixels;)
            {
                nint row = (first + done) / w, column = (first + done) % w;
                nint count = Math.Min(pixels - done, w - column);
                for (nint k = 0; k < depths; k++)
                {
                    nint filter = (depth + k) / _taps, place = (depth + k) % _taps;
                    nint strides = row + padding - place / kernelWidth;
                    if (strides >= 0 && strides % stride == 0 && strides / stride < p)
                    {
                        SpreadRow(
                            dy + (filter * p + strides / stride) * q, q, column + padding - place % kernelWidth, stride, count,
                            panel + k * PanelKernel.Lanes + done);
                    }
                }

                done += count;
            }
        }
    }

    // to[i] = row[(start + i) / stride] where that is whole and inside the row; elsewhere to stays as it is.
    private static void SpreadRow(float* row, nint width, nint start, nint stride, nint count, float* to)
    {
        unchecked
        {
            if (stride == 1)
            {
                StridedRow.ReadOverZeros(row, width, start, 1, count, to);
                return;
            }

            nint i = start <= 0 ? -start : (stride - start % stride) % stride;
            for (nint at = (start + i) / stride; i < count && at < width; i += stride, at++)
            {
                to[i] = row[at];
            }
        }
    }

    // packed[k / 16 * columns * 16 + j * 16 + k % 16] = weight (depth + k) of channel (first + j): w[filter, channel, place].
    private void PackWeights(nint first, nint channels, nint depth, nint depths, float* packed)
    {
        unchecked
        {
            nint filterStride = (nint)_call.Shape.C * _taps;
            nint rounded = PanelPacking.RoundUpDepth(depths);
            for (nint j = 0; j < channels; j++)
            {
                float* weights = (float*)_call.Weight.Address + (first + j) * _taps;
                nint filter = depth / _taps, place = depth % _taps;
                for (nint k = 0; k < rounded; k++)
                {
                    packed[(k / Depth * channels + j) * Depth + k % Depth] = k < depths ? weights[filter * filterStride + place] : 0;
                    if (++place == _taps)
                    {
                        place = 0;
                        filter++;
                    }
                }
            }
        }
    }
}
