using System.Collections.Immutable;
using Harness.Kernels;

namespace Harness.Models.Training;

/// <summary>What a caller chooses of a training step. Null: what the model does where nothing is said.</summary>
/// <param name="MicroBatch">samples of a pass</param>
/// <param name="Dropout">probability</param>
public sealed record TrainingChoice(Optimizer Optimizer, long? MicroBatch = null, double? Dropout = null, bool RecomputeBlocks = false);

/// <summary>One of a step's passes, and how often it runs on end.</summary>
public readonly record struct RepeatedPass(TrainingPass Pass, long Times);

/// <summary>A training step: one pass over the batch, or with micro-batches several, the first of which writes gradients and the last updates.</summary>
/// <param name="PassSize">of each pass</param>
/// <param name="Passes">in order; all but the last have <see cref="TrainingPass.Updates"/> false</param>
public sealed record TrainingStep(ModelSize PassSize, ImmutableArray<RepeatedPass> Passes)
{
    /// <exception cref="CallerException">a choice that the model does not have, or a micro-batch that does not divide the batch</exception>
    public static TrainingStep Of(Model model, ModelSize size, TrainingChoice choice)
    {
        ModelTraining training = model.Training;
        if (choice.Dropout is not null && training.Dropout is null)
        {
            throw new CallerException($"--dropout does not apply to {model.Name}, which has no dropout");
        }

        if (choice.RecomputeBlocks && !training.HasBlocks)
        {
            string of = string.Join(" and ", ModelCatalog.All.Where(other => other.Training.HasBlocks).Select(other => other.Name));
            throw new CallerException($"--recompute block does not apply to {model.Name}; it applies to models of blocks, {of}");
        }

        long micro = choice.MicroBatch ?? size.Batch;
        if (micro < 1 || size.Batch % micro != 0)
        {
            throw new CallerException($"--micro-batch {micro} does not divide the batch of {size.Batch}");
        }

        long passes = size.Batch / micro;
        TrainingPass Pass(bool continues, bool updates) => new(
            choice.Optimizer, size.Batch, choice.Dropout ?? training.Dropout ?? 0, choice.RecomputeBlocks, continues, updates);
        ImmutableArray<RepeatedPass> all = passes switch
        {
            1 => [new(Pass(continues: false, updates: true), 1)],
            2 => [new(Pass(continues: false, updates: false), 1), new(Pass(continues: true, updates: true), 1)],
            _ =>
            [
                new(Pass(continues: false, updates: false), 1), new(Pass(continues: true, updates: false), passes - 2),
                new(Pass(continues: true, updates: true), 1),
            ],
        };
        return new TrainingStep(size with { Batch = micro }, all);
    }
}
