using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>
/// T5 on paper: buffers, parameters and costs; the peak is in <see cref="T5Peak"/>. B batch, S sequence, D decoder sequence, H hidden size,
/// A heads of d (A*d need not be H), F feed-forward size, L layers of each stack, V vocabulary, R relative position buckets. Buffers and
/// their order: docs/models.md; conventions and a worked example: docs/formulas.md.
/// </summary>
public static class T5Formulas
{
    public static AnalyticAccount Of(T5Config config)
    {
        var account = new AccountBuilder("t5");
        var n = new T5Symbols(config);
        Parameters(account, config.Layers, n);
        Inputs(account, n);
        Encoder(account, config.Layers, n);
        Decoder(account, config.Layers, n);
        return account.Build(ParameterCount(n), T5Peak.Moments(config, n));
    }

    /// <summary>That of <see cref="Of"/>, without its buffers and steps.</summary>
    public static AnalyticPeak Peak(T5Config config) => new([.. T5Peak.Moments(config, new T5Symbols(config))]);

    internal static Formula ParameterCount(T5Symbols n)
    {
        // Attention has four H x A*d matrices; the decoder's layers have two attentions. Every sub-layer has one norm.
        Formula encoderLayer = 4 * n.Hidden * n.Inner + 2 * n.Hidden * n.FeedForward + 2 * n.Hidden;
        Formula decoderLayer = 8 * n.Hidden * n.Inner + 2 * n.Hidden * n.FeedForward + 3 * n.Hidden;
        return n.Vocabulary * n.Hidden + n.Layers * (encoderLayer + decoderLayer) + 2 * n.Buckets * n.Heads + 2 * n.Hidden;
    }

    internal static void Inputs(AccountBuilder account, T5Symbols n)
    {
        account.Input("input_ids", IdBytes(n.SourceTokens));
        account.Input("attention_mask", IdBytes(n.SourceTokens));
        account.Input("decoder_input_ids", IdBytes(n.TargetTokens));
    }

    /// <summary>The encoder sees all of the input at once: its streams are S long and its scores S by S.</summary>
    private static void Encoder(AccountBuilder account, long layers, T5Symbols n)
    {
        Formula tokens = n.SourceTokens, hidden = tokens * n.Hidden;
        Embed(account, "encoder.embed_tokens", tokens, n);
        AdditiveMask(account, n);
        EncoderPositionBias(account, n);
        for (long i = 0; i < layers; i++)
        {
            string attention = $"encoder.block.{i}.layer.0", feedForward = $"encoder.block.{i}.layer.1";
            OpenBlock(account, i, $"encoder.block.{i - 1}.layer.1.hidden", $"{attention}.normed", tokens, n);
            Heads(account, $"{attention}.q", $"{attention}.q_heads", tokens, n);
            Heads(account, $"{attention}.k", $"{attention}.k_heads", tokens, n);
            Heads(account, $"{attention}.v", $"{attention}.v_heads", tokens, n);
            Probabilities(account, attention, n.Source, n.Source, n, addends: 2, added: FloatBytes(n.EncoderBias) + FloatBytes(tokens));
            Context(account, attention, n.Source, n.Source, n);
            Output(account, attention, tokens, n);
            ResidualNorm(account, $"{attention}.hidden", $"{feedForward}.normed", tokens, n);
            Wide(account, feedForward, tokens, n);
            Narrow(account, feedForward, tokens, n);
        }

        account.Output("encoder_last_hidden_state", hidden, RowWork.RmsNorm(tokens, n.Hidden, addends: 1), ResidualNormReads(tokens, n));
    }

    /// <summary>
    /// The decoder's streams are D long. Keys and values are outputs, so that the next token need not compute them again: its own are D
    /// long, those of the cross attention S long.
    /// </summary>
    private static void Decoder(AccountBuilder account, long layers, T5Symbols n)
    {
        Formula tokens = n.TargetTokens, hidden = tokens * n.Hidden;
        Embed(account, "decoder.embed_tokens", tokens, n);
        DecoderPositionBias(account, n);
        for (long i = 0; i < layers; i++)
        {
            string self = $"decoder.block.{i}.layer.0", cross = $"decoder.block.{i}.layer.1", feedForward = $"decoder.block.{i}.layer.2";
            OpenBlock(account, i, $"decoder.block.{i - 1}.layer.2.hidden", $"{self}.normed", tokens, n);
            Heads(account, $"{self}.q", $"{self}.q_heads", tokens, n);
            Heads(account, $"{self}.k", $"past_key_values.{i}.decoder.key", tokens, n, cached: true);
            Heads(account, $"{self}.v", $"past_key_values.{i}.decoder.value", tokens, n, cached: true);
            Probabilities(account, self, n.Target, n.Target, n, addends: 1, added: FloatBytes(n.DecoderBias));
            Context(account, self, n.Target, n.Target, n);
            Output(account, self, tokens, n);
            ResidualNorm(account, $"{self}.hidden", $"{cross}.normed", tokens, n);

            Heads(account, $"{cross}.q", $"{cross}.q_heads", tokens, n);
            Heads(account, $"{cross}.k", $"past_key_values.{i}.encoder.key", n.SourceTokens, n, cached: true);
            Heads(account, $"{cross}.v", $"past_key_values.{i}.encoder.value", n.SourceTokens, n, cached: true);
            Probabilities(account, cross, n.Target, n.Source, n, addends: 1, added: FloatBytes(n.SourceTokens));
            Context(account, cross, n.Target, n.Source, n);
            Output(account, cross, tokens, n);
            ResidualNorm(account, $"{cross}.hidden", $"{feedForward}.normed", tokens, n);
            Wide(account, feedForward, tokens, n);
            Narrow(account, feedForward, tokens, n);
        }

        account.Activation("decoder.output", hidden, RowWork.RmsNorm(tokens, n.Hidden, addends: 1), ResidualNormReads(tokens, n));

        Formula logits = tokens * n.Vocabulary;
        account.Output("logits", logits, LogitsWork(n), LogitsReads(n));
    }

