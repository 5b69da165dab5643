namespace Harness.Models.Tests.Analytic;

/// <summary>The tables of docs/models.md, row by row, with numbers put in.</summary>
internal static class SimulatedModels
{
    public static SimulatedPass Bert(BertConfig c)
    {
        long tokens = c.Batch * c.Sequence, hidden = 4 * tokens * c.Hidden, scores = 4 * c.Batch * c.Heads * c.Sequence * c.Sequence;
        long heads = 4 * c.Batch * c.Heads * c.Sequence * c.HeadSize, wide = 4 * tokens * c.Intermediate;
        var pass = new SimulatedPass();
        pass.Input("input_ids", 8 * tokens);
        pass.Input("attention_mask", 8 * tokens);
        pass.Input("token_type_ids", 8 * tokens);
        pass.Step(["input_ids", "token_type_ids"], ("embeddings.sum", hidden));
        pass.Step(["embeddings.sum"], ("embeddings.output", hidden));
        pass.Step(["attention_mask"], ("extended_attention_mask", 4 * tokens));
        string x = "embeddings.output";
        for (long i = 0; i < c.Layers; i++)
        {
            string p = $"encoder.layer.{i}.", at = $"{p}attention.";
            foreach (string name in new[] { "query", "key", "value" })
            {
                pass.Step([x], ($"{at}{name}", hidden));
                pass.Step([$"{at}{name}"], ($"{at}{name}_heads", heads));
            }

            pass.Step([$"{at}query_heads", $"{at}key_heads"], ($"{at}scores", scores));
            pass.Step([$"{at}scores", "extended_attention_mask"], ($"{at}probs", scores));
            pass.Step([$"{at}probs", $"{at}value_heads"], ($"{at}context_heads", heads));
            pass.Step([$"{at}context_heads"], ($"{at}context", hidden));
            pass.Step([$"{at}context"], ($"{at}dense", hidden));
            pass.Step([$"{at}dense", x], ($"{at}output", hidden));
            pass.Step([$"{at}output"], ($"{p}intermediate.dense", wide));
            pass.Step([$"{p}intermediate.dense"], ($"{p}intermediate.output", wide));
            pass.Step([$"{p}intermediate.output"], ($"{p}output.dense", hidden));
            x = i == c.Layers - 1 ? "last_hidden_state" : $"{p}output";
            pass.Step([$"{p}output.dense", $"{at}output"], (x, hidden));
        }

        pass.Step([x], ("pooler_output", 4 * c.Batch * c.Hidden));
        pass.InPlace("pooler_output", "bias_tanh");
        pass.Output("last_hidden_state", "pooler_output");
        return pass;
    }

    /// <param name="budget">bytes of workspace of every convolution; null for the table of docs/convolution.md</param>
    public static SimulatedPass Vgg16(Vgg16Config c, long? budget = null)
    {
        var pass = new SimulatedPass();
        pass.Input("pixel_values", 4 * c.Batch * 3 * c.ImageSize * c.ImageSize);
        string x = "pixel_values";
        long channels = 3, size = c.ImageSize;
        int index = 0;
        foreach (IReadOnlyList<long> stage in c.Widths)
        {
            foreach (long filters in stage)
            {
                string y = $"features.{index + 1}.output";
                long bytes = 4 * c.Batch * filters * size * size, workspace = budget ?? Workspace(c.Batch, channels, filters, size);
                pass.Step([x], workspace == 0 ? [(y, bytes)] : [(y, bytes), ($"features.{index}.workspace", workspace)]);
                (x, channels, index) = (y, filters, index + 2);
            }

            size /= 2;
            pass.Step([x], ($"features.{index}.output", 4 * c.Batch * channels * size * size));
            x = $"features.{index++}.output";
        }

        pass.Step([x], ("avgpool.output", 4 * c.Batch * channels * 49));
        pass.Step(["avgpool.output"], ("classifier.1.output", 4 * c.Batch * c.HiddenUnits));
        pass.InPlace("classifier.1.output", "bias_relu");
        pass.Step(["classifier.1.output"], ("classifier.4.output", 4 * c.Batch * c.HiddenUnits));
        pass.InPlace("classifier.4.output", "bias_relu");
        pass.Step(["classifier.4.output"], ("logits", 4 * c.Batch * c.Classes));
        pass.InPlace("logits", "bias");
        pass.Output("logits");
        return pass;
    }

    /// <summary>The table of docs/convolution.md for a 3x3 convolution, stride 1, padding 1.</summary>
    internal static long Workspace(long n, long c, long k, long size)
    {
        if (c < 16 || k < 16)
        {
            return 0;
        }

        long tiles = n * Ceil(size, 4) * Ceil(size, 4), cPadded = 16 * Ceil(c, 16), kPadded = 32 * Ceil(k, 32);
        long blocks = Ceil(tiles, Math.Max(1, 65536 / cPadded));
        return 4 * 36 * cPadded * Ceil(tiles, blocks) + (blocks > 1 ? 4 * 36 * cPadded * kPadded : 0);

        static long Ceil(long a, long b) => (a + b - 1) / b;
    }

