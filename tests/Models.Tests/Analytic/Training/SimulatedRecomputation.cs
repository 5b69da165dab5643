namespace Harness.Models.Tests.Analytic.Training;

/// <summary>
/// Recomputation, as docs/training.md tells it: what the rules of a block read of its own is computed again before they run, and what that
/// needs, from what is kept.
/// </summary>
internal sealed partial class SimulatedTrainingPass
{
    private const string Recomputed = ".recomputed";

    // The forward steps of the block that is being told; null outside of blocks, and without recomputation.
    private List<(string Name, string[] Reads, string[] Writes)>? _block;
    private int _rulesBefore;

    // Not null while rules only say what they read.
    private HashSet<string>? _wanted;

    // What has been computed again, while the rules of its block run.
    private HashSet<string> _again = [];

    public void BeginBlock()
    {
        if (pass.RecomputeBlocks)
        {
            _block = [];
            _rules.Push(() => _again = []);
            _rulesBefore = _rules.Count;
        }
    }

    public void EndBlock()
    {
        if (_block is { } steps)
        {
            _block = null;
            int rules = _rules.Count - _rulesBefore;
            _rules.Push(() => RunAgain(steps, [.. _rules.Take(rules)]));
        }
    }

    /// <summary>The step told last wrote <paramref name="sum"/>, which is kept: run again, it reads that and writes the rest.</summary>
    private void Keep(string sum, params string[] alsoReads)
    {
        if (_block is not null)
        {
            string[] rest = [.. _block[^1].Writes.Where(write => write != sum)];
            _block[^1] = (rest[0], [sum, .. alsoReads], rest);
        }
    }

    private void RunAgain(List<(string Name, string[] Reads, string[] Writes)> steps, Action[] rules)
    {
        HashSet<string> wanted = _wanted = [];
        foreach (Action rule in rules)
        {
            rule();
        }

        _wanted = null;
        var needed = new Stack<(string Name, string[] Reads, string[] Writes)>();
        foreach ((string Name, string[] Reads, string[] Writes) step in Enumerable.Reverse(steps))
        {
            if (step.Writes.Any(wanted.Contains))
            {
                needed.Push(step);
                wanted.UnionWith(step.Reads);
            }
        }

        _again = [.. needed.SelectMany(step => step.Writes)];
        foreach (string name in _again)
        {
            Activation(At(name), _buffers[name].Bytes);
        }

        foreach ((string name, string[] reads, string[] writes) in needed)
        {
            // What works in place says what it does behind a colon.
            string[] parts = name.Split(':');
            Step(string.Join(':', [At(parts[0]), .. parts[1..]]), reads, writes);
        }
    }

    /// <summary>What a dropout step writes beside its result, and what its rule reads: a mask; or, where it is drawn again, nothing and
    /// the seed.</summary>
    private (string[] Written, string DrawnFrom) Mask(string t)
    {
        if (pass.RecomputeBlocks)
        {
            return ([], "dropout_seed");
        }

        Activation($"{t}.dropout_mask", _buffers[t].Bytes / 4);
        return ([$"{t}.dropout_mask"], $"{t}.dropout_mask");
    }

    private string At(string name) => _again.Contains(name) ? name + Recomputed : name;
}
