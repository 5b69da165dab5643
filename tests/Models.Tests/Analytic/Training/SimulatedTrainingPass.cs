using Harness.Models.Analytic;
using Harness.Models.Training;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>
/// A training pass as docs/training.md tells it: forward steps with the rule of each put aside, the loss, the rules from the last to the
/// first, the updates. Every step says what it reads and writes; lifetimes, the peak, sums and the bytes that a step moves follow from that
/// and nothing else.
/// </summary>
internal sealed partial class SimulatedTrainingPass(TrainingPass pass)
{
    private sealed class Buffer(long bytes, AnalyticCategory category)
    {
        public long Bytes => bytes;

        public AnalyticCategory Category => category;

        public int First { get; set; } = -1;

        public int Last { get; set; } = -1;
    }

    private readonly Dictionary<string, Buffer> _buffers = [];
    private readonly List<string> _parameters = [];
    private readonly Stack<Action> _rules = [];

    public List<(string Name, long ReadBytes, long WrittenBytes)> Steps { get; } = [];

    public IEnumerable<(string Name, AnalyticCategory Category, long Bytes)> Buffers =>
        _buffers.Select(buffer => (buffer.Key, buffer.Value.Category, buffer.Value.Bytes));

    public void Input(string name, long bytes) => Declare(name, bytes, AnalyticCategory.Inputs);

    public void Parameter(string name, long elements)
    {
        Declare(name, 4 * elements, AnalyticCategory.Parameters);
        _parameters.Add(name);
    }

    /// <summary>Labels, a seed and corrections, as the page asks for.</summary>
    public void TrainingInputs(long rows, bool dropout)
    {
        Input("labels", 8 * rows);
        if (dropout && pass.Dropout > 0)
        {
            Input("dropout_seed", 8);
        }

        if (pass is { Updates: true, Optimizer: Optimizer.Adam } or { Updates: true, Optimizer: Optimizer.AdamW })
        {
            Input("bias_corrections", 8);
        }
    }

    public void Product(string x, string weight, string y, long bytes)
    {
        Activation(y, bytes);
        Step(y, [x, weight], [y]);
        _rules.Push(() =>
        {
            Contribute(weight, y, [$"{y}.grad", x]);
            Contribute(x, y, [$"{y}.grad", weight]);
        });
    }

    public void Bias(string t, string bias)
    {
        Step($"{t}:bias", [t, bias], [t]);
        _rules.Push(() => Contribute(bias, t, [$"{t}.grad"]));
    }

    public void Relu(string t, string? bias)
    {
        Step(bias is null ? $"{t}:relu" : $"{t}:bias_relu", bias is null ? [t] : [t, bias], [t]);
        _rules.Push(() => ReluBackward(t, bias));
    }

    public void Dropout(string t)
    {
        if (pass.Dropout > 0)
        {
            (string[] masks, string drawnFrom) = Mask(t);
            Step($"{t}:dropout", [t, "dropout_seed"], [t, .. masks]);
            _rules.Push(() => Step($"{t}.grad:dropout", [drawnFrom, $"{t}.grad"], [$"{t}.grad"]));
        }
    }

    /// <param name="scratch">bytes of workspace: forward, for the weights' gradient, for the error signal of x</param>
    public void Convolution(string layer, string x, string y, long bytes, (long Forward, long Weight, long Data) scratch)
    {
        Activation(y, bytes);
        Step(y, [x, $"{layer}.weight", $"{layer}.bias"], [y], $"{layer}.workspace", scratch.Forward);
        _rules.Push(() =>
        {
            ReluBackward(y, $"{layer}.bias");
            Contribute($"{layer}.weight", y, [x, $"{y}.grad"], $"{layer}.weight_workspace", scratch.Weight);
            Contribute(x, y, [$"{y}.grad", $"{layer}.weight"], $"{layer}.data_workspace", scratch.Data);
        });
    }

    /// <summary>2 x 2: reads no more than its windows.</summary>
    public void MaxPool(string x, string y, long bytes)
    {
        Activation(y, bytes);
        long leftOut = _buffers[x].Bytes - 4 * bytes;
        Step(y, [x], [y], notRead: leftOut);
        _rules.Push(() => Contribute(x, y, [x, $"{y}.grad"], notRead: leftOut));
    }

    public void AveragePool(string x, string y, long bytes)
    {
        Activation(y, bytes);
        Step(y, [x], [y]);
        _rules.Push(() => Contribute(x, y, [$"{y}.grad"]));
    }

    /// <summary>From the logits to the end of the pass.</summary>
    public void Finish(long rows)
    {
        Activation("loss.rows", 4 * rows);
        Step("loss.rows", ["logits", "labels"], ["loss.rows"]);
        Declare("loss", 4, AnalyticCategory.Outputs);
        Step("loss", ["loss.rows"], ["loss"]);
        Contribute("logits", "loss", ["logits", "labels"]);
        while (_rules.TryPop(out Action? rule))
        {
            rule();
        }

        if (pass.Updates)
        {
            _parameters.ForEach(Update);
        }
    }

