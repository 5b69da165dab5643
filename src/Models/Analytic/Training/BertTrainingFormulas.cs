using Harness.Models.Training;
using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;
using Target = Harness.Models.Analytic.Training.TrainingAccountBuilder.Target;

namespace Harness.Models.Analytic.Training;

/// <summary>
/// A training pass of BERT with a head of two classes, on paper: the forward pass with dropout, the backward steps of docs/training.md
/// written out in their order, the updates. Symbols as in <see cref="BertFormulas"/>; the peak is in <see cref="BertTrainingPeak"/>.
/// </summary>
public static class BertTrainingFormulas
{
    private const string Recomputed = ".recomputed";
    private const long Classes = 2;

    public static AnalyticAccount Of(BertConfig config, TrainingPass pass)
    {
        var n = new BertSymbols(config);
        var account = new TrainingAccountBuilder("bert", pass);
        BertFormulas.Parameters(account, config.Layers, n);
        account.Parameter("classifier.weight", Classes * n.Hidden);
        account.Parameter("classifier.bias", Classes);
        BertFormulas.Inputs(account, n);
        account.TrainingInputs(rows: n.Batch, hasDropout: true);

        BertFormulas.Embeddings(account, n);
        account.Dropout("embeddings.output", n.States);
        BertFormulas.AdditiveMask(account, n);
        for (long i = 0; i < config.Layers; i++)
        {
            Layer(account, $"encoder.layer.{i}", n);
            account.Activation(Output(config, i), n.States, Norm(account, n), NormReads(account, n));
        }

        // Inference hands all of it to the caller; a training step reads the first token of every sequence and no other.
        account.ReadInPart("last_hidden_state", FloatBytes(n.Batch * n.Hidden));
        Head(account, n);
        account.Loss(rows: n.Batch, Classes);
        HeadBackward(account, n);
        for (long i = config.Layers - 1; i >= 0; i--)
        {
            if (pass.RecomputeBlocks)
            {
                Layer(account, $"encoder.layer.{i}", n, Recomputed);
            }

            FeedForwardBackward(account, $"encoder.layer.{i}", Output(config, i), n);
            AttentionBackward(account, $"encoder.layer.{i}", x: i == 0 ? "embeddings.output" : Output(config, i - 1), n);
        }

        EmbeddingsBackward(account, n);
        return account.Build(
            parameterCount: BertFormulas.ParameterCount(n) + Classes * n.Hidden + Classes,
            Moments(config, pass, n));
    }

    /// <summary>That of <see cref="Of"/>, without its buffers and steps.</summary>
    public static AnalyticPeak Peak(BertConfig config, TrainingPass pass) => new([.. Moments(config, pass, new BertSymbols(config))]);

    private static PeakMoment[] Moments(BertConfig config, TrainingPass pass, BertSymbols n) => BertTrainingPeak.Moments(
        config, pass, n, inputs: 3 * IdBytes(n.Tokens) + TrainingAccountBuilder.TrainingInputBytes(pass, rows: n.Batch, hasDropout: true));

    private static string Output(BertConfig config, long layer) =>
        layer == config.Layers - 1 ? "last_hidden_state" : $"encoder.layer.{layer}.output";

    // With dropout the step before the norm has added the product's bias already.
    private static Work Norm(TrainingAccountBuilder account, BertSymbols n) => BertFormulas.NormOfSum(n, addends: account.HasDropout ? 1 : 2);

    private static Formula NormReads(TrainingAccountBuilder account, BertSymbols n) =>
        BertFormulas.NormOfSumReads(n, bias: !account.HasDropout);

    /// <summary>
    /// A layer up to the terms of its last norm: what runs in the forward pass before that norm, and what recomputation runs again.
    /// </summary>
    private static void Layer(TrainingAccountBuilder account, string layer, BertSymbols n, string again = "")
    {
        BertFormulas.Probabilities(account, layer, n, again);
        if (account.HasDropout)
        {
            account.DropoutTo($"{layer}.attention.probs", $"{layer}.attention.probs_dropped", n.Scores, again);
        }

        BertFormulas.Context(account, layer, n, again);
        account.Dropout($"{layer}.attention.dense", n.States, bias: n.Hidden, again);
        account.Activation($"{layer}.attention.output{again}", n.States, Norm(account, n), NormReads(account, n));
        BertFormulas.FeedForward(account, layer, n, again);
        account.Dropout($"{layer}.output.dense", n.States, bias: n.Hidden, again);
    }

