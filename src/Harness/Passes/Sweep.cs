using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Models;

namespace Harness.Passes;

/// <summary>Which size the cells of a table vary.</summary>
internal enum SweepAxis
{
    Batch,
    Sequence,
}

/// <summary>One cell of the sweep. A configuration that lies on both axes is run, and audited, for each of them.</summary>
internal sealed record SweepCell(SweepAxis Axis, Configuration Configuration)
{
    /// <summary>The size that varies along the axis.</summary>
    public long Varied => Axis == SweepAxis.Batch ? Configuration.Size.Batch : Configuration.Size.Sequence!.Value;
}

/// <summary>The sweep of the published report, or what the caller made of it.</summary>
internal static class Sweep
{
    /// <summary>Sequence length while the batch varies, batch while the length varies: as published.</summary>
    private const long FixedSequence = 64;
    private const long FixedBatch = 8;

    private static readonly ImmutableArray<long> s_imageBatches = [1, 2, 4, 8, 16, 32];
    private static readonly ImmutableArray<long> s_sequenceBatches = [1, 2, 4, 8, 16];
    private static readonly ImmutableArray<long> s_sequences = [16, 32, 64, 128, 256];

    /// <summary>In the order of the published report.</summary>
    public static ImmutableArray<Model> Published { get; } = [ModelCatalog.Vgg16, ModelCatalog.T5Small, ModelCatalog.BertBase];

    /// <param name="chosen">null for the published ones, which come first in any case</param>
    /// <param name="batches">null for the published ones: up to 32 images, up to 16 sequences</param>
    /// <param name="sequences">null for the published ones</param>
    /// <exception cref="CallerException">a size that a model does not allow, or lengths although no chosen model takes them</exception>
    public static ImmutableArray<SweepCell> Of(ImmutableArray<Model>? chosen, ImmutableArray<long>? batches, ImmutableArray<long>? sequences)
    {
        ImmutableArray<Model> models = chosen is { } some ? [.. Published.Intersect(some), .. some.Except(Published)] : Published;
        if (sequences is not null && models.All(model => model.Sequence is null))
        {
            throw new CallerException($"--seqs does not apply to {string.Join(" and ", models.Select(model => model.Name))}");
        }

        var cells = ImmutableArray.CreateBuilder<SweepCell>();
        foreach (Model model in models)
        {
            bool takesSequence = model.Sequence is not null;
            foreach (long batch in batches ?? (takesSequence ? s_sequenceBatches : s_imageBatches))
            {
                cells.Add(new SweepCell(SweepAxis.Batch, new Configuration(model, model.Size(batch, takesSequence ? FixedSequence : null))));
            }

            foreach (long sequence in takesSequence ? sequences ?? s_sequences : [])
            {
                cells.Add(new SweepCell(SweepAxis.Sequence, new Configuration(model, model.Size(FixedBatch, sequence))));
            }
        }

        return cells.ToImmutable();
    }
}
