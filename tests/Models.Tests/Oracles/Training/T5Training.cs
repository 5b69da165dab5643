namespace Harness.Models.Tests.Oracles.Training;

/// <summary>
/// T5 for conditional generation (Raffel et al. 2020, first version): norm before each sub-layer, no biases, unscaled scores, relative
/// position buckets, tied embeddings. Parameters bear Hugging Face's names.
/// </summary>
internal sealed class T5Training(T5Config config) : ITrainedModel
{
    private const double Epsilon = 1e-6;

    private readonly int _sequence = (int)config.Sequence, _decoderSequence = (int)config.DecoderSequence, _hidden = (int)config.Hidden;
    private readonly int _heads = (int)config.Heads, _headSize = (int)config.HeadSize, _feedForward = (int)config.FeedForward;

    public int Batch => (int)config.Batch;

    private int Inner => _heads * _headSize;

    public IReadOnlyDictionary<string, int[]> Parameters
    {
        get
        {
            var shapes = new Dictionary<string, int[]> { ["shared.weight"] = [(int)config.Vocabulary, _hidden] };
            Stack("encoder", ["SelfAttention"]);
            Stack("decoder", ["SelfAttention", "EncDecAttention"]);
            return shapes;

            void Stack(string stack, string[] attentions)
            {
                shapes.Add(RelativeBias(stack), [(int)config.Buckets, _heads]);
                shapes.Add($"{stack}.final_layer_norm.weight", [_hidden]);
                for (int i = 0; i < config.Layers; i++)
                {
                    for (int n = 0; n <= attentions.Length; n++)
                    {
                        shapes.Add($"{stack}.block.{i}.layer.{n}.layer_norm.weight", [_hidden]);
                    }

                    for (int n = 0; n < attentions.Length; n++)
                    {
                        string attention = $"{stack}.block.{i}.layer.{n}.{attentions[n]}";
                        shapes.Add($"{attention}.q.weight", [Inner, _hidden]);
                        shapes.Add($"{attention}.k.weight", [Inner, _hidden]);
                        shapes.Add($"{attention}.v.weight", [Inner, _hidden]);
                        shapes.Add($"{attention}.o.weight", [_hidden, Inner]);
                    }

                    string last = $"{stack}.block.{i}.layer.{attentions.Length}.DenseReluDense";
                    shapes.Add($"{last}.wi.weight", [_feedForward, _hidden]);
                    shapes.Add($"{last}.wo.weight", [_hidden, _feedForward]);
                }
            }
        }
    }

    public Node Logits(TrainingPass pass)
    {
        Node encoded = Encode(pass);
        Node decoded = Decode(pass, encoded);

        // Tied embeddings: the decoder's output is scaled by H^-0.5 before it meets the embedding table again.
        return pass.Tape.Linear(pass.Tape.Scale(decoded, 1 / Math.Sqrt(_hidden)), pass.Parameter("shared.weight"), null, _hidden);
    }

    private Node Encode(TrainingPass pass)
    {
        double[] mask = pass.AdditiveMask();
        Node bias = PositionBias(pass, "encoder", _sequence, twoSided: true, (sample, _, key) => mask[sample * _sequence + key]);
        Node x = Embedded(pass, "encoder.embed_tokens", "input_ids");
        for (int i = 0; i < config.Layers; i++)
        {
            string block = $"encoder.block.{i}";
            Node normed = Norm(pass, x, $"{block}.layer.0.layer_norm");
            x = pass.Tape.Add(x, Attend(pass, normed, normed, $"{block}.layer.0", "SelfAttention", bias));
            x = pass.Tape.Add(x, FeedForward(pass, Norm(pass, x, $"{block}.layer.1.layer_norm"), $"{block}.layer.1"));
        }

        return pass.Drop(Norm(pass, x, "encoder.final_layer_norm"), "encoder_last_hidden_state");
    }

