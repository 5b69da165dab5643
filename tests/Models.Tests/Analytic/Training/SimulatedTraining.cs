using Harness.Models.Analytic;
using Harness.Models.Training;

namespace Harness.Models.Tests.Analytic.Training;

/// <summary>
/// The rules of docs/training.md, one method a row of its table: a forward step, and what takes its place in the backward pass. Running the rules in
/// reverse gives a <see cref="SimulatedPass"/> whose lifetimes and peak are found by adding up. Nothing here knows a model.
/// </summary>
internal sealed class SimulatedTraining(TrainingPass training)
{
    private const string Again = ".recomputed";

    private readonly Dictionary<string, (AnalyticCategory Category, long Bytes)> _buffers = [];
    private readonly List<string> _parameters = [];
    private readonly List<Forward> _forward = [];
    private readonly HashSet<string> _contributedTo = [];

    // What runs again in the block whose rules are running now.
    private HashSet<string> _again = [];
    private string _block = "";

    /// <param name="Suffix">of a step that changes <paramref name="InPlace"/></param>
    /// <param name="Needs">results of forward steps that the rule reads</param>
    /// <param name="Kept">what the step wrote that is kept: run again, it reads that alone</param>
    private sealed record Forward(
        string Block, string[] Reads, (string Name, long Bytes)[] Writes, string? InPlace, string Suffix, string[] Needs, Action Rule, string? Kept);

    public SimulatedPass Pass { get; } = new();

    public bool Drops => training.Dropout > 0;

    /// <summary>Every buffer, parameters and what is held beside them included.</summary>
    public IEnumerable<(string Name, AnalyticCategory Category, long Bytes)> Buffers =>
        _buffers.Select(buffer => (buffer.Key, buffer.Value.Category, buffer.Value.Bytes));

    public void Parameter(string name, long elements)
    {
        _parameters.Add(name);
        Declare(name, AnalyticCategory.Parameters, 4 * elements);
        Declare($"{name}.grad", AnalyticCategory.Gradients, 4 * elements);
    }

    public void Input(string name, long bytes)
    {
        Declare(name, AnalyticCategory.Inputs, bytes);
        Pass.Input(name, bytes);
    }

    /// <summary>Steps up to the next call belong to this block; <c>""</c> is none. Without recomputation it means nothing.</summary>
    public void Block(string name) => _block = training.RecomputeBlocks ? name : "";

    /// <summary>Inputs that the step needs beside the model's.</summary>
    public void TrainingInputs(long rows)
    {
        Input("labels", 8 * rows);
        if (Drops)
        {
            Input("dropout_seed", 8);
        }

        if (training.Updates && training.Optimizer is Optimizer.Adam or Optimizer.AdamW)
        {
            Input("bias_corrections", 8);
        }
    }

    // The rows of the table.

    public void Product(string c, long bytes, string a, string weight) =>
        Do([a], [(c, bytes)], needs: [a], () =>
        {
            Give([$"{weight}"], c, $"{c}.grad", a);
            Give([a], c, $"{c}.grad");
        });

    public void ProductOfActivations(string c, long bytes, string a, string b) =>
        Do([a, b], [(c, bytes)], needs: [a, b], () =>
        {
            Give([a], c, $"{c}.grad", b);
            Give([b], c, $"{c}.grad", a);
        });

    public void ProductOfFirstTokens(string c, long bytes, string a, string weight) =>
        Do([a], [(c, bytes)], needs: [a], () =>
        {
            Give([weight], c, $"{c}.grad", a);
            Give([a], c);
            Give([a], c, $"{c}.grad");
        });

    public void Bias(string t, string bias) => DoInPlace(t, "bias", [], needs: [], () => Give([bias], t, $"{t}.grad"));

    public void Relu(string t, string? bias = null) => DoInPlace(t, bias is null ? "relu" : "bias_relu", [], needs: [t], () =>
    {
        Pass.Step($"{t}.grad:relu", [$"{t}.grad", At(t)], []);
        GiveBias(bias, t, t);
    });

    public void BiasTanh(string t, string bias) => DoInPlace(t, "bias_tanh", [], needs: [t], () =>
    {
        Pass.Step($"{t}.grad:tanh", [$"{t}.grad", At(t)], []);
        GiveBias(bias, t, t);
    });

    public void BiasGelu(string x, string y, string bias) => Do([x], [(y, Bytes(x))], needs: [x], () =>
    {
        Give([x], y, $"{y}.grad", x);
        GiveBias(bias, x, y);
    });

