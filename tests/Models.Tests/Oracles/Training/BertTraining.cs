namespace Harness.Models.Tests.Oracles.Training;

/// <summary>
/// BERT's encoder with pooler (Devlin et al. 2019) and a head of two classes on it, as docs/training.md has it. Parameters bear Hugging
/// Face's names without the <c>bert.</c> prefix.
/// </summary>
internal sealed class BertTraining(BertConfig config) : ITrainedModel
{
    /// <summary>Of the head on the pooler.</summary>
    private const int Classes = 2;

    private const double Epsilon = 1e-12;

    private readonly int _sequence = (int)config.Sequence, _hidden = (int)config.Hidden, _heads = (int)config.Heads;
    private readonly int _intermediate = (int)config.Intermediate;

    public int Batch => (int)config.Batch;

    public IReadOnlyDictionary<string, int[]> Parameters
    {
        get
        {
            var shapes = new Dictionary<string, int[]>
            {
                ["embeddings.word_embeddings.weight"] = [(int)config.Vocabulary, _hidden],
                ["embeddings.position_embeddings.weight"] = [(int)config.MaxPositions, _hidden],
                ["embeddings.token_type_embeddings.weight"] = [(int)config.TokenTypes, _hidden],
            };
            void Norm(string name)
            {
                shapes.Add($"{name}.weight", [_hidden]);
                shapes.Add($"{name}.bias", [_hidden]);
            }

            void Dense(string name, int outputs, int inputs)
            {
                shapes.Add($"{name}.weight", [outputs, inputs]);
                shapes.Add($"{name}.bias", [outputs]);
            }

            Norm("embeddings.LayerNorm");
            for (int i = 0; i < config.Layers; i++)
            {
                string layer = $"encoder.layer.{i}";
                Dense($"{layer}.attention.self.query", _hidden, _hidden);
                Dense($"{layer}.attention.self.key", _hidden, _hidden);
                Dense($"{layer}.attention.self.value", _hidden, _hidden);
                Dense($"{layer}.attention.output.dense", _hidden, _hidden);
                Norm($"{layer}.attention.output.LayerNorm");
                Dense($"{layer}.intermediate.dense", _intermediate, _hidden);
                Dense($"{layer}.output.dense", _hidden, _intermediate);
                Norm($"{layer}.output.LayerNorm");
            }

            Dense("pooler.dense", _hidden, _hidden);
            Dense("classifier", Classes, _hidden);
            return shapes;
        }
    }

    public Node Logits(TrainingPass pass)
    {
        Tape tape = pass.Tape;
        Node P(string name) => pass.Parameter(name);
        Node Dense(Node x, string name, int inputs) => tape.Linear(x, P($"{name}.weight"), P($"{name}.bias"), inputs);
        Node Norm(Node x, string name) => tape.LayerNorm(x, P($"{name}.weight"), P($"{name}.bias"), Epsilon);
        Node Embed(string table, long[] ids) => tape.Embed(P($"embeddings.{table}_embeddings.weight"), ids, _hidden);

        long[] positions = [.. Enumerable.Range(0, pass.Samples * _sequence).Select(token => (long)(token % _sequence))];
        Node sum = tape.Add(
            tape.Add(Embed("word", pass.Ids("input_ids")), Embed("position", positions)), Embed("token_type", pass.Ids("token_type_ids")));
        Node x = pass.Drop(Norm(sum, "embeddings.LayerNorm"), "embeddings.output");
        Node mask = ScoresMask(pass);

        for (int i = 0; i < config.Layers; i++)
        {
            string layer = $"encoder.layer.{i}";
            Node context = tape.Attention(
                Dense(x, $"{layer}.attention.self.query", _hidden),
                Dense(x, $"{layer}.attention.self.key", _hidden),
                Dense(x, $"{layer}.attention.self.value", _hidden),
                pass.Samples, _heads, _hidden / _heads, scale: 1 / Math.Sqrt((double)_hidden / _heads), mask,
                probs => pass.Drop(probs, $"{layer}.attention.probs"));
            Node dense = pass.Drop(Dense(context, $"{layer}.attention.output.dense", _hidden), $"{layer}.attention.dense");
            Node attended = Norm(tape.Add(dense, x), $"{layer}.attention.output.LayerNorm");
            Node intermediate = tape.Gelu(Dense(attended, $"{layer}.intermediate.dense", _hidden));
            Node output = pass.Drop(Dense(intermediate, $"{layer}.output.dense", _intermediate), $"{layer}.output.dense");
            x = Norm(tape.Add(output, attended), $"{layer}.output.LayerNorm");
        }

        Node firstTokens = tape.Permute(x, [1, 1, pass.Samples, _hidden], (_, _, sample, i) => sample * _sequence * _hidden + i);
        Node pooled = pass.Drop(tape.Tanh(Dense(firstTokens, "pooler.dense", _hidden)), "pooler_output");
        return Dense(pooled, "classifier", _hidden);
    }

    /// <summary>[B,A,S,S], the mask of the key.</summary>
    private Node ScoresMask(TrainingPass pass)
    {
        double[] mask = pass.AdditiveMask();
        return Node.Constant(
        [
            .. Enumerable.Range(0, pass.Samples * _heads * _sequence * _sequence)
                .Select(at => mask[at / (_heads * _sequence * _sequence) * _sequence + at % _sequence]),
        ]);
    }
}
