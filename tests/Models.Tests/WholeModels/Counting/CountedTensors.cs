using Harness.Kernels.Programs;

namespace Harness.Models.Tests.WholeModels.Counting;

/// <summary>The tensors of a pass as doubles, and what is counted of what is done with them.</summary>
internal sealed class CountedTensors
{
    private readonly Dictionary<TensorSpec, double[]> _reals = [];
    private readonly Dictionary<TensorSpec, long[]> _ids = [];

    public Tally Tally { get; } = new();

    /// <exception cref="ArgumentException">not as many values as the tensor has elements</exception>
    public void Set(TensorSpec tensor, double[] values)
    {
        if (values.Length != tensor.Shape.Elements)
        {
            throw new ArgumentException($"{values.Length} values for {tensor}");
        }

        _reals[tensor] = values;
    }

    /// <summary>Of a tensor whose elements are <see cref="DType.I64"/>.</summary>
    public void Set(TensorSpec tensor, long[] ids) => _ids[tensor] = ids;

    /// <summary>An input as the caller gives it.</summary>
    public void SetInput(TensorSpec tensor, byte[] bytes)
    {
        if (tensor.DType is DType.I64)
        {
            Set(tensor, SmallModel.Ids(bytes));
        }
        else
        {
            Set(tensor, SmallModel.Reals(bytes));
        }
    }

    public double[] Values(TensorSpec tensor) => _reals[tensor];

    public long[] Ids(TensorSpec tensor) => _ids[tensor];

    public Counted Number(double value) => new(value, Tally);

    /// <summary>Zeros to sum up in.</summary>
    public Counted[] Zeros(long count) => [.. Enumerable.Repeat(Number(0), (int)count)];

    public Counted[] Read(TensorSpec tensor) => [.. _reals[tensor].Select(Number)];

    public Counted[]? ReadIfAny(TensorSpec? tensor) => tensor is null ? null : Read(tensor);

    public void Write(TensorSpec tensor, IEnumerable<Counted> values) => Set(tensor, [.. values.Select(value => value.Value)]);

    /// <summary>y (+)= the values: what was there is added once.</summary>
    public void WriteOrAdd(TensorSpec tensor, IEnumerable<Counted> values, bool accumulate) =>
        Write(tensor, accumulate ? Read(tensor).Zip(values, (earlier, value) => earlier + value) : values);
}
