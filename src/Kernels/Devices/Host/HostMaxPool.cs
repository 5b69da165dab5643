using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Kernels.Devices;

/// <summary>
/// Max pooling on the host: square window, no padding, NCHW, output extents floor((input - window) / stride) + 1. A NaN in a window
/// is its maximum.
/// </summary>
public static class HostMaxPool
{
    [ThreadStatic]
    private static MaxPoolWork? t_work;

    public static void Run(in MaxPoolCall call, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        (t_work ??= new MaxPoolWork()).Run(call, pool);
    }
}

/// <summary>An item is a run of channels of an image.</summary>
internal sealed unsafe class MaxPoolWork : IParallelWork
{
    private const long ItemElements = 65536;

    private MaxPoolCall _call;
    private long _planesPerItem;
    private long _p;
    private long _q;

    public void Run(in MaxPoolCall call, WorkerPool pool)
    {
        _call = call;
        _p = (call.H - call.Window) / call.Stride + 1;
        _q = (call.W - call.Window) / call.Stride + 1;
        long planes = call.N * call.C;
        _planesPerItem = Math.Max(1, ItemElements / (call.H * call.W));
        pool.Run(this, checked((int)((planes + _planesPerItem - 1) / _planesPerItem)));
    }

    public void Execute(int item, int worker)
    {
        unchecked
        {
            long first = item * _planesPerItem;
            long last = Math.Min(first + _planesPerItem, _call.N * _call.C);
            bool halving = _call is { Window: 2, Stride: 2 };
            for (long plane = first; plane < last; plane++)
            {
                float* x = (float*)_call.X.Address + plane * _call.H * _call.W;
                float* y = (float*)_call.Y.Address + plane * _p * _q;
                for (long row = 0; row < _p; row++, x += _call.Stride * _call.W, y += _q)
                {
                    if (halving)
                    {
                        HalvedRow(x, x + _call.W, y, (nint)_q);
                    }
                    else
                    {
                        Row(x, y);
                    }
                }
            }
        }
    }

    private static void HalvedRow(float* top, float* bottom, float* y, nint count)
    {
        unchecked
        {
            nint i = 0;
            if (Avx2.IsSupported)
            {
                for (; i <= count - 8; i += 8)
                {
                    Vector256<float> low = Vector256.Max(Vector256.Load(top + 2 * i), Vector256.Load(bottom + 2 * i));
                    Vector256<float> high = Vector256.Max(Vector256.Load(top + 2 * i + 8), Vector256.Load(bottom + 2 * i + 8));
                    Vector256<float> even = Avx.Shuffle(low, high, 0x88);
                    Vector256<float> odd = Avx.Shuffle(low, high, 0xDD);
                    // The shuffles work within halves and leave the quarters in the order 0 2 1 3.
                    Avx2.Permute4x64(Vector256.Max(even, odd).AsDouble(), 0xD8).AsSingle().Store(y + i);
                }
            }

            for (; i < count; i++)
            {
                y[i] = MathF.Max(MathF.Max(top[2 * i], top[2 * i + 1]), MathF.Max(bottom[2 * i], bottom[2 * i + 1]));
            }
        }
    }

    private void Row(float* x, float* y)
    {
        unchecked
        {
            for (long column = 0; column < _q; column++)
            {
                float* window = x + column * _call.Stride;
                float maximum = *window;
                for (long r = 0; r < _call.Window; r++)
                {
                    for (long s = 0; s < _call.Window; s++)
                    {
                        maximum = MathF.Max(maximum, window[r * _call.W + s]);
                    }
                }

                y[column] = maximum;
            }
        }
    }
}
