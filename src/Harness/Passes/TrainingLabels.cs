using System.Globalization;
using Harness.Models;
using Harness.Models.Training;

namespace Harness.Passes;

/// <summary>The words of the command line and of reports for what a training pass may be.</summary>
internal static class TrainingLabels
{
    public const string Inference = "inference";
    public const string Training = "training";

    public static string[] Optimizers { get; } = [.. Enum.GetValues<Optimizer>().Select(Of)];

    public static string Of(Optimizer optimizer) => optimizer switch
    {
        Optimizer.Sgd => "sgd",
        Optimizer.Momentum => "momentum",
        Optimizer.Adam => "adam",
        Optimizer.AdamW => "adamw",
        _ => throw new ArgumentOutOfRangeException(nameof(optimizer), optimizer, null),
    };

    public static Optimizer Parse(string label) => Enum.GetValues<Optimizer>().Single(optimizer => Of(optimizer) == label);

    /// <summary><c>training with adam, dropout 0.1, the last of the passes over 2 of 8 samples</c>.</summary>
    public static string Describe(TrainingPass pass, ModelSize size, bool hasDropout)
    {
        string dropout = hasDropout ? string.Create(CultureInfo.InvariantCulture, $", dropout {pass.Dropout}") : "";
        string recompute = pass.RecomputeBlocks ? ", blocks recomputed" : "";
        string which = (pass.ContinuesGradients, pass.Updates) switch
        {
            (false, true) => "",
            (false, false) => $", the first pass over {size.Batch} of {pass.StepBatch} samples",
            (true, false) => $", a pass in between over {size.Batch} of {pass.StepBatch} samples",
            (true, true) => $", the last pass over {size.Batch} of {pass.StepBatch} samples",
        };
        return $"training with {Of(pass.Optimizer)}{dropout}{recompute}{which}";
    }
}
