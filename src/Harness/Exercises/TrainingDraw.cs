using Harness.Models.Training;
using Harness.Passes;

namespace Harness.Exercises;

/// <summary>How a drawn model is trained: the optimizer, and dropout as published or none.</summary>
internal static class TrainingDraw
{
    private const int OneInWithoutDropout = 3;

    /// <summary>What of a step a question leaves open.</summary>
    public static TrainingChoice Choice(Draw draw, Configuration configuration)
    {
        Optimizer optimizer = TrainingLabels.Parse(draw.OneOf(TrainingLabels.Optimizers));
        double? published = configuration.Model.Training.Dropout;
        return new TrainingChoice(optimizer, Dropout: published is not null && draw.Below(OneInWithoutDropout) == 0 ? 0 : published);
    }

    /// <summary>The only pass of a step.</summary>
    public static Configuration Pass(Draw draw, Configuration configuration) => configuration.Passes(Choice(draw, configuration))[^1].Pass;
}