    /// <summary>The pooler, on the first token of each sequence, and two classes.</summary>
    private static void Head(TrainingAccountBuilder account, BertSymbols n)
    {
        Formula h = n.Hidden, pooled = n.Batch * h, logits = Classes * n.Batch;
        account.Activation("pooler_output", pooled, Work.Product(n.Batch, h, h), reads: FloatBytes(pooled) + FloatBytes(h * h));
        BertFormulas.PoolerTanh(account, n);
        if (account.HasDropout)
        {
            account.DropoutTo("pooler_output", "pooler_dropped", pooled);
        }

        account.Activation("logits", logits, Work.Product(n.Batch, Classes, h), reads: FloatBytes(pooled) + FloatBytes(Classes * h));
        account.Step("logits:bias", Work.Operations(logits), reads: FloatBytes(logits) + FloatBytes(Classes), writes: FloatBytes(logits));
    }

    private static void HeadBackward(TrainingAccountBuilder account, BertSymbols n)
    {
        Formula h = n.Hidden, pooled = n.Batch * h, logits = Classes * n.Batch;
        account.BiasBackward("classifier.bias", Classes, "logits", logits);
        account.LinearBackward("classifier.weight", account.HasDropout ? "pooler_dropped" : "pooler_output", "logits", rows: n.Batch,
            inputs: h, outputs: Classes);
        account.DropoutToBackward("pooler_output", "pooler_dropped", pooled);
        account.BackwardInPlace("pooler_output", "tanh", pooled, TrainingWork.TanhBackward(pooled), reads: FloatBytes(pooled));
        account.BiasBackward("pooler.dense.bias", h, "pooler_output", pooled);

        // The other tokens of a sequence have no part in the pooler: their gradient is 0.
        account.Backward(Work.Product(h, h, n.Batch),
            reads: FloatBytes(2 * pooled), from: "pooler_output", new Target("pooler.dense.weight", h * h));
        account.BackwardIntoParts(Work.Product(n.Batch, h, h) with { OtherFlops = pooled },
            reads: FloatBytes(pooled) + FloatBytes(h * h), from: "pooler_output",
            new("last_hidden_state", n.States), touched: pooled);
    }

    /// <summary>From the layer's result back to that of its attention.</summary>
    private static void FeedForwardBackward(TrainingAccountBuilder account, string layer, string output, BertSymbols n)
    {
        Formula h = n.Hidden, wide = n.Intermediate;
        NormOfSumBackward(account, output, $"{layer}.output", $"{layer}.output.dense", residual: $"{layer}.attention.output", n);
        account.LinearBackward($"{layer}.output.dense.weight", $"{layer}.intermediate.output", $"{layer}.output.dense", n.Tokens,
            inputs: wide, outputs: h);
        account.Backward(TrainingWork.BiasGeluBackward(n.Intermediates),
            reads: FloatBytes(2 * n.Intermediates) + FloatBytes(wide), from: $"{layer}.intermediate.output",
            new Target($"{layer}.intermediate.dense", n.Intermediates));
        account.BiasBackward($"{layer}.intermediate.dense.bias", wide, $"{layer}.intermediate.dense", n.Intermediates,
            from: $"{layer}.intermediate.output");
        account.LinearBackward(
            $"{layer}.intermediate.dense.weight", $"{layer}.attention.output", $"{layer}.intermediate.dense", n.Tokens, inputs: h,
                outputs: wide);
    }

