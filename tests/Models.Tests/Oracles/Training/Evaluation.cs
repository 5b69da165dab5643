namespace Harness.Models.Tests.Oracles.Training;

/// <summary>The loss of one micro-batch and, where asked for, its gradient.</summary>
/// <param name="Loss">sum of the rows' cross entropies, divided by the rows of the whole batch</param>
/// <param name="Logits">[rows,classes]</param>
/// <param name="Gradients">by parameter's name; empty where not asked for</param>
/// <param name="Branches">see <see cref="Tape.Branches"/></param>
internal sealed record Evaluation(double Loss, double[] Logits, IReadOnlyDictionary<string, double[]> Gradients, ulong Branches)
{
    /// <param name="batch">the micro-batch</param>
    /// <param name="samples">of the micro-batch</param>
    /// <param name="dropout">null for p = 0</param>
    /// <exception cref="ArgumentException">weights that are not the model's, or a parameter that does not lead to the loss</exception>
    public static Evaluation Of(
        ITrainedModel model, IReadOnlyDictionary<string, double[]> weights, TrainingBatch batch, int samples, Dropout? dropout,
        bool differentiate)
    {
        var pass = new TrainingPass(weights, batch, samples, dropout);
        Node logits = model.Logits(pass);
        if (!pass.Parameters.Keys.ToHashSet().SetEquals(weights.Keys))
        {
            throw new ArgumentException($"no use was made of {string.Join(", ", weights.Keys.Except(pass.Parameters.Keys))}");
        }

        // Labels are as many as rows, so the rows of the whole batch are to these as the samples are.
        double rows = (double)batch.Labels.Length / samples * model.Batch;
        Node loss = pass.Tape.Scale(pass.Tape.SumRows(pass.Tape.CrossEntropy(logits, batch.Labels), batch.Labels.Length), 1 / rows);
        if (differentiate)
        {
            pass.Tape.Differentiate(loss);
        }

        return new Evaluation(
            loss.Value[0], logits.Value,
            differentiate ? pass.Parameters.ToDictionary(pair => pair.Key, pair => pair.Value.Gradient!) : new Dictionary<string, double[]>(),
            pass.Tape.Branches);
    }
}
