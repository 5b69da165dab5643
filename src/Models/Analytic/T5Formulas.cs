using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;

namespace Harness.Models.Analytic;

/// <summary>
/// T5 on paper: buffers, parameters and costs; the peak is in <see cref="T5Peak"/>. B batch, S sequence, D decoder sequence, H hidden
/// size, A heads of d (A*d need not be H), F feed-forward size, L layers of each stack, V vocabulary, R relative position buckets.
/// Buffers and their order: docs/models.md; conventions and a worked example: docs/formulas.md.
/// </summary>
public static class T5Formulas
{
    public static AnalyticAccount Of(T5Config config)
    {
        var account = new AccountBuilder("t5");
        var n = new T5Symbols(config);
        Parameters(account, config.Layers, n);
        account.Input("input_ids", IdBytes(n.SourceTokens));
        account.Input("attention_mask", IdBytes(n.SourceTokens));
        account.Input("decoder_input_ids", IdBytes(n.TargetTokens));
        Encoder(account, config.Layers, n);
        Decoder(account, config.Layers, n);

        // Attention has four H x A*d matrices; the decoder's layers have two attentions. Every sub-layer has one norm.
        Formula encoderLayer = 4 * n.Hidden * n.Inner + 2 * n.Hidden * n.FeedForward + 2 * n.Hidden;
        Formula decoderLayer = 8 * n.Hidden * n.Inner + 2 * n.Hidden * n.FeedForward + 3 * n.Hidden;
        return account.Build(
            parameterCount: n.Vocabulary * n.Hidden + n.Layers * (encoderLayer + decoderLayer) + 2 * n.Buckets * n.Heads + 2 * n.Hidden,
            T5Peak.Moments(config, n));
    }

    /// <summary>The encoder sees all of the input at once: its streams are S long and its scores S by S.</summary>
    private static void Encoder(AccountBuilder account, long layers, T5Symbols n)
    {
        Formula tokens = n.SourceTokens, hidden = tokens * n.Hidden;
        Formula positionBias = n.Heads * n.Source * n.Source;

        account.Activation("encoder.embed_tokens", hidden, Work.None, reads: IdBytes(tokens) + FloatBytes(Min(tokens, n.Vocabulary) * n.Hidden));
        account.Activation("encoder.extended_attention_mask", tokens, RowWork.AdditiveMask(tokens), reads: IdBytes(tokens));

        // One bias for all sequences and layers: no B. There are 2*S - 1 distances between S positions.
        account.Activation("encoder.position_bias", positionBias, Work.None, reads: FloatBytes(Min(n.Buckets, 2 * n.Source - 1) * n.Heads));

        for (long i = 0; i < layers; i++)
        {
            string attention = $"encoder.block.{i}.layer.0", feedForward = $"encoder.block.{i}.layer.1";
            OpenBlock(account, i, $"encoder.block.{i - 1}.layer.1.hidden", $"{attention}.normed", tokens, n);
            Heads(account, $"{attention}.q", $"{attention}.q_heads", tokens, n);
            Heads(account, $"{attention}.k", $"{attention}.k_heads", tokens, n);
            Heads(account, $"{attention}.v", $"{attention}.v_heads", tokens, n);
            Attend(account, attention, n.Source, n.Source, n, addends: 2, added: FloatBytes(positionBias) + FloatBytes(tokens));
            ResidualNorm(account, $"{attention}.hidden", $"{feedForward}.normed", tokens, n);
            FeedForward(account, feedForward, tokens, n);
        }

        account.Output("encoder_last_hidden_state", hidden, RowWork.RmsNorm(tokens, n.Hidden, addends: 1), ResidualNormReads(tokens, n));
    }

    /// <summary>
    /// The decoder's streams are D long. Keys and values are outputs, so that the next token need not compute them again: its own
    /// are D long, those of the cross attention S long.
    /// </summary>
    private static void Decoder(AccountBuilder account, long layers, T5Symbols n)
    {
        Formula tokens = n.TargetTokens, hidden = tokens * n.Hidden;
        Formula positionBias = n.Heads * n.Target * n.Target;

        account.Activation("decoder.embed_tokens", hidden, Work.None, reads: IdBytes(tokens) + FloatBytes(Min(tokens, n.Vocabulary) * n.Hidden));

        // D positions look back over D distances, 0 among them.
        account.Activation("decoder.position_bias", positionBias, Work.None, reads: FloatBytes(Min(n.Buckets, n.Target) * n.Heads));

        for (long i = 0; i < layers; i++)
        {
            string self = $"decoder.block.{i}.layer.0", cross = $"decoder.block.{i}.layer.1", feedForward = $"decoder.block.{i}.layer.2";
            OpenBlock(account, i, $"decoder.block.{i - 1}.layer.2.hidden", $"{self}.normed", tokens, n);
            Heads(account, $"{self}.q", $"{self}.q_heads", tokens, n);
            Heads(account, $"{self}.k", $"past_key_values.{i}.decoder.key", tokens, n, cached: true);
            Heads(account, $"{self}.v", $"past_key_values.{i}.decoder.value", tokens, n, cached: true);
            Attend(account, self, n.Target, n.Target, n, addends: 1, added: FloatBytes(positionBias));
            ResidualNorm(account, $"{self}.hidden", $"{cross}.normed", tokens, n);

            Heads(account, $"{cross}.q", $"{cross}.q_heads", tokens, n);
            Heads(account, $"{cross}.k", $"past_key_values.{i}.encoder.key", n.SourceTokens, n, cached: true);
            Heads(account, $"{cross}.v", $"past_key_values.{i}.encoder.value", n.SourceTokens, n, cached: true);
            Attend(account, cross, n.Target, n.Source, n, addends: 1, added: FloatBytes(n.SourceTokens));
            ResidualNorm(account, $"{cross}.hidden", $"{feedForward}.normed", tokens, n);
            FeedForward(account, feedForward, tokens, n);
        }

        account.Activation("decoder.output", hidden, RowWork.RmsNorm(tokens, n.Hidden, addends: 1), ResidualNormReads(tokens, n));

        // Tied embeddings: the table of the words is also the matrix of the logits, scaled by H^-0.5 (one multiplication each).
        Formula logits = tokens * n.Vocabulary;
        account.Output("logits", logits, new Work(logits * n.Hidden, logits), reads: FloatBytes(hidden) + FloatBytes(n.Vocabulary * n.Hidden));
    }

