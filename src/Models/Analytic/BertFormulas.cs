using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>
/// BERT on paper. B batch, S sequence, H hidden size, A heads of d = H/A, I intermediate size, L layers, V words, P positions, T token
/// types. Buffers and their order: docs/models.md; conventions and a worked example: docs/formulas.md.
/// </summary>
public static class BertFormulas
{
    public static AnalyticAccount Of(BertConfig config)
    {
        var n = new BertSymbols(config);
        var account = new AccountBuilder("bert");
        Parameters(account, config.Layers, n);
        Inputs(account, n);
        Embeddings(account, n);
        AdditiveMask(account, n);
        for (long i = 0; i < config.Layers; i++)
        {
            string layer = $"encoder.layer.{i}";
            Probabilities(account, layer, n);
            Context(account, layer, n);
            account.Activation($"{layer}.attention.output", n.States, NormOfSum(n, addends: 2), NormOfSumReads(n, bias: true));
            FeedForward(account, layer, n);
            if (i < config.Layers - 1)
            {
                account.Activation($"{layer}.output", n.States, NormOfSum(n, addends: 2), NormOfSumReads(n, bias: true));
            }
            else
            {
                // The last layer's result is handed to the caller.
                account.Output("last_hidden_state", n.States, NormOfSum(n, addends: 2), NormOfSumReads(n, bias: true));
            }
        }

        // The pooler sees the first token of each sequence only.
        Formula pooled = n.Batch * n.Hidden;
        account.Output("pooler_output", pooled, Work.Product(n.Batch, n.Hidden, n.Hidden),
            reads: FloatBytes(pooled) + FloatBytes(n.Hidden * n.Hidden));
        PoolerTanh(account, n);
        return account.Build(ParameterCount(n), Moments(config, n));
    }

    /// <summary>That of <see cref="Of"/>, without its buffers and steps.</summary>
    public static AnalyticPeak Peak(BertConfig config) => new([.. Moments(config, new BertSymbols(config))]);

    private static PeakMoment[] Moments(BertConfig config, BertSymbols n) => Moments(
        config, inputs: 3 * IdBytes(n.Tokens), mask: FloatBytes(n.Tokens), x: FloatBytes(n.States), FloatBytes(n.Scores),
        FloatBytes(n.Intermediates));

    internal static Formula ParameterCount(BertSymbols n)
    {
        Formula h = n.Hidden, wide = n.Intermediate;
        Formula perLayer = 4 * h * h + 2 * h * wide + 9 * h + wide;
        return (n.Vocabulary + n.Positions + n.TokenTypes + 2) * h + n.Layers * perLayer + h * h + h;
    }

    internal static void Inputs(AccountBuilder account, BertSymbols n)
    {
        account.Input("input_ids", IdBytes(n.Tokens));
        account.Input("attention_mask", IdBytes(n.Tokens));
        account.Input("token_type_ids", IdBytes(n.Tokens));
    }

    /// <summary>Three rows are gathered for every token, each table row at most once, and added up; then their norm.</summary>
    internal static void Embeddings(AccountBuilder account, BertSymbols n)
    {
        Formula h = n.Hidden;
        Formula rows = FloatBytes(Min(n.Tokens, n.Vocabulary) * h) + FloatBytes(n.Sequence * h) + FloatBytes(Min(n.Tokens, n.TokenTypes) * h);
        account.Activation("embeddings.sum", n.States, Work.Operations(2 * n.States), reads: IdBytes(n.Tokens) + IdBytes(n.Tokens) + rows);
        account.Activation("embeddings.output", n.States, RowWork.LayerNorm(n.Tokens, h), reads: FloatBytes(n.States) + FloatBytes(2 * h));
    }

    internal static void AdditiveMask(AccountBuilder account, BertSymbols n) =>
        account.Activation("extended_attention_mask", n.Tokens, RowWork.AdditiveMask(n.Tokens), reads: IdBytes(n.Tokens));

    /// <summary>
    /// Q, K and V: a product each, then the bias while the heads are moved in front of the positions. Then softmax(Q K^T / sqrt(d) + mask);
    /// the mask is one row of S a sequence, shared by all heads and queries.
    /// </summary>
    /// <param name="again">what the names end in where the layer runs again</param>
    internal static void Probabilities(AccountBuilder account, string layer, BertSymbols n, string again = "")
    {
        Formula h = n.Hidden;
        foreach (string name in new[] { "query", "key", "value" })
        {
            account.Activation($"{layer}.attention.{name}{again}", n.States, Work.Product(n.Tokens, h, h),
                reads: FloatBytes(n.States) + FloatBytes(h * h));
            account.Activation($"{layer}.attention.{name}_heads{again}", n.StatesByHead, Work.Operations(n.States),
                reads: FloatBytes(n.States) + FloatBytes(h));
        }

        account.Activation($"{layer}.attention.scores{again}", n.Scores, Work.Product(n.ScoreRows, n.Sequence, n.HeadSize),
            reads: FloatBytes(2 * n.StatesByHead));
        account.Activation($"{layer}.attention.probs{again}", n.Scores, RowWork.Softmax(n.Scores, before: 2),
            reads: FloatBytes(n.Scores) + FloatBytes(n.Tokens));
    }

