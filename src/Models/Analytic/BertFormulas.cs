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
        Formula b = Symbol("B", config.Batch), s = Symbol("S", config.Sequence);
        Formula h = Symbol("H", config.Hidden), a = Symbol("A", config.Heads), d = Symbol("d", config.HeadSize);
        Formula wide = Symbol("I", config.Intermediate), layers = Symbol("L", config.Layers);
        Formula words = Symbol("V", config.Vocabulary), positions = Symbol("P", config.MaxPositions), types = Symbol("T", config.TokenTypes);

        var account = new AccountBuilder("bert");
        Parameters(account, config.Layers, h, wide, words, positions, types);

        // Everything that flows through the network has one of four sizes. Only the scores are quadratic in S.
        Formula tokens = b * s;
        Formula hidden = b * s * h;
        Formula heads = b * a * s * d;
        Formula scores = b * a * s * s;
        Formula intermediate = b * s * wide;

        account.Input("input_ids", IdBytes(tokens));
        account.Input("attention_mask", IdBytes(tokens));
        account.Input("token_type_ids", IdBytes(tokens));

        // Three rows are gathered for every token, each table row at most once, and added up.
        account.Activation("embeddings.sum", hidden, Work.Operations(2 * hidden),
            reads: IdBytes(tokens) + IdBytes(tokens) + FloatBytes(Min(tokens, words) * h) + FloatBytes(s * h) + FloatBytes(Min(tokens, types) * h));
        account.Activation("embeddings.output", hidden, RowWork.LayerNorm(tokens, h), reads: FloatBytes(hidden) + FloatBytes(2 * h));
        account.Activation("extended_attention_mask", tokens, RowWork.AdditiveMask(tokens), reads: IdBytes(tokens));

        for (long i = 0; i < config.Layers; i++)
        {
            string layer = $"encoder.layer.{i}";

            // Q, K and V: a product each, then the bias while the heads are moved in front of the positions.
            foreach (string name in new[] { "query", "key", "value" })
            {
                account.Activation($"{layer}.attention.{name}", hidden, Work.Product(tokens, h, h), reads: FloatBytes(hidden) + FloatBytes(h * h));
                account.Activation($"{layer}.attention.{name}_heads", heads, Work.Operations(hidden), reads: FloatBytes(hidden) + FloatBytes(h));
            }

            // softmax(Q K^T / sqrt(d) + mask) V. The mask is one row of S a sequence, shared by all heads and queries.
            account.Activation($"{layer}.attention.scores", scores, Work.Product(b * a * s, s, d), reads: FloatBytes(2 * heads));
            account.Activation($"{layer}.attention.probs", scores, RowWork.Softmax(scores, before: 2), reads: FloatBytes(scores) + FloatBytes(tokens));
            account.Activation($"{layer}.attention.context_heads", heads, Work.Product(b * a * s, d, s), reads: FloatBytes(scores) + FloatBytes(heads));
            account.Activation($"{layer}.attention.context", hidden, Work.None, reads: FloatBytes(heads));
            account.Activation($"{layer}.attention.dense", hidden, Work.Product(tokens, h, h), reads: FloatBytes(hidden) + FloatBytes(h * h));
            account.Activation($"{layer}.attention.output", hidden, RowWork.LayerNorm(tokens, h, addends: 2),
                reads: FloatBytes(2 * hidden) + FloatBytes(3 * h));

            // The feed-forward part, I wide, and the norm that closes the layer. The last layer's result is handed to the caller.
            account.Activation($"{layer}.intermediate.dense", intermediate, Work.Product(tokens, wide, h), reads: FloatBytes(hidden) + FloatBytes(wide * h));
            account.Activation($"{layer}.intermediate.output", intermediate, RowWork.BiasGelu(intermediate), reads: FloatBytes(intermediate) + FloatBytes(wide));
            account.Activation($"{layer}.output.dense", hidden, Work.Product(tokens, h, wide), reads: FloatBytes(intermediate) + FloatBytes(h * wide));
            Work close = RowWork.LayerNorm(tokens, h, addends: 2);
            Formula closeReads = FloatBytes(2 * hidden) + FloatBytes(3 * h);
            if (i < config.Layers - 1)
            {
                account.Activation($"{layer}.output", hidden, close, closeReads);
            }
            else
            {
                account.Output("last_hidden_state", hidden, close, closeReads);
            }
        }

        // The pooler sees the first token of each sequence only.
        account.Output("pooler_output", b * h, Work.Product(b, h, h), reads: FloatBytes(b * h) + FloatBytes(h * h));
        account.Step("pooler_output:bias_tanh", Work.Operations(2 * b * h), reads: FloatBytes(b * h) + FloatBytes(h), writes: FloatBytes(b * h));

        Formula perLayer = 4 * h * h + 2 * h * wide + 9 * h + wide;
        return account.Build(
            parameterCount: (words + positions + types + 2) * h + layers * perLayer + h * h + h,
            Peak(config, inputs: 3 * IdBytes(tokens), mask: FloatBytes(tokens), x: FloatBytes(hidden), FloatBytes(scores), FloatBytes(intermediate)));
    }

    /// <summary>
    /// Where the most bytes are live. The three inputs and the additive mask are there all along. Each layer starts from its
    /// input x, which must survive until the residual sum behind the attention, and every other buffer dies within a few steps. So a
    /// layer has two hills, the attention and the feed-forward part, and all layers have the same ones: the peak does not grow with L.
    /// <para>
    /// Between softmax and GELU, divide by 4*B*S: 2*H + 2*A*S against H + 2*I. The softmax wins once 2*A*S &gt; 2*I - H, for BERT-base
    /// (A 12, I 3072, H 768) once S &gt; 224. The other two moments win only where I &lt; 2*H: the scores for d &lt; S &lt; 2*d (below,
    /// splitting the values holds as much or more; beyond, the softmax), which the usual I = 4*H rules out.
    /// </para>
    /// </summary>
    private static PeakMoment[] Peak(BertConfig config, Formula inputs, Formula mask, Formula x, Formula scores, Formula intermediate) =>
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

    private static void Parameters(
        AccountBuilder account, long layers, Formula h, Formula wide, Formula words, Formula positions, Formula types)
    {
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

        account.Parameter("embeddings.word_embeddings.weight", words * h);
        account.Parameter("embeddings.position_embeddings.weight", positions * h);
        account.Parameter("embeddings.token_type_embeddings.weight", types * h);
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
