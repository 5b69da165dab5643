using static Harness.Models.Analytic.AccountBuilder;
using static Harness.Models.Analytic.Formula;
using Target = Harness.Models.Analytic.Training.TrainingAccountBuilder.Target;

namespace Harness.Models.Analytic.Training;

/// <summary>T5's encoder or decoder in a training pass: S long with two sub-layers a block, or D long with three.</summary>
/// <param name="again">what the names of a block end in where it runs again; null: none does</param>
internal sealed class T5TrainingStack(TrainingAccountBuilder account, T5Symbols n, bool decodes, long layers, string? again)
{
    private const string Encoded = "encoder_last_hidden_state";

    private readonly string _stack = decodes ? "decoder" : "encoder";
    private readonly string _result = decodes ? "decoder.output" : Encoded;
    private readonly int _feedForward = decodes ? 2 : 1;
    private readonly Formula _length = decodes ? n.Target : n.Source;
    private readonly Formula _tokens = decodes ? n.TargetTokens : n.SourceTokens;
    private readonly Formula _bias = decodes ? n.DecoderBias : n.EncoderBias;

    private Formula Stream => _tokens * n.Hidden;

    private string Embedded => $"{_stack}.embed_tokens";

    private string Layer(long block, int layer) => $"{_stack}.block.{block}.layer.{layer}";

    /// <summary>The residual stream that enters a block; the norm that opens the block wrote it, if it is not the first one.</summary>
    private string Entering(long block) => block == 0 ? Embedded : $"{Layer(block - 1, _feedForward)}.hidden";

    public void Forward()
    {
        T5Formulas.Embed(account, Embedded, _tokens, n);
        account.Dropout(Embedded, Stream);
        if (decodes)
        {
            T5Formulas.DecoderPositionBias(account, n);
        }
        else
        {
            T5Formulas.AdditiveMask(account, n);
            T5Formulas.EncoderPositionBias(account, n);
        }

        for (long i = 0; i < layers; i++)
        {
            T5Formulas.OpenBlock(account, i, Entering(i), $"{Layer(i, 0)}.normed", _tokens, n);
            Block(i, "");
            T5Formulas.Narrow(account, Layer(i, _feedForward), _tokens, n);
            account.Dropout($"{Layer(i, _feedForward)}.wo", Stream);
        }

        account.Activation(_result, Stream, RowWork.RmsNorm(_tokens, n.Hidden, addends: 1), T5Formulas.ResidualNormReads(_tokens, n));
        account.Dropout(_result, Stream);
    }

    public void Backward()
    {
        account.DropoutBackward(_result, Stream);
        NormBackward($"{_stack}.final_layer_norm.weight", _result, sum: null, $"{Layer(layers - 1, _feedForward - 1)}.hidden",
            $"{Layer(layers - 1, _feedForward)}.wo");
        for (long i = layers - 1; i >= 0; i--)
        {
            if (again is not null)
            {
                // The stream that enters the block is kept, so the norm that opens it runs again as one of that alone.
                T5Formulas.Norm(account, $"{Layer(i, 0)}.normed{again}", _tokens, n);
                Block(i, again);
            }

            BlockBackward(i);
        }

        string table = $"{_stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight";
        account.Backward(TrainingWork.PositionBiasBackward(n.Heads, _length, causal: decodes),
            reads: FloatBytes(_bias), from: $"{_stack}.position_bias", new Target(table, n.Buckets * n.Heads));
        account.DropoutBackward(Embedded, Stream);
        account.BackwardIntoParts(TrainingWork.EmbeddingBackward(Stream), reads: FloatBytes(Stream) + IdBytes(_tokens), from: Embedded,
            new Target("shared.weight", n.Vocabulary * n.Hidden), touched: Min(_tokens, n.Vocabulary) * n.Hidden);
    }

    /// <summary>A block between its first norm and its last product: what runs again behind the one, and without the other.</summary>
    private void Block(long block, string again)
    {
        Attention(block, 0, $"{Layer(block, 0)}.", again, _length, addends: decodes ? 1 : 2,
            added: FloatBytes(_bias) + (decodes ? Zero : FloatBytes(_tokens)));
        AddAndNorm(block, 0, again);
        if (decodes)
        {
            Attention(block, 1, $"{Layer(block, 1)}.", again, n.Source, addends: 1, added: FloatBytes(n.SourceTokens));
            AddAndNorm(block, 1, again);
        }

        T5Formulas.Wide(account, Layer(block, _feedForward), _tokens, n, again);
        account.Dropout($"{Layer(block, _feedForward)}.wi", _tokens * n.FeedForward, bias: null, again);
    }