    /// <summary>What the probabilities choose of V, the heads side by side again, and the product behind them.</summary>
    internal static void Context(AccountBuilder account, string layer, BertSymbols n, string again = "")
    {
        Formula h = n.Hidden;
        account.Activation($"{layer}.attention.context_heads{again}", n.StatesByHead, Work.Product(n.ScoreRows, n.HeadSize, n.Sequence),
            reads: FloatBytes(n.Scores) + FloatBytes(n.StatesByHead));
        account.Activation($"{layer}.attention.context{again}", n.States, Work.None, reads: FloatBytes(n.StatesByHead));
        account.Activation($"{layer}.attention.dense{again}", n.States, Work.Product(n.Tokens, h, h),
            reads: FloatBytes(n.States) + FloatBytes(h * h));
    }

    /// <summary>I wide between its two products.</summary>
    internal static void FeedForward(AccountBuilder account, string layer, BertSymbols n, string again = "")
    {
        Formula h = n.Hidden, wide = n.Intermediate;
        account.Activation($"{layer}.intermediate.dense{again}", n.Intermediates, Work.Product(n.Tokens, wide, h),
            reads: FloatBytes(n.States) + FloatBytes(wide * h));
        account.Activation($"{layer}.intermediate.output{again}", n.Intermediates, RowWork.BiasGelu(n.Intermediates),
            reads: FloatBytes(n.Intermediates) + FloatBytes(wide));
        account.Activation($"{layer}.output.dense{again}", n.States, Work.Product(n.Tokens, h, wide),
            reads: FloatBytes(n.Intermediates) + FloatBytes(h * wide));
    }

    /// <param name="addends">of the sum, the first tensor not counted: the residual, and the product's bias</param>
    internal static Work NormOfSum(BertSymbols n, long addends) => RowWork.LayerNorm(n.Tokens, n.Hidden, addends);

    /// <summary>Bytes: two tensors, gain and bias of the norm, and the product's bias where the norm adds it.</summary>
    internal static Formula NormOfSumReads(BertSymbols n, bool bias) => FloatBytes(2 * n.States) + FloatBytes((bias ? 3 : 2) * n.Hidden);

    internal static void PoolerTanh(AccountBuilder account, BertSymbols n)
    {
        Formula pooled = n.Batch * n.Hidden;
        account.Step("pooler_output:bias_tanh", Work.Operations(2 * pooled),
            reads: FloatBytes(pooled) + FloatBytes(n.Hidden), writes: FloatBytes(pooled));
    }

    /// <summary>
    /// Where the most bytes are live. The three inputs and the additive mask are there all along. Each layer starts from its input x, which
    /// must survive until the residual sum behind the attention, and every other buffer dies within a few steps. So a layer has two hills,
    /// the attention and the feed-forward part, and all layers have the same ones: the peak does not grow with L.
    /// <para>
    /// Between softmax and GELU, divide by 4*B*S: 2*H + 2*A*S against H + 2*I. The softmax wins once 2*A*S &gt; 2*I - H, for BERT-base (A
    /// 12, I 3072, H 768) once S &gt; 224. The other two moments win only where I &lt; 2*H: the scores for d &lt; S &lt; 2*d (below,
    /// splitting the values holds as much or more; beyond, the softmax), which the usual I = 4*H rules out.
    /// </para>
    /// </summary>
    private static PeakMoment[] Moments(BertConfig config, Formula inputs, Formula mask, Formula x, Formula scores, Formula intermediate) =>
    [
        // After its last use, in the softmax of the last layer, the mask is gone: a network of one layer runs its GELU without it.
        new("gelu", inputs + (config.Layers > 1 ? mask : Zero) + x + 2 * intermediate,
            "GELU reads one [B,S,I] and writes another, while the attention's result waits for the residual sum; wins while 2*A*S <= 2*I - H"),
        new("softmax", inputs + mask + 2 * x + 2 * scores,
            "softmax reads one [B,A,S,S] and writes another, while the layer's input and the value heads wait; wins once 2*A*S > 2*I - H"),
        new("scores", inputs + mask + 4 * x + scores,
            "Q K^T is written while the layer's input and the heads of Q, K and V are all there; needs d < S < 2*d with I small"),
        new("split_values", inputs + mask + 5 * x,
            "the third of three split heads is written while its product, both others and the layer's input are there; needs S < d and I < 2*H"),
    ];

    internal static void Parameters(AccountBuilder account, long layers, BertSymbols n)
    {
        Formula h = n.Hidden, wide = n.Intermediate;
        void Dense(string name, Formula outputs, Formula inputs)
        {
            account.Parameter($"{name}.weight", outputs * inputs);
            account.Parameter($"{name}.bias", outputs);
        }

        void Norm(string name)
        {
            account.Parameter($"{name}.weight", h);
            account.Parameter($"{name}.bias", h);
        }

        account.Parameter("embeddings.word_embeddings.weight", n.Vocabulary * h);
        account.Parameter("embeddings.position_embeddings.weight", n.Positions * h);
        account.Parameter("embeddings.token_type_embeddings.weight", n.TokenTypes * h);
        Norm("embeddings.LayerNorm");
        for (long i = 0; i < layers; i++)
        {
            string layer = $"encoder.layer.{i}";
            Dense($"{layer}.attention.self.query", h, h);
            Dense($"{layer}.attention.self.key", h, h);
            Dense($"{layer}.attention.self.value", h, h);
            Dense($"{layer}.attention.output.dense", h, h);
            Norm($"{layer}.attention.output.LayerNorm");
            Dense($"{layer}.intermediate.dense", wide, h);
            Dense($"{layer}.output.dense", h, wide);
            Norm($"{layer}.output.LayerNorm");
        }

        Dense("pooler.dense", h, h);
    }
}