    internal static void Embed(AccountBuilder account, string result, Formula tokens, T5Symbols n) => account.Activation(
        result, tokens * n.Hidden, Work.None, reads: IdBytes(tokens) + FloatBytes(Min(tokens, n.Vocabulary) * n.Hidden));

    internal static void AdditiveMask(AccountBuilder account, T5Symbols n) => account.Activation(
        "encoder.extended_attention_mask", n.SourceTokens, RowWork.AdditiveMask(n.SourceTokens), reads: IdBytes(n.SourceTokens));

    /// <summary>One bias for all sequences and layers: no B. There are 2*S - 1 distances between S positions.</summary>
    internal static void EncoderPositionBias(AccountBuilder account, T5Symbols n) => account.Activation(
        "encoder.position_bias", n.EncoderBias, Work.None, reads: FloatBytes(Min(n.Buckets, 2 * n.Source - 1) * n.Heads));

    /// <summary>D positions look back over D distances, 0 among them.</summary>
    internal static void DecoderPositionBias(AccountBuilder account, T5Symbols n) => account.Activation(
        "decoder.position_bias", n.DecoderBias, Work.None, reads: FloatBytes(Min(n.Buckets, n.Target) * n.Heads));

    /// <summary>
    /// Tied embeddings: the table of the words is also the matrix of the logits, scaled by H^-0.5 (one multiplication each).
    /// </summary>
    internal static Work LogitsWork(T5Symbols n) => new(n.TargetTokens * n.Vocabulary * n.Hidden, n.TargetTokens * n.Vocabulary);

    internal static Formula LogitsReads(T5Symbols n) => FloatBytes(n.TargetTokens * n.Hidden) + FloatBytes(n.Vocabulary * n.Hidden);

    /// <summary>Block 0 norms the embeddings; later ones first add the feed-forward result of the block before to the stream.</summary>
    internal static void OpenBlock(AccountBuilder account, long block, string stream, string normed, Formula tokens, T5Symbols n)
    {
        if (block > 0)
        {
            ResidualNorm(account, stream, normed, tokens, n);
        }
        else
        {
            Norm(account, normed, tokens, n);
        }
    }

    /// <summary>The norm of one tensor.</summary>
    internal static void Norm(AccountBuilder account, string normed, Formula tokens, T5Symbols n) =>
        account.Activation(normed, tokens * n.Hidden, RowWork.RmsNorm(tokens, n.Hidden),
            reads: FloatBytes(tokens * n.Hidden) + FloatBytes(n.Hidden));

    /// <summary>
    /// stream + what a sub-layer computed becomes the new stream, and its norm the next sub-layer's input; both are written.
    /// </summary>
    internal static void ResidualNorm(AccountBuilder account, string stream, string normed, Formula tokens, T5Symbols n)
    {
        account.Activation(stream, tokens * n.Hidden);
        account.Activation(normed, tokens * n.Hidden);
        account.Step(stream, RowWork.RmsNorm(tokens, n.Hidden, addends: 1), ResidualNormReads(tokens, n),
            writes: 2 * FloatBytes(tokens * n.Hidden));
    }

    internal static Formula ResidualNormReads(Formula tokens, T5Symbols n) => 2 * FloatBytes(tokens * n.Hidden) + FloatBytes(n.Hidden);

    /// <summary>
    /// A product with an [A*d, H] matrix, and the step (no bias, no arithmetic) that moves the heads in front of the positions.
    /// </summary>
    /// <param name="cached">the caller keeps the heads</param>
    internal static void Heads(AccountBuilder account, string product, string split, Formula tokens, T5Symbols n, bool cached = false)
    {
        Formula inner = tokens * n.Inner;
        account.Activation(product, inner, Work.Product(tokens, n.Inner, n.Hidden),
            reads: FloatBytes(tokens * n.Hidden) + FloatBytes(n.Inner * n.Hidden));
        if (cached)
        {
            account.Output(split, inner, Work.None, reads: FloatBytes(inner));
        }
        else
        {
            account.Activation(split, inner, Work.None, reads: FloatBytes(inner));
        }
    }

