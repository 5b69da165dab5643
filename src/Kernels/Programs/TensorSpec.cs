namespace Harness.Kernels.Programs;

/// <summary>What a tensor's bytes are for. Decides where they live and how long (see <c>Memory/Lifetimes</c>).</summary>
public enum TensorCategory
{
    /// <summary>Weights: a region of their own, held for ever.</summary>
    Parameter,

    /// <summary>Given by the caller, who holds it for the whole pass.</summary>
    Input,

    /// <summary>Handed to the caller: from birth to the end of the pass.</summary>
    Output,

    /// <summary>From the first step that writes it to the last that reads it.</summary>
    Activation,

    /// <summary>Scratch of one step.</summary>
    Workspace,

    /// <summary>Gradient of a parameter: beside the parameters, held from pass to pass, as micro-batches add to it.</summary>
    Gradient,

    /// <summary>What an optimizer remembers of a parameter from update to update: beside the parameters.</summary>
    OptimizerState,

    /// <summary>Gradient of an activation: from the first step that writes it to the last that reads it.</summary>
    ErrorSignal,
}

public static class TensorCategories
{
    /// <summary>Held from pass to pass, in a region of their own, not in the arena.</summary>
    public static bool IsPersistent(this TensorCategory category) =>
        category is TensorCategory.Parameter or TensorCategory.Gradient or TensorCategory.OptimizerState;
}

/// <summary>
/// A tensor, declared once. Sizes, ledger rows, labels and report rows derive from it. Identity is by reference;
/// <see cref="Index"/> is its position in <see cref="StepProgram.Tensors"/>.
/// </summary>
public sealed class TensorSpec
{
    internal TensorSpec(int index, string name, Shape shape, DType dtype, TensorCategory category)
    {
        Index = index;
        Name = name;
        Shape = shape;
        DType = dtype;
        Category = category;
        try
        {
            Bytes = shape.Elements * dtype.SizeBytes();
        }
        catch (OverflowException)
        {
            throw new CallerException($"{name} {shape} has more bytes than 64 bits can count");
        }
    }

    public int Index { get; }

    /// <summary>Stable dotted path in the terms of the reference implementation.</summary>
    public string Name { get; }

    public Shape Shape { get; }

    public DType DType { get; }

    public TensorCategory Category { get; }

    /// <summary>Bytes asked for: elements times element size, without alignment.</summary>
    public long Bytes { get; }

    public override string ToString() => $"{Name} {DType.Label()}{Shape}";
}
