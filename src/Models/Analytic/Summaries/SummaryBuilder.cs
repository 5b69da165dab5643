using System.Collections.Immutable;

namespace Harness.Models.Analytic;

/// <summary>
/// Deals out an account to layers: every parameter, every output and every step of it to exactly one row, so that the sums of the rows are
/// those of the account.
/// </summary>
internal sealed class SummaryBuilder(AnalyticAccount account)
{
    private readonly List<LayerSummary> _layers = [];
    private int _fusedInto;
    private readonly Dictionary<string, AnalyticStep> _steps = account.Steps.ToDictionary(step => step.Name);
    private readonly Dictionary<string, AnalyticBuffer> _buffers = account.Buffers
        .Where(buffer => buffer.Category is AnalyticCategory.Parameters or AnalyticCategory.Activations or AnalyticCategory.Outputs)
        .ToDictionary(buffer => buffer.Name);

    /// <summary>A layer with steps of its own. Its parameters are <c>NAME.weight</c> and <c>NAME.bias</c>, its buffers those named like the steps.</summary>
    /// <param name="alsoWrites">a second buffer of one of the steps</param>
    /// <exception cref="InvalidOperationException">a step is not there or was dealt out before</exception>
    public void Layer(
        string name, string kind, ImmutableArray<long> shape, ImmutableArray<string> steps, ReceptiveField? field = null,
        string? alsoWrites = null, bool needsGradient = true)
    {
        long macs = 0, flops = 0, moved = 0, outputBytes = alsoWrites is null ? 0 : Take(alsoWrites);
        foreach (string stepName in steps)
        {
            AnalyticStep step = _steps.Remove(stepName, out AnalyticStep? found)
                ? found
                : throw new InvalidOperationException($"step {stepName} of {account.Model} is not there, or belongs to two layers");
            macs += step.Macs.Value;
            flops += step.Flops.Value;
            moved += step.BytesRead.Value + step.BytesWritten.Value;
            outputBytes += Take(step.Name);
        }

        long parameters = (Take($"{name}.weight") + Take($"{name}.bias")) / 4;
        _fusedInto = steps.IsEmpty ? _fusedInto : _layers.Count;
        _layers.Add(new LayerSummary(name, kind, shape, parameters, outputBytes, needsGradient, macs, flops, moved, field));
    }

    /// <summary>A layer that happens inside the steps of the last row that has some: it takes over FLOPs from there, and moves and writes nothing itself.</summary>
    /// <param name="flops">0 where it does nothing, as dropout in inference</param>
    public void Fused(string name, string kind, ImmutableArray<long> shape, long flops, ReceptiveField? field = null)
    {
        _layers[_fusedInto] = _layers[_fusedInto] with { Flops = _layers[_fusedInto].Flops - flops };
        long parameters = (Take($"{name}.weight") + Take($"{name}.bias")) / 4;
        _layers.Add(new LayerSummary(name, kind, shape, parameters, 0, NeedsGradient: true, 0, flops, 0, field));
    }

    /// <exception cref="InvalidOperationException">something of the account belongs to no layer</exception>
    public ModelSummary Build(string? notForTorchsummary = null, string? notForTorchinfo = null)
    {
        if (_steps.Keys.Concat(_buffers.Keys).FirstOrDefault() is { } left)
        {
            throw new InvalidOperationException($"{left} of {account.Model} belongs to no layer");
        }

        return new ModelSummary([.. _layers], account.Bytes(AnalyticCategory.Inputs), notForTorchsummary, notForTorchinfo);
    }

    private long Take(string buffer) => _buffers.Remove(buffer, out AnalyticBuffer? found) ? found.Bytes : 0;
}