    /// <summary>softmax(Q K^T + addends).</summary>
    /// <param name="added">bytes of the addends</param>
    /// <param name="again">what the names end in where the block runs again</param>
    internal static void Probabilities(
        AccountBuilder account, string layer, Formula queries, Formula keys, T5Symbols n, long addends, Formula added, string again = "")
    {
        Formula rows = n.Batch * n.Heads * queries, scores = rows * keys;
        Formula queryHeads = rows * n.HeadSize, keyHeads = n.Batch * n.Heads * keys * n.HeadSize;
        account.Activation($"{layer}.scores{again}", scores, Work.Product(rows, keys, n.HeadSize),
            reads: FloatBytes(queryHeads) + FloatBytes(keyHeads));
        account.Activation($"{layer}.probs{again}", scores, RowWork.Softmax(scores, addends), reads: FloatBytes(scores) + added);
    }

    /// <summary>What the probabilities choose of V, the heads side by side again.</summary>
    internal static void Context(AccountBuilder account, string layer, Formula queries, Formula keys, T5Symbols n, string again = "")
    {
        Formula rows = n.Batch * n.Heads * queries, scores = rows * keys;
        Formula queryHeads = rows * n.HeadSize, keyHeads = n.Batch * n.Heads * keys * n.HeadSize;
        account.Activation($"{layer}.context_heads{again}", queryHeads, Work.Product(rows, n.HeadSize, keys),
            reads: FloatBytes(scores) + FloatBytes(keyHeads));
        account.Activation($"{layer}.context{again}", n.Batch * queries * n.Inner, Work.None, reads: FloatBytes(queryHeads));
    }

    /// <summary>The product that brings A*d back to H.</summary>
    internal static void Output(AccountBuilder account, string layer, Formula tokens, T5Symbols n, string again = "") =>
        account.Activation($"{layer}.o{again}", tokens * n.Hidden, Work.Product(tokens, n.Hidden, n.Inner),
            reads: FloatBytes(tokens * n.Inner) + FloatBytes(n.Hidden * n.Inner));

    /// <summary>The first half of the feed-forward part, F wide, with its ReLU.</summary>
    internal static void Wide(AccountBuilder account, string layer, Formula tokens, T5Symbols n, string again = "")
    {
        Formula wide = tokens * n.FeedForward;
        account.Activation($"{layer}.wi{again}", wide, Work.Product(tokens, n.FeedForward, n.Hidden),
            reads: FloatBytes(tokens * n.Hidden) + FloatBytes(n.Hidden * n.FeedForward));
        account.Step($"{layer}.wi{again}:relu", Work.Operations(wide), reads: FloatBytes(wide), writes: FloatBytes(wide));
    }

    internal static void Narrow(AccountBuilder account, string layer, Formula tokens, T5Symbols n) =>
        account.Activation($"{layer}.wo", tokens * n.Hidden, Work.Product(tokens, n.Hidden, n.FeedForward),
            reads: FloatBytes(tokens * n.FeedForward) + FloatBytes(n.Hidden * n.FeedForward));

    /// <summary>In the order in which the forward pass first reads them.</summary>
    internal static void Parameters(AccountBuilder account, long layers, T5Symbols n)
    {
        void Attention(string name)
        {
            account.Parameter($"{name}.q.weight", n.Inner * n.Hidden);
            account.Parameter($"{name}.k.weight", n.Inner * n.Hidden);
            account.Parameter($"{name}.v.weight", n.Inner * n.Hidden);
            account.Parameter($"{name}.o.weight", n.Hidden * n.Inner);
        }

        void Norm(string name) => account.Parameter($"{name}.weight", n.Hidden);

        account.Parameter("shared.weight", n.Vocabulary * n.Hidden);
        foreach ((string stack, int feedForward) in new[] { ("encoder", 1), ("decoder", 2) })
        {
            account.Parameter($"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", n.Buckets * n.Heads);
            for (long i = 0; i < layers; i++)
            {
                string block = $"{stack}.block.{i}";
                Norm($"{block}.layer.0.layer_norm");
                Attention($"{block}.layer.0.SelfAttention");
                if (stack == "decoder")
                {
                    Norm($"{block}.layer.1.layer_norm");
                    Attention($"{block}.layer.1.EncDecAttention");
                }

                Norm($"{block}.layer.{feedForward}.layer_norm");
                account.Parameter($"{block}.layer.{feedForward}.DenseReluDense.wi.weight", n.FeedForward * n.Hidden);
                account.Parameter($"{block}.layer.{feedForward}.DenseReluDense.wo.weight", n.Hidden * n.FeedForward);
            }

            Norm($"{stack}.final_layer_norm");
        }
    }
}
