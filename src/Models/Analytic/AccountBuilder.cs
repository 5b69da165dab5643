using System.Collections.Immutable;

namespace Harness.Models.Analytic;

/// <summary>What a step computes: multiply-accumulates, and the operations that no multiply-accumulate covers.</summary>
internal readonly record struct Work(Formula Macs, Formula OtherFlops)
{
    public static Work None { get; } = new(Formula.Zero, Formula.Zero);

    /// <summary>A product of [rows, depth] and [depth, columns]; rows of all batched products together.</summary>
    public static Work Product(Formula rows, Formula columns, Formula depth) => new(rows * columns * depth, Formula.Zero);

    public static Work Operations(Formula flops) => new(Formula.Zero, flops);
}

/// <summary>Gathers an account in the order of the paper, one line a buffer. Elements are f32, 4 bytes, unless said otherwise.</summary>
internal class AccountBuilder(string model)
{
    private readonly List<AnalyticBuffer> _buffers = [];
    private readonly List<AnalyticStep> _steps = [];

    public static Formula FloatBytes(Formula elements) => 4 * elements;

    public static Formula IdBytes(Formula elements) => 8 * elements;

    public virtual void Parameter(string name, Formula elements) => Buffer(name, AnalyticCategory.Parameters, FloatBytes(elements));

    public void Input(string name, Formula bytes) => Buffer(name, AnalyticCategory.Inputs, bytes);

    public void Workspace(string name, Formula bytes) => Buffer(name, AnalyticCategory.Workspace, bytes);

    /// <summary>A buffer that lives between steps, without the step that writes it.</summary>
    public void Activation(string name, Formula elements) => Buffer(name, AnalyticCategory.Activations, FloatBytes(elements));

    /// <summary>An activation and the step, of the same name, that writes it and nothing else.</summary>
    /// <param name="reads">bytes</param>
    public void Activation(string name, Formula elements, Work work, Formula reads)
    {
        Activation(name, elements);
        Step(name, work, reads, FloatBytes(elements));
    }

    /// <summary>An output and the step, of the same name, that writes it and nothing else.</summary>
    /// <param name="reads">bytes</param>
    public void Output(string name, Formula elements, Work work, Formula reads)
    {
        Buffer(name, AnalyticCategory.Outputs, FloatBytes(elements));
        Step(name, work, reads, FloatBytes(elements));
    }

    /// <summary>A step that declares no buffer: it works in place, or writes buffers declared beside it.</summary>
    public void Step(string name, Work work, Formula reads, Formula writes) =>
        _steps.Add(new(name, work.Macs, 2 * work.Macs + work.OtherFlops, reads, writes));

    /// <summary>Of this buffer, declared before, no more than so many bytes are ever read.</summary>
    public void ReadInPart(string name, Formula bytes)
    {
        int index = _buffers.FindIndex(buffer => buffer.Name == name);
        _buffers[index] = _buffers[index] with { ReadFormula = bytes };
    }

    protected void Buffer(string name, AnalyticCategory category, Formula bytes) => _buffers.Add(new(name, category, bytes));

    public virtual AnalyticAccount Build(Formula parameterCount, params ReadOnlySpan<PeakMoment> moments) =>
        new(model, parameterCount, [.. _buffers], new AnalyticPeak([.. moments]), [.. _steps]);
}