    // Heads of K and V have the names that inference hands them to the caller by.
    private (string K, string V) KeyAndValue(long block, int layer)
    {
        string past = $"past_key_values.{block}.{(layer == 0 ? "decoder" : "encoder")}";
        return decodes ? ($"{past}.key", $"{past}.value") : ($"{Layer(block, layer)}.k_heads", $"{Layer(block, layer)}.v_heads");
    }

    private void Attention(long block, int layer, string at, string again, Formula keys, long addends, Formula added)
    {
        (string k, string v) = KeyAndValue(block, layer);
        T5Formulas.Heads(account, $"{at}q{again}", $"{at}q_heads{again}", _tokens, n);
        T5Formulas.Heads(account, $"{at}k{again}", $"{k}{again}", n.Batch * keys, n);
        T5Formulas.Heads(account, $"{at}v{again}", $"{v}{again}", n.Batch * keys, n);
        T5Formulas.Probabilities(account, Layer(block, layer), _length, keys, n, addends, added, again);
        if (account.HasDropout)
        {
            account.DropoutTo($"{at}probs", $"{at}probs_dropped", n.Batch * n.Heads * _length * keys, again);
        }

        T5Formulas.Context(account, Layer(block, layer), _length, keys, n, again);
    }

    /// <summary>
    /// The product behind an attention, and the norm of what it adds to the stream. The stack's last norm reads the last block's last sum,
    /// so that is kept, and does not run again, nor what only leads to it.
    /// </summary>
    private void AddAndNorm(long block, int layer, string again)
    {
        if (again.Length > 0 && block == layers - 1 && layer == _feedForward - 1)
        {
            T5Formulas.Norm(account, $"{Layer(block, layer + 1)}.normed{again}", _tokens, n);
            return;
        }

        T5Formulas.Output(account, Layer(block, layer), _tokens, n, again);
        account.Dropout($"{Layer(block, layer)}.o", Stream, bias: null, again);
        T5Formulas.ResidualNorm(account, $"{Layer(block, layer)}.hidden{again}", $"{Layer(block, layer + 1)}.normed{again}", _tokens, n);
    }

    private void BlockBackward(long block)
    {
        string feedForward = Layer(block, _feedForward), dense = $"{feedForward}.DenseReluDense";
        Formula wide = _tokens * n.FeedForward;
        account.DropoutBackward($"{feedForward}.wo", Stream);
        account.LinearBackward($"{dense}.wo.weight", $"{feedForward}.wi", $"{feedForward}.wo", _tokens, inputs: n.FeedForward,
            outputs: n.Hidden);
        account.DropoutBackward($"{feedForward}.wi", wide);
        account.ReluBackward($"{feedForward}.wi", wide, bias: null, Zero);
        account.LinearBackward($"{dense}.wi.weight", $"{feedForward}.normed", $"{feedForward}.wi", _tokens, inputs: n.Hidden,
            outputs: n.FeedForward);
        if (decodes)
        {
            ResidualNormBackward(block, 2, $"{Layer(block, 0)}.hidden");
            AttentionBackward(block, 1, "EncDecAttention", attended: Encoded, n.Source);
        }

        ResidualNormBackward(block, 1, Entering(block));
        AttentionBackward(block, 0, "SelfAttention", attended: $"{Layer(block, 0)}.normed", _length);
        string gain = $"{Layer(block, 0)}.layer_norm.weight", normed = $"{Layer(block, 0)}.normed";
        if (block > 0)
        {
            NormBackward(gain, normed, Entering(block), $"{Layer(block - 1, _feedForward - 1)}.hidden",
                $"{Layer(block - 1, _feedForward)}.wo");
        }
        else
        {
            NormBackward(gain, normed, sum: null, Embedded, added: null);
        }
    }

    /// <summary>The norm before sub-layer <paramref name="layer"/>, of the stream and what the attention before it computed.</summary>
    private void ResidualNormBackward(long block, int layer, string stream) => NormBackward(
        $"{Layer(block, layer)}.layer_norm.weight", $"{Layer(block, layer)}.normed", $"{Layer(block, layer - 1)}.hidden", stream,
            $"{Layer(block, layer - 1)}.o");

