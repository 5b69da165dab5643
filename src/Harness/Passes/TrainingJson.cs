using System.Text.Json.Nodes;

namespace Harness.Passes;

/// <summary>What JSON says of a training pass, with the same keys in every verb; of inference nothing.</summary>
internal static class TrainingJson
{
    /// <param name="json">of a pass: has <c>batch</c> and <c>pass</c></param>
    /// <param name="configuration">of the same pass; <c>batch</c> becomes the whole step's</param>
    public static void AddTo(JsonObject json, Configuration configuration)
    {
        if (configuration.Training is not { } training)
        {
            return;
        }

        json["batch"] = training.StepBatch;
        json["pass"] = TrainingLabels.Training;
        json["optimizer"] = TrainingLabels.Of(training.Optimizer);
        json["microBatch"] = configuration.Size.Batch;
        json["dropout"] = training.Dropout;
        json["recompute"] = training.RecomputeBlocks ? "block" : "none";
    }
}
