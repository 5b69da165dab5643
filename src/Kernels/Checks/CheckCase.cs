using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Harness.Kernels.Launch;
using Harness.Kernels.Programs;

namespace Harness.Kernels.Checks;

/// <summary>What an output must be: element i within <c>Tolerance[i]</c> of <c>Values[i]</c>. NaN asks for NaN, an infinity for itself.</summary>
internal sealed record Expected(TensorSpec Tensor, double[] Values, double[] Tolerance);

/// <summary>One entry at one shape: a step over tensors of its own, the bytes of its inputs, and what must come out.</summary>
/// <param name="Contents">by tensor index: the input's bytes, null for an output</param>
/// <param name="OffsetBytes">every buffer begins this far, in whole elements, into its region, so that bases without 16-byte alignment are checked too</param>
internal sealed record CheckCase(
    string Entry, string Shape, Step Step, KernelVersions Versions, ImmutableArray<TensorSpec> Tensors, ImmutableArray<byte[]?> Contents,
    ImmutableArray<Expected> Expected, int OffsetBytes);

/// <summary>Declares the tensors of a <see cref="CheckCase"/> and fills its inputs.</summary>
internal sealed class CaseBuilder(string entry, string shape, ulong seed = 42)
{
    private readonly SeededValues _values = new(seed);
    private readonly List<TensorSpec> _tensors = [];
    private readonly List<byte[]?> _contents = [];
    private readonly Dictionary<TensorSpec, Array> _inputs = [];

    /// <summary>Half the distance from 1 to the next f32: the relative error of one rounding.</summary>
    public const double U = 1.0 / (1 << 24);

    /// <summary>Where flush-to-zero arithmetic ends: results below this may come out as 0.</summary>
    public const double Tiny = 1.1754943508222875e-38;

    public KernelVersions Versions { get; init; } = KernelVersions.Default;

    public int OffsetBytes { get; init; }

    /// <summary>Seeded values in (-magnitude, magnitude).</summary>
    public TensorSpec Input(string name, double magnitude, params ReadOnlySpan<long> shape) => InputAround(0, name, magnitude, shape);

    /// <summary>Seeded values in (center - magnitude, center + magnitude).</summary>
    public TensorSpec InputAround(float center, string name, double magnitude, params ReadOnlySpan<long> shape)
    {
        float[] values = _values.Floats(new Shape(shape).Elements, magnitude);
        return Input(name, Array.ConvertAll(values, value => center + value), shape);
    }

    public TensorSpec Input(string name, float[] values, params ReadOnlySpan<long> shape)
    {
        TensorSpec tensor = Declare(name, new Shape(shape), DType.F32, TensorCategory.Input, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        _inputs.Add(tensor, values);
        return tensor;
    }

    /// <summary>Seeded ids in [0, limit).</summary>
    public TensorSpec Ids(string name, long limit, params ReadOnlySpan<long> shape) =>
        Input(name, _values.Longs(new Shape(shape).Elements, limit), shape);

    public TensorSpec Input(string name, long[] values, params ReadOnlySpan<long> shape)
    {
        TensorSpec tensor = Declare(name, new Shape(shape), DType.I64, TensorCategory.Input, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        _inputs.Add(tensor, values);
        return tensor;
    }

    public TensorSpec Input(string name, byte[] values, params ReadOnlySpan<long> shape) =>
        Declare(name, new Shape(shape), DType.U8, TensorCategory.Input, values);

    public TensorSpec Output(string name, params ReadOnlySpan<long> shape) =>
        Declare(name, new Shape(shape), DType.F32, TensorCategory.Output, null);

    /// <summary>An output of bytes.</summary>
    public TensorSpec Mask(string name, params ReadOnlySpan<long> shape) =>
        Declare(name, new Shape(shape), DType.U8, TensorCategory.Output, null);

    /// <summary>Room for the step's own use; nothing is expected of it afterwards.</summary>
    public TensorSpec Workspace(string name, params ReadOnlySpan<long> shape) =>
        Declare(name, new Shape(shape), DType.F32, TensorCategory.Workspace, null);

    /// <summary>The values of an input.</summary>
    public float[] Floats(TensorSpec input) => (float[])_inputs[input];

    /// <summary>The values of an input in double precision; null for an absent one.</summary>
    public double[]? Doubles(TensorSpec? input) => input is null ? null : Array.ConvertAll(Floats(input), value => (double)value);

    public long[] Longs(TensorSpec input) => (long[])_inputs[input];

    public CheckCase Build(Step step, params ReadOnlySpan<Expected> expected) =>
        new(entry, shape, step, Versions, [.. _tensors], [.. _contents], [.. expected], OffsetBytes);

    private TensorSpec Declare(string name, Shape dimensions, DType dtype, TensorCategory category, byte[]? contents)
    {
        var tensor = new TensorSpec(_tensors.Count, name, dimensions, dtype, category);
        _tensors.Add(tensor);
        _contents.Add(contents);
        return tensor;
    }
}
