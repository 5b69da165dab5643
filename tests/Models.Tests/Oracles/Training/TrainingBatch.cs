namespace Harness.Models.Tests.Oracles.Training;

/// <summary>What one training step is given: the inputs by name, row-major, the sample being the first dimension of each.</summary>
/// <param name="Reals"><c>pixel_values</c> or <c>inputs</c></param>
/// <param name="Ids">ids and masks</param>
/// <param name="Labels">one a row of the logits</param>
/// <param name="DropoutSeeds">one a micro-batch; none where there is no dropout</param>
internal sealed record TrainingBatch(
    IReadOnlyDictionary<string, double[]> Reals, IReadOnlyDictionary<string, long[]> Ids, long[] Labels, IReadOnlyList<long> DropoutSeeds)
{
    public static TrainingBatch Of(IReadOnlyDictionary<string, double[]> reals, long[] labels, params long[] dropoutSeeds) =>
        new(reals, new Dictionary<string, long[]>(), labels, dropoutSeeds);

    public static TrainingBatch Of(IReadOnlyDictionary<string, long[]> ids, long[] labels, params long[] dropoutSeeds) =>
        new(new Dictionary<string, double[]>(), ids, labels, dropoutSeeds);

    /// <summary>The micro-batch of this number, of so many of one size.</summary>
    public TrainingBatch Part(int number, int parts) => new(
        Reals.ToDictionary(pair => pair.Key, pair => Slice(pair.Value, number, parts)),
        Ids.ToDictionary(pair => pair.Key, pair => Slice(pair.Value, number, parts)),
        Slice(Labels, number, parts),
        DropoutSeeds.Count == 0 ? [] : [DropoutSeeds[number]]);

    private static T[] Slice<T>(T[] array, int number, int parts)
    {
        int length = array.Length / parts;
        return array.Length % parts == 0
            ? array[(number * length)..((number + 1) * length)]
            : throw new ArgumentException($"{array.Length} elements are not divided by {parts} micro-batches");
    }
}
