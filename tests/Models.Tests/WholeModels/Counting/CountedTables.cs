using Harness.Kernels.Programs;
using Harness.Kernels.Reference;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>Rows taken from tables, and gradients added to the rows they were taken from. Arithmetic on indices is not counted.</summary>
internal static class CountedTables
{
    public static void Embedding(CountedTensors t, EmbeddingStep s) => t.Write(s.Y, Rows(t, s.Ids, s.Table));

    public static void BertEmbedding(CountedTensors t, BertEmbeddingStep s)
    {
        Counted[] positions = t.Read(s.Position);
        long ofSample = s.Y.Shape[1] * s.Y.Shape[2];
        t.Write(s.Y, Rows(t, s.Ids, s.Word).Zip(Rows(t, s.TypeIds, s.Type))
            .Select((pair, i) => pair.First + positions[i % ofSample] + pair.Second));
    }

    public static void EmbeddingBackward(CountedTensors t, EmbeddingBackwardStep s)
    {
        Counted[] table = t.Read(s.TableGradient), dy = t.Read(s.OutputGradient);
        long width = s.TableGradient.Shape[1], positions = s.OutputGradient.Shape[1];
        for (long i = 0; i < dy.Length; i++)
        {
            long row = i / width;
            table[(s.Ids is null ? row % positions : t.Ids(s.Ids)[row]) * width + i % width] += dy[i];
        }

        t.Write(s.TableGradient, table);
    }

    /// <summary>Moves, computes nothing.</summary>
    public static void PositionBias(CountedTensors t, RelativePositionBiasStep s) => t.Set(s.Y, RelativePositionBiasReference.Compute(
        t.Values(s.Table), s.Y.Shape[0], s.Y.Shape[1], s.Y.Shape[2], s.Causal, s.MaxDistance));

    /// <summary>Where causal, what belongs to keys after the query is added nowhere, and costs nothing.</summary>
    public static void PositionBiasBackward(CountedTensors t, RelativePositionBiasBackwardStep s)
    {
        Counted[] dy = t.Read(s.OutputGradient), table = t.Zeros(s.TableGradient.Shape.Elements);
        (long buckets, long heads, long queries, long keys) =
            (s.TableGradient.Shape[0], s.TableGradient.Shape[1], s.OutputGradient.Shape[1], s.OutputGradient.Shape[2]);
        for (long i = 0; i < dy.Length; i++)
        {
            long head = i / (queries * keys), query = i / keys % queries, key = i % keys;
            if (!s.Causal || key <= query)
            {
                table[RelativePositionBiasReference.Bucket(key - query, s.Causal, (int)buckets, s.MaxDistance) * heads + head] += dy[i];
            }
        }

        t.WriteOrAdd(s.TableGradient, table, s.Accumulate);
    }

    private static IEnumerable<Counted> Rows(CountedTensors t, TensorSpec ids, TensorSpec table)
    {
        double[] values = t.Values(table);
        int width = (int)table.Shape[1];
        return t.Ids(ids).SelectMany(id => values.Skip((int)id * width).Take(width)).Select(t.Number);
    }
}
