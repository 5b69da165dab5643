namespace Harness.Models.Tests.Analytic;

/// <summary>
/// A pass as docs/models.md tells it: steps that read and write named buffers. Lifetimes follow from the page's rules and the peak
/// is found by adding up every step, so that the closed expressions have something dull to agree with.
/// </summary>
internal sealed class SimulatedPass
{
    private readonly Dictionary<string, long> _inputs = [];
    private readonly Dictionary<string, (long Bytes, int First, int Last)> _written = [];
    private readonly HashSet<string> _outputs = [];
    private int _steps;

    public IEnumerable<(string Name, long Bytes)> Buffers =>
        _inputs.Select(input => (input.Key, input.Value)).Concat(_written.Select(buffer => (buffer.Key, buffer.Value.Bytes)));

    public List<string> StepNames { get; } = [];

    public IEnumerable<string> OutputNames => _outputs;

    public void Input(string name, long bytes) => _inputs.Add(name, bytes);

    public void Output(params string[] names) => _outputs.UnionWith(names);

    /// <summary>A step that writes buffers not seen before, named after the first of them.</summary>
    public void Step(string[] reads, params (string Name, long Bytes)[] writes)
    {
        foreach ((string name, long bytes) in writes)
        {
            _written.Add(name, (bytes, _steps, _steps));
        }

        Touch(reads);
        StepNames.Add(writes[0].Name);
        _steps++;
    }

    public void InPlace(string name, string suffix)
    {
        Touch([name]);
        StepNames.Add($"{name}:{suffix}");
        _steps++;
    }

    private void Touch(string[] reads)
    {
        foreach (string name in reads.Where(name => !_inputs.ContainsKey(name)))
        {
            _written[name] = _written[name] with { Last = _steps };
        }
    }

    public long PeakBytes()
    {
        var change = new long[_steps + 1];
        foreach ((string name, (long bytes, int first, int last)) in _written)
        {
            change[first] += bytes;
            change[_outputs.Contains(name) ? _steps : last + 1] -= bytes;
        }

        long live = _inputs.Values.Sum(), peak = 0;
        for (int step = 0; step < _steps; step++)
        {
            live += change[step];
            peak = Math.Max(peak, live);
        }

        return peak;
    }
}
