using System.Runtime.InteropServices;

namespace Harness.Kernels.Devices;

/// <summary>
/// Any convolution as the product [pixels, C R S] [C R S, K] of each image, whose left operand is gathered from x panel by panel
/// and never stored. Pixels are the rows, because a channel of y is contiguous in them.
/// </summary>
internal sealed unsafe class ImplicitGemmWork : IParallelWork
{
    private ConvolutionCall _call;
    private WorkerPool _pool = null!;
    private GemmBlocking _blocking;
    private nint _pixels;
    private nint _depth;

    public void Run(in ConvolutionCall call, WorkerPool pool)
    {
        ConvolutionShape shape = call.Shape;
        _call = call;
        _pool = pool;
        _pixels = (nint)(shape.P * shape.Q);
        _depth = (nint)(shape.C * shape.R * shape.S);
        _blocking = new GemmBlocking(_pixels, shape.K, _depth, shape.N, pool.Workers);
        pool.Run(this, checked((int)(_blocking.RowBlocks * _blocking.ColumnBlocks * shape.N)));
    }

    public void Execute(int item, int worker)
    {
        unchecked
        {
            ConvolutionShape shape = _call.Shape;
            long columnBlock = item % _blocking.ColumnBlocks;
            long rest = item / _blocking.ColumnBlocks;
            long rowBlock = rest % _blocking.RowBlocks;
            long image = rest / _blocking.RowBlocks;

            nint pixel = (nint)(rowBlock * _blocking.BlockRows);
            nint filter = (nint)(columnBlock * _blocking.BlockColumns);
            nint pixels = (nint)Math.Min(_blocking.BlockRows, _pixels - pixel);
            nint filters = (nint)Math.Min(_blocking.BlockColumns, shape.K - filter);

            float* x = (float*)_call.X.Address + image * shape.C * shape.H * shape.W;
            float* weight = (float*)_call.Weight.Address + filter * _depth;
            float* bias = (float*)_call.Bias.Address + filter;
            float* y = (float*)_call.Y.Address + (image * shape.K + filter) * _pixels + pixel;

            float* left = (float*)_pool.Scratch(worker, _blocking.ScratchBytes);
            float* right = left + _blocking.LeftElements;
            nint step = (nint)_blocking.BlockDepth;
            for (nint k = 0; k < _depth; k += step)
            {
                nint d = Math.Min(step, _depth - k);
                nint groups = PanelPacking.RoundUpDepth(d) / PanelKernel.DepthGroup;
                float* panel = left;
                for (nint i = 0; i < pixels; i += PanelKernel.Lanes, panel += groups * (PanelKernel.DepthGroup * PanelKernel.Lanes))
                {
                    Gather(x, pixel + i, Math.Min(PanelKernel.Lanes, pixels - i), k, d, panel);
                }

                for (nint j = 0; j < filters; j += PanelKernel.Columns)
                {
                    nint count = Math.Min(PanelKernel.Columns, filters - j);
                    float* to = y + j * _pixels;
                    PanelPacking.Right(weight + k + j * _depth, _depth, false, count, d, right);
                    PanelTiles.Multiply(left, right, groups, pixels, count, 1, k == 0 ? 0 : 1, to, _pixels);
                    if (k + d == _depth)
                    {
                        AddBias(to, pixels, count, bias + j);
                    }
                }
            }
        }
    }

    // panel[k * 32 + i] = the input that output pixel (first + i) multiplies with weight (depth + k) of a filter, 0 in the padding.
    private void Gather(float* x, nint first, nint pixels, nint depth, nint depths, float* panel)
    {
        unchecked
        {
            nint h = (nint)_call.Shape.H, w = (nint)_call.Shape.W, q = (nint)_call.Shape.Q;
            nint kernelWidth = (nint)_call.Shape.S, kernel = (nint)(_call.Shape.R * _call.Shape.S);
            nint padding = _call.Shape.Padding, stride = _call.Shape.Stride;
            NativeMemory.Clear(panel, (nuint)(PanelPacking.RoundUpDepth(depths) * PanelKernel.Lanes * sizeof(float)));
            for (nint done = 0; done < pixels;)
            {
                nint row = (first + done) / q, column = (first + done) % q;
                nint count = Math.Min(pixels - done, q - column);
                for (nint k = 0; k < depths; k++)
                {
                    nint channel = (depth + k) / kernel, place = (depth + k) % kernel;
                    nint inputRow = row * stride + place / kernelWidth - padding;
                    if (inputRow >= 0 && inputRow < h)
                    {
                        StridedRow.ReadOverZeros(
                            x + (channel * h + inputRow) * w, w, column * stride + place % kernelWidth - padding, stride, count,
                            panel + k * PanelKernel.Lanes + done);
                    }
                }

                done += count;
            }
        }
    }

    private void AddBias(float* y, nint pixels, nint filters, float* bias)
    {
        for (nint j = 0; j < filters; j++)
        {
            Epilogue.AddBias(y + j * _pixels, pixels, bias[j], _call.Relu);
        }
    }
}
