namespace Harness.Kernels.Reference;

/// <summary>T5's relative position bias (Raffel et al. 2020, section 2.1), bucket by bucket as Hugging Face's T5Attention computes it.</summary>
public static class RelativePositionBiasReference
{
    /// <summary>y[a,q,k] = table[bucket(k - q), a]; where causal, the lowest finite f32 for k &gt; q.</summary>
    /// <param name="table">[buckets, heads]</param>
    public static double[] Compute(double[] table, long heads, long queries, long keys, bool causal, int maxDistance)
    {
        int buckets = (int)(table.Length / heads);
        double[] y = new double[heads * queries * keys];
        for (long i = 0; i < y.Length; i++)
        {
            long head = i / (queries * keys), query = i / keys % queries, key = i % keys;
            y[i] = causal && key > query ? float.MinValue : table[Bucket(key - query, causal, buckets, maxDistance) * heads + head];
        }

        return y;
    }

    /// <summary>old or 0, [buckets, heads], and each element of the output gradient added to its bucket; where causal, none with k &gt; q.</summary>
    /// <param name="outputGradient">[heads, queries, keys]</param>
    public static double[] Backward(
        double[] outputGradient, long buckets, long heads, long queries, long keys, bool causal, int maxDistance, double[]? old)
    {
        double[] table = (double[]?)old?.Clone() ?? new double[buckets * heads];
        for (long i = 0; i < outputGradient.Length; i++)
        {
            long head = i / (queries * keys), query = i / keys % queries, key = i % keys;
            if (!causal || key <= query)
            {
                table[Bucket(key - query, causal, (int)buckets, maxDistance) * heads + head] += outputGradient[i];
            }
        }

        return table;
    }

    /// <summary>
    /// Half of a side's buckets are one distance each, the others grow with the logarithm of the distance up to maxDistance, where
    /// the last begins. The logarithm is an f32 computation in the published code, and its rounding is part of the definition.
    /// </summary>
    /// <param name="relative">key position minus query position</param>
    public static long Bucket(long relative, bool causal, int buckets, int maxDistance)
    {
        long first = 0, distance;
        if (causal)
        {
            distance = -Math.Min(relative, 0);
        }
        else
        {
            buckets /= 2;
            first = relative > 0 ? buckets : 0;
            distance = Math.Abs(relative);
        }

        int exact = buckets / 2;
        if (distance < exact)
        {
            return first + distance;
        }

        float logarithm = (float)Math.Log((float)distance / exact);
        float position = logarithm / (float)Math.Log((double)maxDistance / exact) * (buckets - exact);
        return first + Math.Min(exact + (long)position, buckets - 1);
    }
}
