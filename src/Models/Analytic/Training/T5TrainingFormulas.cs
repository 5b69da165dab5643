using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// A training pass of T5 on paper: the forward pass with dropout, the backward steps of docs/training.md written out in their order, the
/// updates. Keys and values, which inference hands to the caller, are activations like others. Symbols as in <see cref="T5Formulas"/>; the
/// peak is in <see cref="T5TrainingPeak"/>.
/// </summary>
public static class T5TrainingFormulas
{
    private const string Recomputed = ".recomputed";

    public static AnalyticAccount Of(T5Config config, TrainingPass pass)
    {
        var n = new T5Symbols(config);
        var account = new TrainingAccountBuilder("t5", pass);
        T5Formulas.Parameters(account, config.Layers, n);
        T5Formulas.Inputs(account, n);
        account.TrainingInputs(rows: n.TargetTokens, hasDropout: true);
        var encoder = new T5TrainingStack(account, n, decodes: false, config.Layers, pass.RecomputeBlocks ? Recomputed : null);
        var decoder = new T5TrainingStack(account, n, decodes: true, config.Layers, pass.RecomputeBlocks ? Recomputed : null);

        encoder.Forward();
        decoder.Forward();
        Formula logits = n.TargetTokens * n.Vocabulary;
        account.Activation("logits", logits, T5Formulas.LogitsWork(n), T5Formulas.LogitsReads(n));
        account.Loss(rows: n.TargetTokens, n.Vocabulary);

        // Tied: the table of the words gets its first contribution here, from the logits, and two more from both embeddings.
        account.LinearBackward("shared.weight", "decoder.output", "logits", n.TargetTokens, inputs: n.Hidden, outputs: n.Vocabulary,
            scaled: true);
        decoder.Backward();
        encoder.Backward();
        return account.Build(T5Formulas.ParameterCount(n), [.. Moments(config, pass, n)]);
    }

    /// <summary>That of <see cref="Of"/>, without its buffers and steps.</summary>
    public static AnalyticPeak Peak(T5Config config, TrainingPass pass) => new([.. Moments(config, pass, new T5Symbols(config))]);

    private static IEnumerable<PeakMoment> Moments(T5Config config, TrainingPass pass, T5Symbols n)
    {
        Formula inputs = 2 * IdBytes(n.SourceTokens) + IdBytes(n.TargetTokens)
            + TrainingAccountBuilder.TrainingInputBytes(pass, rows: n.TargetTokens, hasDropout: true);
        return pass.RecomputeBlocks
            ? T5RecomputationPeak.Moments(config, pass, n, inputs)
            : T5TrainingPeak.Moments(config, pass, n, inputs);
    }
}