    private Node Decode(TrainingPass pass, Node encoded)
    {
        double[] mask = pass.AdditiveMask();
        Node bias = PositionBias(
            pass, "decoder", _decoderSequence, twoSided: false, (_, query, key) => key > query ? double.NegativeInfinity : 0);
        Node crossMask = Node.Constant(OfScores(pass, _decoderSequence, _sequence, (sample, _, _, key) => mask[sample * _sequence + key]));
        Node x = Embedded(pass, "decoder.embed_tokens", "decoder_input_ids");
        for (int i = 0; i < config.Layers; i++)
        {
            string block = $"decoder.block.{i}";
            Node normed = Norm(pass, x, $"{block}.layer.0.layer_norm");
            x = pass.Tape.Add(x, Attend(pass, normed, normed, $"{block}.layer.0", "SelfAttention", bias));
            normed = Norm(pass, x, $"{block}.layer.1.layer_norm");
            x = pass.Tape.Add(x, Attend(pass, normed, encoded, $"{block}.layer.1", "EncDecAttention", crossMask));
            x = pass.Tape.Add(x, FeedForward(pass, Norm(pass, x, $"{block}.layer.2.layer_norm"), $"{block}.layer.2"));
        }

        return pass.Drop(Norm(pass, x, "decoder.final_layer_norm"), "decoder.output");
    }

    private Node Embedded(TrainingPass pass, string name, string ids) =>
        pass.Drop(pass.Tape.Embed(pass.Parameter("shared.weight"), pass.Ids(ids), _hidden), name);

    private static Node Norm(TrainingPass pass, Node x, string name) => pass.Tape.RmsNorm(x, pass.Parameter($"{name}.weight"), Epsilon);

    private Node Attend(TrainingPass pass, Node queries, Node keys, string layer, string attention, Node added)
    {
        Node Project(Node x, string matrix, int inputs) =>
            pass.Tape.Linear(x, pass.Parameter($"{layer}.{attention}.{matrix}.weight"), null, inputs);

        Node context = pass.Tape.Attention(
            Project(queries, "q", _hidden), Project(keys, "k", _hidden), Project(keys, "v", _hidden),
            pass.Samples, _heads, _headSize, scale: 1, added, probs => pass.Drop(probs, $"{layer}.probs"));
        return pass.Drop(Project(context, "o", Inner), $"{layer}.o");
    }

    private Node FeedForward(TrainingPass pass, Node x, string layer)
    {
        Node Project(Node x, string matrix, int inputs) =>
            pass.Tape.Linear(x, pass.Parameter($"{layer}.DenseReluDense.{matrix}.weight"), null, inputs);

        Node wi = pass.Drop(pass.Tape.Relu(Project(x, "wi", _hidden)), $"{layer}.wi");
        return pass.Drop(Project(wi, "wo", _feedForward), $"{layer}.wo");
    }

    private static string RelativeBias(string stack) => $"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight";

    /// <summary>What a stack's self-attention adds to its scores [B,A,L,L]: the bias of the relative position, and a mask.</summary>
    /// <param name="mask">of sample, query and key</param>
    private Node PositionBias(TrainingPass pass, string stack, int length, bool twoSided, Func<int, int, int, double> mask)
    {
        Node table = pass.Parameter(RelativeBias(stack));
        Node bias = pass.Tape.Permute(table, [pass.Samples, _heads, length, length],
            (_, head, query, key) => T5Oracle.Bucket(config, key - query, twoSided) * _heads + head);
        return pass.Tape.Add(bias, Node.Constant(OfScores(pass, length, length, (sample, _, query, key) => mask(sample, query, key))));
    }

    /// <summary>[B,A,queries,keys]</summary>
    private double[] OfScores(TrainingPass pass, int queries, int keys, Func<int, int, int, int, double> value) =>
    [
        .. Enumerable.Range(0, pass.Samples).SelectMany(sample => Enumerable.Range(0, _heads).SelectMany(head =>
            Enumerable.Range(0, queries).SelectMany(query => Enumerable.Range(0, keys).Select(key => value(sample, head, query, key))))),
    ];
}
