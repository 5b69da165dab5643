namespace Harness.Kernels.Reference;

/// <summary>Rows of embedding tables.</summary>
public static class EmbeddingReference
{
    /// <summary>[ids.Length, columns]: row i is table row ids[i].</summary>
    public static double[] Gather(long[] ids, double[] table, long columns)
    {
        double[] y = new double[ids.Length * columns];
        for (long i = 0; i < y.Length; i++)
        {
            y[i] = table[ids[i / columns] * columns + i % columns];
        }

        return y;
    }

    /// <summary>word[ids[b,s]] + position[s] + type[typeIds[b,s]] (Devlin et al. 2019, figure 2).</summary>
    public static double[] Bert(long[] ids, long[] typeIds, double[] word, double[] position, double[] type, long sequence, long columns)
    {
        double[] y = new double[ids.Length * columns];
        for (long i = 0; i < y.Length; i++)
        {
            long token = i / columns, column = i % columns;
            y[i] = word[ids[token] * columns + column] + position[token % sequence * columns + column] + type[typeIds[token] * columns + column];
        }

        return y;
    }

    /// <summary>old, with every row of the output gradient added to the row that its id names.</summary>
    /// <param name="outputGradient">[ids.Length, columns]</param>
    /// <param name="old">[rows, columns]</param>
    public static double[] Backward(long[] ids, double[] outputGradient, long columns, double[] old)
    {
        double[] table = (double[])old.Clone();
        for (long i = 0; i < outputGradient.Length; i++)
        {
            table[ids[i / columns] * columns + i % columns] += outputGradient[i];
        }

        return table;
    }
}