    /// <summary>
    /// A norm of stream + added. Where the sum was written, it is read instead of its terms, and its own error signal goes to both of them,
    /// too.
    /// </summary>
    private void NormBackward(string gain, string normed, string? sum, string stream, string? added)
    {
        Formula h = n.Hidden;
        bool addsAgain = sum is null && added is not null;
        Formula reads = FloatBytes(Stream) + FloatBytes((addsAgain ? 2 : 1) * Stream);
        account.Workspace($"{normed}.statistics", FloatBytes(_tokens));
        account.Backward(TrainingWork.RmsNormParameters(_tokens, h, addends: addsAgain ? 1 : 0), reads, from: sum ?? normed,
            new Target(gain, h));
        ReadOnlySpan<Target> targets = added is null ? [new(stream, Stream)] : [new(added, Stream), new(stream, Stream)];
        account.Backward(TrainingWork.RmsNormOperands(_tokens, h, addends: added is null ? 0 : 1),
            reads: reads + FloatBytes(h) + (sum is null ? Zero : FloatBytes(Stream)), from: sum ?? normed, targets);
    }

    /// <summary>From what the attention computed back to the normed stream, and to what keys and values were made of.</summary>
    private void AttentionBackward(long block, int layer, string module, string attended, Formula keys)
    {
        string at = Layer(block, layer), used = account.HasDropout ? $"{at}.probs_dropped" : $"{at}.probs";
        (string k, string v) = KeyAndValue(block, layer);
        Formula rows = n.Batch * n.Heads * _length, scores = rows * keys, queries = rows * n.HeadSize,
            keyHeads = n.Batch * n.Heads * keys * n.HeadSize;
        Formula keyRows = n.Batch * n.Heads * keys, inner = _tokens * n.Inner, keyTokens = n.Batch * keys;
        account.DropoutBackward($"{at}.o", Stream);
        account.LinearBackward($"{at}.{module}.o.weight", $"{at}.context", $"{at}.o", _tokens, inputs: n.Inner, outputs: n.Hidden);
        account.Backward(Work.None, reads: FloatBytes(inner), from: $"{at}.context", new Target($"{at}.context_heads", queries));
        account.Backward(Work.Product(rows, keys, n.HeadSize),
            reads: FloatBytes(queries) + FloatBytes(keyHeads), from: $"{at}.context_heads", new Target(used, scores));
        account.Backward(Work.Product(keyRows, n.HeadSize, _length),
            reads: FloatBytes(queries) + FloatBytes(scores), from: $"{at}.context_heads", new Target(v, keyHeads));
        account.DropoutToBackward($"{at}.probs", used, scores);

        // Scores are not scaled. The position bias has no B: its error signal is summed over the batch.
        account.Backward(TrainingWork.SoftmaxBackward(scores, scaled: false),
            reads: FloatBytes(2 * scores), from: $"{at}.probs", new Target($"{at}.scores", scores));
        if (layer == 0)
        {
            account.Backward(TrainingWork.Sum(scores),
                reads: FloatBytes(scores), from: $"{at}.probs", new Target($"{_stack}.position_bias", _bias));
        }

        account.Backward(Work.Product(rows, n.HeadSize, keys),
            reads: FloatBytes(scores) + FloatBytes(keyHeads), from: $"{at}.scores", new Target($"{at}.q_heads", queries));
        account.Backward(Work.Product(keyRows, n.HeadSize, _length),
            reads: FloatBytes(scores) + FloatBytes(queries), from: $"{at}.scores", new Target(k, keyHeads));
        ProductBackward("v", v, attended, keyTokens);
        ProductBackward("k", k, attended, keyTokens);
        ProductBackward("q", $"{at}.q_heads", $"{at}.normed", _tokens);

        void ProductBackward(string name, string heads, string x, Formula tokens)
        {
            account.Backward(Work.None, reads: FloatBytes(tokens * n.Inner), from: heads, new Target($"{at}.{name}", tokens * n.Inner));
            account.LinearBackward($"{at}.{module}.{name}.weight", x, $"{at}.{name}", tokens, inputs: n.Hidden, outputs: n.Inner);
        }
    }
}