    public void Split(string x, string y, string? bias = null) => Do([x], [(y, Bytes(x))], needs: [], () =>
    {
        Give([x], y, $"{y}.grad");
        GiveBias(bias, x, y);
    });

    public void Merge(string x, string y) => Do([x], [(y, Bytes(x))], needs: [], () => Give([x], y, $"{y}.grad"));

    public void Softmax(string x, string y, string? positionBias, string? mask) =>
        Do([x, .. new[] { positionBias, mask }.OfType<string>()], [(y, Bytes(x))], needs: [y], () =>
        {
            Give([x], y, $"{y}.grad", y);
            if (positionBias is not null)
            {
                Give([positionBias], y, $"{x}.grad");
            }
        });

    public void DropInPlace(string t, string? bias = null) =>
        DoInPlace(t, bias is null ? "dropout" : "bias_dropout", [Mask(t)], needs: [Mask(t).Name], () =>
        {
            Pass.Step($"{t}.grad:dropout", [$"{t}.grad", At(Mask(t).Name)], []);
            GiveBias(bias, t, t);
        });

    public void Drop(string x, string y) => Do([x], [(y, Bytes(x)), Mask(x)], needs: [Mask(x).Name], () => Give([x], y, $"{y}.grad", Mask(x).Name));

    /// <param name="statistics">bytes</param>
    public void LayerNorm(string y, string norm, string x, string? bias, string? residual, long statistics)
    {
        string[] terms = [x, .. new[] { residual }.OfType<string>()];
        Do(terms, [(y, Bytes(x))], needs: terms, () =>
        {
            Give([$"{norm}.weight", $"{norm}.bias"], y, workspace: ($"{y}.statistics", statistics), [$"{y}.grad", .. terms]);
            Give(terms, y, [$"{y}.grad", .. terms]);
            GiveBias(bias, x, y);
        });
    }

    /// <param name="sum">the sum x + residual, where the step writes it</param>
    /// <param name="opensBlock">the sum is the block's input: it is kept, and the norm runs again as one of it alone</param>
    public void RmsNorm(string y, string gamma, string x, string? residual, string? sum, long statistics, bool opensBlock = false)
    {
        string[] terms = [x, .. new[] { residual }.OfType<string>()];
        string[] reads = sum is null ? terms : [sum];
        (string, long)[] writes = sum is null ? [(y, Bytes(x))] : [(sum, Bytes(x)), (y, Bytes(x))];
        string first = sum ?? y;
        Do(terms, writes, needs: reads, kept: opensBlock ? sum : null, rule: () =>
        {
            Give([gamma], first, workspace: ($"{y}.statistics", statistics), [$"{y}.grad", .. reads]);
            Give(terms, first, [$"{y}.grad", .. reads, .. sum is null ? Array.Empty<string>() : [$"{sum}.grad"]]);
        });
    }

    public void Embedding(string y, long bytes, string[] ids, params string[] tables) => Do(ids, [(y, bytes)], needs: [], () =>
    {
        foreach (string table in tables)
        {
            // The first contribution starts from zero, which is a step of its own.
            if (!training.ContinuesGradients && !_contributedTo.Contains(table))
            {
                Give([table], y);
            }

            Give([table], y, [$"{y}.grad", .. ids]);
        }
    });

    public void AdditiveMask(string y, long bytes, string mask) => Do([mask], [(y, bytes)], needs: [], () => { });

    public void PositionBias(string y, long bytes, string table) => Do([], [(y, bytes)], needs: [], () => Give([table], y, $"{y}.grad"));

    public void CrossEntropy(string logits, long rows)
    {
        Do([logits, "labels"], [("loss.rows", 4 * rows)], needs: [logits], () => Give([logits], "loss.rows", logits, "labels"));
        Do(["loss.rows"], [("loss", 4)], needs: [], () => { });
        _buffers["loss"] = (AnalyticCategory.Outputs, 4);
        Pass.Output("loss");
    }

    /// <summary>The backward pass and the update.</summary>
    public void Finish()
    {
        for (int last = _forward.Count - 1; last >= 0;)
        {
            string block = _forward[last].Block;
            int first = last;
            while (block.Length > 0 && first > 0 && _forward[first - 1].Block == block)
            {
                first--;
            }

            _again = [];
            if (block.Length > 0)
            {
                RunAgain(_forward[first..(last + 1)]);
            }

            for (; last >= first; last--)
            {
                _forward[last].Rule();
            }
        }

        int state = training.Optimizer switch { Optimizer.Sgd => 0, Optimizer.Momentum => 1, _ => 2 };
        string[] names = state == 1 ? ["momentum_buffer"] : ["exp_avg", "exp_avg_sq"];
        if (training.Updates)
        {
            foreach (string parameter in _parameters)
            {
                foreach (string name in names.Take(state))
                {
                    Declare($"{parameter}.{name}", AnalyticCategory.OptimizerState, Bytes(parameter));
                }

                Pass.Step($"{parameter}:{training.Optimizer.ToString().ToLowerInvariant()}", [], []);
            }
        }
    }

