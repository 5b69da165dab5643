namespace Harness.Models.Tests.Oracles.Training;

/// <summary>A model as docs/models.md and docs/training.md define it.</summary>
internal interface ITrainedModel
{
    /// <summary>Samples of a whole batch.</summary>
    int Batch { get; }

    /// <summary>The shape of every parameter, by name.</summary>
    IReadOnlyDictionary<string, int[]> Parameters { get; }

    /// <summary>The forward pass in training mode.</summary>
    /// <returns>the logits [rows,classes], as many rows as there are labels</returns>
    Node Logits(TrainingPass pass);
}
