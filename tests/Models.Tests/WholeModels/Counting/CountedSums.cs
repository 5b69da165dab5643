using Harness.Kernels.Programs;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>Sums over rows, samples, images and pixels: an addition for every element.</summary>
internal static class CountedSums
{
    /// <summary>y[c] (+)= sum over r of x[r,c], c running over all of y.</summary>
    public static void OverRows(CountedTensors t, TensorSpec x, TensorSpec y, bool accumulate)
    {
        Counted[] sums = t.Zeros(y.Shape.Elements);
        foreach (Counted[] row in t.Read(x).Chunk(sums.Length))
        {
            sums = [.. sums.Zip(row, (sum, element) => sum + element)];
        }

        t.WriteOrAdd(y, sums, accumulate);
    }

    /// <summary>y[k] (+)= sum over n, p, q of x[n,k,p,q].</summary>
    public static void OfChannels(CountedTensors t, ChannelSumStep s)
    {
        Counted[] x = t.Read(s.X), sums = t.Zeros(s.Y.Shape.Elements);
        long pixels = s.X.Shape[2] * s.X.Shape[3];
        for (long i = 0; i < x.Length; i++)
        {
            sums[i / pixels % sums.Length] += x[i];
        }

        t.WriteOrAdd(s.Y, sums, s.Accumulate);
    }
}