    /// <summary>Block 0 norms the embeddings; later ones first add the feed-forward result of the block before to the stream.</summary>
    private static void OpenBlock(AccountBuilder account, long block, string stream, string normed, Formula tokens, T5Symbols n)
    {
        if (block > 0)
        {
            ResidualNorm(account, stream, normed, tokens, n);
            return;
        }

        account.Activation(normed, tokens * n.Hidden, RowWork.RmsNorm(tokens, n.Hidden), reads: FloatBytes(tokens * n.Hidden) + FloatBytes(n.Hidden));
    }

    /// <summary>stream + what a sub-layer computed becomes the new stream, and its norm the next sub-layer's input; both are written.</summary>
    private static void ResidualNorm(AccountBuilder account, string stream, string normed, Formula tokens, T5Symbols n)
    {
        account.Activation(stream, tokens * n.Hidden);
        account.Activation(normed, tokens * n.Hidden);
        account.Step(stream, RowWork.RmsNorm(tokens, n.Hidden, addends: 1), ResidualNormReads(tokens, n), writes: 2 * FloatBytes(tokens * n.Hidden));
    }

    private static Formula ResidualNormReads(Formula tokens, T5Symbols n) => 2 * FloatBytes(tokens * n.Hidden) + FloatBytes(n.Hidden);

    /// <summary>A product with an [A*d, H] matrix, and the step (no bias, no arithmetic) that moves the heads in front of the positions.</summary>
    private static void Heads(AccountBuilder account, string product, string split, Formula tokens, T5Symbols n, bool cached = false)
    {
        Formula inner = tokens * n.Inner;
        account.Activation(product, inner, Work.Product(tokens, n.Inner, n.Hidden), reads: FloatBytes(tokens * n.Hidden) + FloatBytes(n.Inner * n.Hidden));
        if (cached)
        {
            account.Output(split, inner, Work.None, reads: FloatBytes(inner));
        }
        else
        {
            account.Activation(split, inner, Work.None, reads: FloatBytes(inner));
        }
    }

    /// <summary>softmax(Q K^T + addends) V, and the product that brings A*d back to H.</summary>
    private static void Attend(
        AccountBuilder account, string layer, Formula queries, Formula keys, T5Symbols n, long addends, Formula added)
    {
        Formula rows = n.Batch * n.Heads * queries, scores = rows * keys, tokens = n.Batch * queries;
        Formula queryHeads = rows * n.HeadSize, keyHeads = n.Batch * n.Heads * keys * n.HeadSize, context = tokens * n.Inner;
        account.Activation($"{layer}.scores", scores, Work.Product(rows, keys, n.HeadSize), reads: FloatBytes(queryHeads) + FloatBytes(keyHeads));
        account.Activation($"{layer}.probs", scores, RowWork.Softmax(scores, addends), reads: FloatBytes(scores) + added);
        account.Activation($"{layer}.context_heads", queryHeads, Work.Product(rows, n.HeadSize, keys), reads: FloatBytes(scores) + FloatBytes(keyHeads));
        account.Activation($"{layer}.context", context, Work.None, reads: FloatBytes(queryHeads));
        account.Activation($"{layer}.o", tokens * n.Hidden, Work.Product(tokens, n.Hidden, n.Inner), reads: FloatBytes(context) + FloatBytes(n.Hidden * n.Inner));
    }

    private static void FeedForward(AccountBuilder account, string layer, Formula tokens, T5Symbols n)
    {
        Formula hidden = tokens * n.Hidden, wide = tokens * n.FeedForward, matrix = n.Hidden * n.FeedForward;
        account.Activation($"{layer}.wi", wide, Work.Product(tokens, n.FeedForward, n.Hidden), reads: FloatBytes(hidden) + FloatBytes(matrix));
        account.Step($"{layer}.wi:relu", Work.Operations(wide), reads: FloatBytes(wide), writes: FloatBytes(wide));
        account.Activation($"{layer}.wo", hidden, Work.Product(tokens, n.Hidden, n.FeedForward), reads: FloatBytes(wide) + FloatBytes(matrix));
    }

    private static void Parameters(AccountBuilder account, long layers, T5Symbols n)
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
            Norm($"{stack}.final_layer_norm");
            for (long i = 0; i < layers; i++)
            {
                string block = $"{stack}.block.{i}";
                Attention($"{block}.layer.0.SelfAttention");
                Norm($"{block}.layer.0.layer_norm");
                if (stack == "decoder")
                {
                    Attention($"{block}.layer.1.EncDecAttention");
                    Norm($"{block}.layer.1.layer_norm");
                }

                account.Parameter($"{block}.layer.{feedForward}.DenseReluDense.wi.weight", n.FeedForward * n.Hidden);
                account.Parameter($"{block}.layer.{feedForward}.DenseReluDense.wo.weight", n.Hidden * n.FeedForward);
                Norm($"{block}.layer.{feedForward}.layer_norm");
            }
        }
    }
}
