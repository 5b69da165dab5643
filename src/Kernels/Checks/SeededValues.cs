namespace Harness.Kernels.Checks;

/// <summary>The inputs of the checks: SplitMix64 (Steele, Lea and Flood 2014), so that a seed gives the same bytes everywhere.</summary>
internal sealed class SeededValues(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Uniform in (-magnitude, magnitude), never 0.</summary>
    public float[] Floats(long count, double magnitude)
    {
        float[] values = new float[count];
        foreach (ref float value in values.AsSpan())
        {
            value = (float)(((Next() >> 11) + 0.5) * (1.0 / (1L << 52)) * magnitude - magnitude);
        }

        return values;
    }

    /// <summary>Uniform in [0, limit).</summary>
    public long[] Longs(long count, long limit)
    {
        long[] values = new long[count];
        foreach (ref long value in values.AsSpan())
        {
            value = (long)(Next() % (ulong)limit);
        }

        return values;
    }

    private ulong Next()
    {
        unchecked
        {
            ulong z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
