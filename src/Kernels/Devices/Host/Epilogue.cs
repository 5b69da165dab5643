using System.Numerics;

namespace Harness.Kernels.Devices;

/// <summary>What a convolution does to its sums before they leave the cache.</summary>
internal static unsafe class Epilogue
{
    /// <summary>y[i] += bias, then max(y[i], 0) where asked for (a NaN stays one).</summary>
    public static void AddBias(float* y, nint count, float bias, bool relu)
    {
        unchecked
        {
            Vector<float> biases = new(bias);
            nint i = 0;
            for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> value = Vector.Load(y + i) + biases;
                Vector.Store(relu ? Vector.Max(value, Vector<float>.Zero) : value, y + i);
            }

            for (; i < count; i++)
            {
                float value = y[i] + bias;
                y[i] = relu ? MathF.Max(value, 0) : value;
            }
        }
    }
}