    /// <summary>From the attention's result back to the layer's input: through the norm first, then through V, K and Q.</summary>
    private static void AttentionBackward(TrainingAccountBuilder account, string layer, string x, BertSymbols n)
    {
        Formula h = n.Hidden;
        string at = $"{layer}.attention", used = account.HasDropout ? $"{at}.probs_dropped" : $"{at}.probs";
        NormOfSumBackward(account, $"{at}.output", $"{at}.output", $"{at}.dense", residual: x, n);
        account.LinearBackward($"{at}.output.dense.weight", $"{at}.context", $"{at}.dense", n.Tokens, inputs: h, outputs: h);
        account.Backward(Work.None, reads: FloatBytes(n.States), from: $"{at}.context", new Target($"{at}.context_heads", n.StatesByHead));

        account.Backward(Work.Product(n.ScoreRows, n.Sequence, n.HeadSize),
            reads: FloatBytes(2 * n.StatesByHead), from: $"{at}.context_heads",
            new Target(used, n.Scores));
        account.Backward(Work.Product(n.ScoreRows, n.HeadSize, n.Sequence),
            reads: FloatBytes(n.StatesByHead) + FloatBytes(n.Scores), from: $"{at}.context_heads",
            new Target($"{at}.value_heads", n.StatesByHead));
        account.DropoutToBackward($"{at}.probs", used, n.Scores);
        account.Backward(TrainingWork.SoftmaxBackward(n.Scores, scaled: true), reads: FloatBytes(2 * n.Scores), from: $"{at}.probs",
            new Target($"{at}.scores", n.Scores));
        foreach (string name in new[] { "query", "key" })
        {
            account.Backward(Work.Product(n.ScoreRows, n.HeadSize, n.Sequence),
                reads: FloatBytes(n.Scores) + FloatBytes(n.StatesByHead), from: $"{at}.scores",
                new Target($"{at}.{name}_heads", n.StatesByHead));
        }

        foreach (string name in new[] { "value", "key", "query" })
        {
            account.Backward(Work.None, reads: FloatBytes(n.StatesByHead), from: $"{at}.{name}_heads", new Target($"{at}.{name}", n.States));
            account.BiasBackward($"{at}.self.{name}.bias", h, $"{at}.{name}", n.States, from: $"{at}.{name}_heads");
            account.LinearBackward($"{at}.self.{name}.weight", x, $"{at}.{name}", n.Tokens, inputs: h, outputs: h);
        }
    }

    /// <summary>
    /// The norm of a product and a residual, and what lies between the two: gain and shift, both terms at once, dropout, the product's
    /// bias.
    /// </summary>
    /// <param name="module">whose <c>dense</c> and <c>LayerNorm</c> they are</param>
    private static void NormOfSumBackward(TrainingAccountBuilder account, string y, string module, string product, string residual,
        BertSymbols n)
    {
        Formula h = n.Hidden;
        bool bias = !account.HasDropout;
        Formula terms = FloatBytes(2 * n.States) + (bias ? FloatBytes(h) : Zero);
        account.Workspace($"{y}.statistics", FloatBytes(2 * n.Tokens));
        account.Backward(TrainingWork.LayerNormParameters(n.Tokens, h, addends: bias ? 2 : 1), reads: FloatBytes(n.States) + terms, from: y,
            new Target($"{module}.LayerNorm.weight", h), new($"{module}.LayerNorm.bias", h));
        account.Backward(TrainingWork.LayerNormOperands(n.Tokens, h, addends: bias ? 2 : 1),
            reads: FloatBytes(n.States) + terms + FloatBytes(h), from: y,
            new Target(product, n.States), new(residual, n.States));
        account.DropoutBackward(product, n.States);
        account.BiasBackward($"{module}.dense.bias", h, product, n.States, from: bias ? y : product);
    }

    private static void EmbeddingsBackward(TrainingAccountBuilder account, BertSymbols n)
    {
        Formula h = n.Hidden;
        account.DropoutBackward("embeddings.output", n.States);
        account.Workspace("embeddings.output.statistics", FloatBytes(2 * n.Tokens));
        account.Backward(TrainingWork.LayerNormParameters(n.Tokens, h), reads: FloatBytes(2 * n.States), from: "embeddings.output",
            new Target("embeddings.LayerNorm.weight", h), new("embeddings.LayerNorm.bias", h));
        account.Backward(TrainingWork.LayerNormOperands(n.Tokens, h),
            reads: FloatBytes(2 * n.States) + FloatBytes(h), from: "embeddings.output",
            new Target("embeddings.sum", n.States));

        // Every token gives its row to three tables; positions are counted, not read.
        void Table(string name, Formula rows, Formula touched, Formula ids) => account.BackwardIntoParts(
            TrainingWork.EmbeddingBackward(n.States),
                reads: FloatBytes(n.States) + ids, from: "embeddings.sum", new($"embeddings.{name}.weight", rows * h), touched * h);

        Table("word_embeddings", n.Vocabulary, Min(n.Tokens, n.Vocabulary), IdBytes(n.Tokens));
        Table("position_embeddings", n.Positions, n.Sequence, Zero);
        Table("token_type_embeddings", n.TokenTypes, Min(n.Tokens, n.TokenTypes), IdBytes(n.Tokens));
    }
}
