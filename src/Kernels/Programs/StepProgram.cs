using System.Collections.Immutable;

namespace Harness.Kernels.Programs;

/// <summary>
/// Typed steps in execution order over tensors that are each declared once. Made by <see cref="ProgramBuilder"/>, which has it
/// judged by <c>ProgramChecker</c>: shapes agree, every read has an earlier write (what is given counts as written),
/// names are unique, nothing is declared and never used.
/// </summary>
public sealed class StepProgram
{
    internal StepProgram(string name, ImmutableArray<TensorSpec> tensors, ImmutableArray<Step> steps, bool continuesGradients = false)
    {
        Name = name;
        ContinuesGradients = continuesGradients;
        Tensors = tensors;
        Steps = steps;
    }

    /// <summary>The model's or kernel's name.</summary>
    public string Name { get; }

    /// <summary>All tensors, parameters included, in order of declaration; <c>Tensors[i].Index == i</c>.</summary>
    public ImmutableArray<TensorSpec> Tensors { get; }

    public ImmutableArray<Step> Steps { get; }

    /// <summary>Gradients hold what an earlier pass left, and this one adds to them.</summary>
    public bool ContinuesGradients { get; }

    public IEnumerable<TensorSpec> Of(TensorCategory category) => Tensors.Where(tensor => tensor.Category == category);

    /// <summary>The tensor of that name, or null.</summary>
    public TensorSpec? Find(string name) => Tensors.FirstOrDefault(tensor => tensor.Name == name);
}