    public static SimulatedPass T5(T5Config c)
    {
        long source = c.Batch * c.Sequence, target = c.Batch * c.DecoderSequence;
        var pass = new SimulatedPass();
        pass.Input("input_ids", 8 * source);
        pass.Input("attention_mask", 8 * source);
        pass.Input("decoder_input_ids", 8 * target);

        long hidden = 4 * source * c.Hidden, inner = 4 * source * c.InnerSize;
        pass.Step(["input_ids"], ("encoder.embed_tokens", hidden));
        pass.Step(["attention_mask"], ("encoder.extended_attention_mask", 4 * source));
        pass.Step([], ("encoder.position_bias", 4 * c.Heads * c.Sequence * c.Sequence));
        string stream = "encoder.embed_tokens", added = "";
        for (long i = 0; i < c.Layers; i++)
        {
            string p = $"encoder.block.{i}.", at = $"{p}layer.0.", ff = $"{p}layer.1.";
            Open(pass, i, ref stream, added, $"encoder.block.{i - 1}.layer.1.hidden", $"{at}normed", hidden);
            foreach (string name in new[] { "q", "k", "v" })
            {
                pass.Step([$"{at}normed"], ($"{at}{name}", inner));
                pass.Step([$"{at}{name}"], ($"{at}{name}_heads", inner));
            }

            Attend(pass, at, $"{at}k_heads", $"{at}v_heads", "encoder.position_bias", "encoder.extended_attention_mask",
                4 * c.Heads * source * c.Sequence, inner, hidden);
            Norm(pass, ref stream, $"{at}o", $"{at}hidden", $"{ff}normed", hidden);
            added = FeedForward(pass, ff, 4 * source * c.FeedForward, hidden);
        }

        pass.Step([stream, added], ("encoder_last_hidden_state", hidden));
        pass.Output("encoder_last_hidden_state");

        hidden = 4 * target * c.Hidden;
        inner = 4 * target * c.InnerSize;
        pass.Step(["decoder_input_ids"], ("decoder.embed_tokens", hidden));
        pass.Step([], ("decoder.position_bias", 4 * c.Heads * c.DecoderSequence * c.DecoderSequence));
        stream = "decoder.embed_tokens";
        for (long i = 0; i < c.Layers; i++)
        {
            string p = $"decoder.block.{i}.", self = $"{p}layer.0.", cross = $"{p}layer.1.", ff = $"{p}layer.2.", past = $"past_key_values.{i}.";
            Open(pass, i, ref stream, added, $"decoder.block.{i - 1}.layer.2.hidden", $"{self}normed", hidden);
            pass.Step([$"{self}normed"], ($"{self}q", inner));
            pass.Step([$"{self}q"], ($"{self}q_heads", inner));
            pass.Step([$"{self}normed"], ($"{self}k", inner));
            pass.Step([$"{self}k"], ($"{past}decoder.key", inner));
            pass.Step([$"{self}normed"], ($"{self}v", inner));
            pass.Step([$"{self}v"], ($"{past}decoder.value", inner));
            Attend(pass, self, $"{past}decoder.key", $"{past}decoder.value", "decoder.position_bias", null,
                4 * c.Heads * target * c.DecoderSequence, inner, hidden);
            Norm(pass, ref stream, $"{self}o", $"{self}hidden", $"{cross}normed", hidden);

            long sourceInner = 4 * source * c.InnerSize;
            pass.Step([$"{cross}normed"], ($"{cross}q", inner));
            pass.Step([$"{cross}q"], ($"{cross}q_heads", inner));
            pass.Step(["encoder_last_hidden_state"], ($"{cross}k", sourceInner));
            pass.Step([$"{cross}k"], ($"{past}encoder.key", sourceInner));
            pass.Step(["encoder_last_hidden_state"], ($"{cross}v", sourceInner));
            pass.Step([$"{cross}v"], ($"{past}encoder.value", sourceInner));
            Attend(pass, cross, $"{past}encoder.key", $"{past}encoder.value", null, "encoder.extended_attention_mask",
                4 * c.Heads * target * c.Sequence, inner, hidden);
            Norm(pass, ref stream, $"{cross}o", $"{cross}hidden", $"{ff}normed", hidden);
            added = FeedForward(pass, ff, 4 * target * c.FeedForward, hidden);
            pass.Output($"{past}decoder.key", $"{past}decoder.value", $"{past}encoder.key", $"{past}encoder.value");
        }

        pass.Step([stream, added], ("decoder.output", hidden));
        pass.Step(["decoder.output"], ("logits", 4 * target * c.Vocabulary));
        pass.Output("logits");
        return pass;
    }

    private static void Open(SimulatedPass pass, long block, ref string stream, string added, string sum, string normed, long hidden)
    {
        if (block == 0)
        {
            pass.Step([stream], (normed, hidden));
        }
        else
        {
            Norm(pass, ref stream, added, sum, normed, hidden);
        }
    }

    private static void Norm(SimulatedPass pass, ref string stream, string added, string sum, string normed, long hidden)
    {
        pass.Step([stream, added], (sum, hidden), (normed, hidden));
        stream = sum;
    }

    private static void Attend(
        SimulatedPass pass, string at, string keys, string values, string? bias, string? mask, long scores, long inner, long hidden)
    {
        pass.Step([$"{at}q_heads", keys], ($"{at}scores", scores));
        pass.Step([$"{at}scores", .. new[] { bias, mask }.OfType<string>()], ($"{at}probs", scores));
        pass.Step([$"{at}probs", values], ($"{at}context_heads", inner));
        pass.Step([$"{at}context_heads"], ($"{at}context", inner));
        pass.Step([$"{at}context"], ($"{at}o", hidden));
    }

    private static string FeedForward(SimulatedPass pass, string ff, long wide, long hidden)
    {
        pass.Step([$"{ff}normed"], ($"{ff}wi", wide));
        pass.InPlace($"{ff}wi", "relu");
        pass.Step([$"{ff}wi"], ($"{ff}wo", hidden));
        return $"{ff}wo";
    }
}
