namespace Harness.Models.Tests.Oracles.Training;

/// <summary>One forward pass on one micro-batch, as a model sees it: parameters and inputs by name, and dropout.</summary>
/// <param name="dropout">null for p = 0</param>
internal sealed class TrainingPass(IReadOnlyDictionary<string, double[]> weights, TrainingBatch batch, int samples, Dropout? dropout)
{
    private readonly Dictionary<string, Node> _parameters = [];
    private int _dropoutSteps;

    public Tape Tape { get; } = new();

    /// <summary>Of the micro-batch.</summary>
    public int Samples { get; } = samples;

    /// <summary>Those that the model has asked for.</summary>
    public IReadOnlyDictionary<string, Node> Parameters => _parameters;

    public Node Parameter(string name)
    {
        if (!_parameters.TryGetValue(name, out Node? parameter))
        {
            _parameters.Add(name, parameter = Node.Variable(weights[name]));
        }

        return parameter;
    }

    public Node Real(string name) => Node.Constant(batch.Reals[name]);

    public long[] Ids(string name) => batch.Ids[name];

    /// <summary>
    /// What is added to the score of (sample, key), (1 - mask) * lowest float: finite, as published, so that a row whose keys are all
    /// masked attends to all of them alike.
    /// </summary>
    public double[] AdditiveMask() => Array.ConvertAll(Ids("attention_mask"), seen => (1.0 - seen) * float.MinValue);

    /// <summary>The next dropout step of the forward pass.</summary>
    /// <param name="tensor">what it reads, by its name in docs/models.md</param>
    public Node Drop(Node x, string tensor)
    {
        if (dropout is null)
        {
            return x;
        }

        bool[] kept = dropout.Masks(tensor, _dropoutSteps++, x.Length);
        return Tape.Multiply(x, Node.Constant(Array.ConvertAll(kept, keep => keep ? 1 / (1 - dropout.Probability) : 0)));
    }
}