    // What a rule of the block reads is computed again, and what that needs, from what is kept; a mask alone is no reason.
    private void RunAgain(List<Forward> block)
    {
        HashSet<string> needed = [.. block.SelectMany(step => step.Needs)];
        var steps = new Stack<Forward>();
        foreach (Forward step in Enumerable.Reverse(block))
        {
            bool isNeeded = step.InPlace is not null
                ? needed.Contains(step.InPlace)
                : step.Writes.Any(write => write.Name != step.Kept && !write.Name.EndsWith(".dropout_mask", StringComparison.Ordinal) && needed.Contains(write.Name));
            if (isNeeded)
            {
                steps.Push(step);
                needed.UnionWith(step.Kept is null ? step.Reads : [step.Kept]);
            }
        }

        _again = [.. steps.SelectMany(step => step.Writes).Select(write => write.Name)];
        _again.ExceptWith(block.Select(step => step.Kept).OfType<string>());
        foreach (Forward step in steps)
        {
            (string Name, long Bytes)[] writes = [.. step.Writes.Where(write => write.Name != step.Kept).Select(write => (At(write.Name), write.Bytes))];
            foreach ((string name, long bytes) in writes)
            {
                Declare(name, AnalyticCategory.Activations, bytes);
            }

            Run(step, [.. (step.Kept is null ? step.Reads : [step.Kept]).Select(At)], writes);
        }
    }

    private void Do(string[] reads, (string, long)[] writes, string[] needs, Action rule, string? kept = null) =>
        Do(new Forward(_block, reads, writes, InPlace: null, "", needs, rule, kept));

    private void DoInPlace(string t, string suffix, (string, long)[] writes, string[] needs, Action rule) =>
        Do(new Forward(_block, [t], writes, t, suffix, needs, rule, Kept: null));

    private void Do(Forward step)
    {
        foreach ((string name, long bytes) in step.Writes)
        {
            Declare(name, AnalyticCategory.Activations, bytes);
        }

        Run(step, step.Reads, step.Writes);
        _forward.Add(step);
    }

    private void Run(Forward step, string[] reads, (string Name, long Bytes)[] writes) =>
        Pass.Step(step.InPlace is null ? writes[0].Name : $"{At(step.InPlace)}:{step.Suffix}", reads, writes);

    private void GiveBias(string? bias, string x, string from)
    {
        if (bias is not null)
        {
            Give([bias], from, $"{x}.grad");
        }
    }

    private void Give(string[] to, string from, params string[] reads) => Give(to, from, workspace: null, reads);

    // One step of the backward pass: writes the gradients of parameters and activations, or adds to those that have a contribution.
    private void Give(string[] to, string from, (string Name, long Bytes)? workspace, string[] reads)
    {
        var touches = new List<string>(reads.Select(At));
        var writes = new List<(string, long)>();
        string name = "";
        foreach (string target in to)
        {
            bool isParameter = _parameters.Contains(target);
            bool adds = !_contributedTo.Add(target) || (isParameter && training.ContinuesGradients);
            name = name.Length > 0 ? name : adds ? $"{target}.grad:from:{from}" : $"{target}.grad";
            if (isParameter)
            {
                continue;
            }

            if (adds)
            {
                touches.Add($"{target}.grad");
            }
            else
            {
                Declare($"{target}.grad", AnalyticCategory.ErrorSignals, Bytes(target));
                writes.Add(($"{target}.grad", Bytes(target)));
            }
        }

        if (workspace is (string, long) rows)
        {
            Declare(rows.Name, AnalyticCategory.Workspace, rows.Bytes);
            writes.Add(rows);
        }

        Pass.Step(name, [.. touches], [.. writes]);
    }

    private (string Name, long Bytes) Mask(string t) => ($"{t}.dropout_mask", Bytes(t) / 4);

    private string At(string name) => _again.Contains(name) ? name + Again : name;

    private long Bytes(string name) => _buffers[name].Bytes;

    private void Declare(string name, AnalyticCategory category, long bytes) => _buffers.Add(name, (category, bytes));
}
