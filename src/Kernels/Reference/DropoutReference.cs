namespace Harness.Kernels.Reference;

/// <summary>
/// Dropout by docs/training.md. What is kept is multiplied by 1 / (1 - p) as an f32, which is part of the definition; what is dropped
/// is 0 whatever it was.
/// </summary>
public static class DropoutReference
{
    /// <summary>1 for each element that is kept: element i takes word i mod 4 of the counter (i / 4, stream).</summary>
    public static byte[] Mask(long count, long seed, int stream, double probability)
    {
        byte[] mask = new byte[count];
        ulong key = unchecked((ulong)seed);
        double threshold = Math.Floor((1 - probability) * Math.Pow(2, 32));
        for (long i = 0; i < count; i++)
        {
            ulong counter = (ulong)i / 4;
            uint[] words = Philox.Words([Low(counter), High(counter), (uint)stream, 0], [Low(key), High(key)]);
            mask[i] = words[i % 4] < threshold ? (byte)1 : (byte)0;
        }

        return mask;
    }

    /// <summary>(x + bias) / (1 - p) where the mask is 1.</summary>
    /// <param name="x">[rows, bias.Length]</param>
    public static double[] Forward(double[] x, double[]? bias, byte[] mask, double probability) =>
        [.. x.Select((v, i) => mask[i] == 1 ? (v + (bias is null ? 0 : bias[i % bias.Length])) * Scale(probability) : 0)];

    /// <summary>dy / (1 - p) where the mask is 1.</summary>
    public static double[] Backward(byte[] mask, double[] outputGradient, double probability) =>
        Forward(outputGradient, null, mask, probability);

    private static uint Low(ulong value) => (uint)(value & uint.MaxValue);

    private static uint High(ulong value) => (uint)(value >> 32);

    private static double Scale(double probability) => (float)(1 / (1 - probability));
}