    public long PeakBytes()
    {
        var change = new long[Steps.Count + 1];
        foreach (Buffer buffer in _buffers.Values)
        {
            (int first, int end) = buffer.Category switch
            {
                AnalyticCategory.Parameters or AnalyticCategory.Gradients or AnalyticCategory.OptimizerState => (0, 0),
                AnalyticCategory.Inputs => (0, Steps.Count),
                AnalyticCategory.Outputs => (buffer.First, Steps.Count),
                _ => (buffer.First, buffer.Last + 1),
            };
            change[first] += buffer.Bytes;
            change[end] -= buffer.Bytes;
        }

        long live = 0, peak = 0;
        foreach (long by in change)
        {
            live += by;
            peak = Math.Max(peak, live);
        }

        return peak;
    }

    private void ReluBackward(string t, string? bias)
    {
        Step($"{t}.grad:relu", [t, $"{t}.grad"], [$"{t}.grad"]);
        if (bias is not null)
        {
            Contribute(bias, t, [$"{t}.grad"]);
        }
    }

    /// <summary>Writes, or adds to, the gradient of a parameter or activation; of an input there is none.</summary>
    private void Contribute(string of, string from, string[] reads, string? workspace = null, long workspaceBytes = 0, long notRead = 0)
    {
        if (_buffers[of].Category != AnalyticCategory.Inputs)
        {
            Contribute([of], from, reads, workspace, workspaceBytes, notRead);
        }
    }

    /// <summary>One step that writes, or adds to, some gradients, each as it is its turn; the first one names the step.</summary>
    private void Contribute(
        string[] of, string from, string[] reads, string? workspace = null, long workspaceBytes = 0, long notRead = 0, long notWritten = 0)
    {
        if (_wanted is not null)
        {
            _wanted.UnionWith(reads);
            return;
        }

        string? name = null;
        List<string> addsTo = [];
        foreach (string target in of)
        {
            string gradient = $"{target}.grad";
            bool isParameter = _buffers[target].Category == AnalyticCategory.Parameters;
            bool adds = _buffers.ContainsKey(gradient) || (isParameter && pass.ContinuesGradients);
            name ??= adds ? $"{gradient}:from:{from}" : gradient;
            if (adds)
            {
                addsTo.Add(gradient);
            }

            if (!_buffers.ContainsKey(gradient))
            {
                Declare(gradient, _buffers[target].Bytes, isParameter ? AnalyticCategory.Gradients : AnalyticCategory.ErrorSignals);
            }
        }

        Step(name!, [.. reads, .. addsTo], [.. of.Select(target => $"{target}.grad")], workspace, workspaceBytes, notRead, notWritten);
    }

    private void Update(string parameter)
    {
        (string name, string[] kept) = pass.Optimizer switch
        {
            Optimizer.Sgd => ("sgd", Array.Empty<string>()),
            Optimizer.Momentum => ("momentum", ["momentum_buffer"]),
            Optimizer.Adam => ("adam", ["exp_avg", "exp_avg_sq"]),
            _ => ("adamw", ["exp_avg", "exp_avg_sq"]),
        };
        string[] state = [.. kept.Select(what => $"{parameter}.{what}")];
        foreach (string buffer in state)
        {
            Declare(buffer, _buffers[parameter].Bytes, AnalyticCategory.OptimizerState);
        }

        string[] reads = [parameter, $"{parameter}.grad", .. state];
        Step($"{parameter}:{name}", kept.Length == 2 ? [.. reads, "bias_corrections"] : reads, [parameter, .. state]);
    }

    private void Activation(string name, long bytes) => Declare(name, bytes, AnalyticCategory.Activations);

    private void Declare(string name, long bytes, AnalyticCategory category) => _buffers.Add(name, new(bytes, category));

    /// <param name="workspaceBytes">0: none is declared</param>
    /// <param name="notRead">bytes of what is read that need not be</param>
    /// <param name="notWritten">bytes of what is written that keep their value</param>
    private void Step(
        string name, string[] reads, string[] writes, string? workspace = null, long workspaceBytes = 0, long notRead = 0,
            long notWritten = 0)
    {
        if (_wanted is not null)
        {
            _wanted.UnionWith(reads);
            return;
        }

        _block?.Add((name, reads, writes));
        reads = [.. reads.Select(At)];
        writes = [.. writes.Select(At)];
        foreach (string read in reads)
        {
            _buffers[read].Last = Steps.Count;
        }

        if (workspaceBytes > 0)
        {
            Declare(workspace!, workspaceBytes, AnalyticCategory.Workspace);
        }

        foreach (string write in workspaceBytes > 0 ? [.. writes, workspace!] : writes)
        {
            Buffer buffer = _buffers[write];
            buffer.First = buffer.First < 0 ? Steps.Count : buffer.First;
            buffer.Last = Math.Max(buffer.Last, buffer.First);
        }

        Steps.Add((name, reads.Sum(read => _buffers[read].Bytes) - notRead, writes.Sum(write => _buffers[write].Bytes) - notWritten));
    }
}
