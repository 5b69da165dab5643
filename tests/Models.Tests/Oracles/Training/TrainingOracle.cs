namespace Harness.Models.Tests.Oracles.Training;

/// <summary>What one training step came to.</summary>
/// <param name="Loss">of the whole batch: the sum of the parts</param>
/// <param name="LossParts">of each micro-batch, divided by the rows of the whole batch: what <c>loss</c> holds after it</param>
/// <param name="Logits">of all micro-batches, one after the other</param>
/// <param name="Gradients">of the whole batch, by name: <c>P.grad</c> for every parameter P</param>
internal sealed record TrainingStep(
    double Loss, IReadOnlyList<double> LossParts, double[] Logits, IReadOnlyDictionary<string, double[]> Gradients);

/// <summary>
/// Training in double precision, written after docs/training.md and docs/models.md alone; shares nothing with the product but the records
/// of its configurations. Differentiation is automatic (<see cref="Tape"/>).
/// <code>
/// var oracle = new TrainingOracle(new BertTraining(config), weights, new Adam(1e-3), dropout: 0.1, microBatch: 1);
/// TrainingStep step = oracle.Step(TrainingBatch.Of(ids, labels, seeds));    // once for each step: loss, logits and gradients
/// oracle.Parameters["pooler.dense.weight"];                                 // and what the step made of weights
/// oracle.States["pooler.dense.weight.exp_avg"];                             // and states
/// TrainingStep[] steps = oracle.Run(batches);                               // or several at once
/// </code>
/// Models: <see cref="MlpTraining"/>, <see cref="MnistCnnTraining"/>, <see cref="Vgg16Training"/>, <see cref="BertTraining"/>,
/// <see cref="T5Training"/>. Optimizers: <see cref="Sgd"/>, <see cref="Momentum"/>, <see cref="Adam"/>, which is AdamW where it is given a
/// weight decay. To judge single steps of a computation in single precision, make an oracle of the weights, states and number of updates
/// that it had.
/// </summary>
/// <remarks>
/// A bias of keys (<c>attention.self.key.bias</c> in BERT) shifts all scores of a row alike, so its gradient is 0 and what is computed is
/// rounding. Adam divides by its size and makes updates of it: compare neither that gradient nor that parameter relative to themselves.
/// Hyperparameters count as they are given: a product that holds them in single precision is to be judged with (double)0.999f for 0.999f,
/// since 1 - b2 is a thousandth of it and differs by 1.3e-5 of itself.
/// </remarks>
internal sealed class TrainingOracle
{
    private readonly ITrainedModel _model;
    private readonly Optimizer _optimizer;
    private readonly double _dropout;
    private readonly int _microBatch;
    private readonly Dictionary<string, double[]> _weights;
    private readonly Dictionary<string, double[]> _states;

    /// <param name="weights">every parameter by name; copied</param>
    /// <param name="dropout">p, 0 for none</param>
    /// <param name="microBatch">samples; null for the whole batch</param>
    /// <param name="states">as in <see cref="States"/>, copied; null for zeros</param>
    /// <param name="updates">how many there have been</param>
    /// <exception cref="ArgumentException">a name or length that is not the model's; a micro-batch that does not divide the
    /// batch</exception>
    public TrainingOracle(
        ITrainedModel model, IReadOnlyDictionary<string, double[]> weights, Optimizer optimizer, double dropout = 0, int? microBatch = null,
        IReadOnlyDictionary<string, double[]>? states = null, int updates = 0)
    {
        _model = model;
        _optimizer = optimizer;
        _dropout = dropout;
        _microBatch = microBatch ?? model.Batch;
        Updates = updates;
        Dictionary<string, int> lengths = model.Parameters.ToDictionary(pair => pair.Key, pair => pair.Value.Aggregate((a, b) => a * b));
        _weights = Copy(lengths, weights);
        Dictionary<string, int> ofStates = lengths
            .SelectMany(pair => optimizer.StateSuffixes.Select(suffix => (Name: $"{pair.Key}.{suffix}", pair.Value)))
            .ToDictionary(pair => pair.Name, pair => pair.Value);
        _states = states is null ? ofStates.ToDictionary(pair => pair.Key, pair => new double[pair.Value]) : Copy(ofStates, states);
        if (_microBatch < 1 || model.Batch % _microBatch != 0)
        {
            throw new ArgumentException($"{microBatch} samples do not divide a batch of {model.Batch}", nameof(microBatch));
        }
    }

    /// <summary>The weights as they are now, by name.</summary>
    public IReadOnlyDictionary<string, double[]> Parameters => _weights;

    /// <summary>By name: <c>P.momentum_buffer</c>, or <c>P.exp_avg</c> and <c>P.exp_avg_sq</c>, or none.</summary>
    public IReadOnlyDictionary<string, double[]> States => _states;

    /// <summary>How many there have been.</summary>
    public int Updates { get; private set; }

    /// <summary>Forward and backward on each micro-batch, the gradients added up; then the update.</summary>
    /// <param name="batch">of the whole batch; with dropout, a seed for each micro-batch</param>
    public TrainingStep Step(TrainingBatch batch)
    {
        int parts = _model.Batch / _microBatch;
        if (batch.DropoutSeeds.Count != (_dropout > 0 ? parts : 0))
        {
            throw new ArgumentException(
                $"{batch.DropoutSeeds.Count} dropout seeds for {parts} micro-batches with p = {_dropout}", nameof(batch));
        }

        Dictionary<string, double[]> gradients = _weights.ToDictionary(pair => pair.Key, pair => new double[pair.Value.Length]);
        var losses = new List<double>();
        var logits = new List<double>();
        for (int number = 0; number < parts; number++)
        {
            TrainingBatch part = batch.Part(number, parts);
            Dropout? dropout = _dropout > 0 ? Dropout.Seeded(_dropout, part.DropoutSeeds.Single()) : null;
            Evaluation evaluation = Evaluation.Of(_model, _weights, part, _microBatch, dropout, differentiate: true);
            losses.Add(evaluation.Loss);
            logits.AddRange(evaluation.Logits);
            foreach ((string name, double[] gradient) in evaluation.Gradients)
            {
                gradients[name] = OracleMath.Add(gradients[name], gradient);
            }
        }

        Updates++;
        foreach ((string name, double[] gradient) in gradients)
        {
            _optimizer.Update(Updates, _weights[name], gradient, [.. _optimizer.StateSuffixes.Select(suffix => _states[$"{name}.{suffix}"])]);
        }

        return new TrainingStep(losses.Sum(), losses, [.. logits], gradients.ToDictionary(pair => $"{pair.Key}.grad", pair => pair.Value));
    }

    /// <summary>A step for each batch, in order.</summary>
    public TrainingStep[] Run(IEnumerable<TrainingBatch> batches) => [.. batches.Select(Step)];

    private static Dictionary<string, double[]> Copy(Dictionary<string, int> lengths, IReadOnlyDictionary<string, double[]> given)
    {
        if (!lengths.Keys.ToHashSet().SetEquals(given.Keys))
        {
            string missing = string.Join(", ", lengths.Keys.Except(given.Keys)), more = string.Join(", ", given.Keys.Except(lengths.Keys));
            throw new ArgumentException($"missing: {missing}; too many: {more}");
        }

        foreach ((string name, double[] values) in given)
        {
            if (values.Length != lengths[name])
            {
                throw new ArgumentException($"{name} has {values.Length} elements, must have {lengths[name]}");
            }
        }

        return given.ToDictionary(pair => pair.Key, pair => (double[])pair.Value.Clone());
    }
}
