using System.Runtime.InteropServices;
using Harness.Kernels;
using Harness.Kernels.Programs;

namespace Harness.Models.Weights;

/// <summary>What values a tensor holds: how to draw them (<see cref="SeededTensors"/>), and which of a caller's are allowed.</summary>
public abstract record TensorValues
{
    /// <exception cref="CallerException">a value that the model cannot work on; names the tensor, the element and what is allowed</exception>
    public abstract void Validate(TensorSpec tensor, ReadOnlySpan<byte> bytes);

    private protected static void RequireBelow(TensorSpec tensor, ReadOnlySpan<byte> bytes, long limit)
    {
        ReadOnlySpan<long> values = MemoryMarshal.Cast<byte, long>(bytes);
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] < 0 || values[i] >= limit)
            {
                throw new CallerException($"{tensor.Name}: element {i} is {values[i]}, must be from 0 to {limit - 1}");
            }
        }
    }
}

/// <summary>f32, approximately normal. Any f32 is allowed, not-a-number and infinities too: they come out as they go in.</summary>
public sealed record NormalValues(float Mean, float Deviation) : TensorValues
{
    public override void Validate(TensorSpec tensor, ReadOnlySpan<byte> bytes)
    {
    }
}

/// <summary>f32, all 0: where an optimizer starts.</summary>
public sealed record ZeroValues : TensorValues
{
    public override void Validate(TensorSpec tensor, ReadOnlySpan<byte> bytes)
    {
    }
}

/// <summary>f32, these.</summary>
public sealed record GivenValues(IReadOnlyList<float> Elements) : TensorValues
{
    public override void Validate(TensorSpec tensor, ReadOnlySpan<byte> bytes)
    {
    }
}

/// <summary>i64, uniform from 0 to <see cref="Limit"/> - 1: row numbers of a table.</summary>
public sealed record IndexValues(long Limit) : TensorValues
{
    public override void Validate(TensorSpec tensor, ReadOnlySpan<byte> bytes) => RequireBelow(tensor, bytes, Limit);
}

/// <summary>i64: each row (last dimension) starts with ones and may end in zeros; at least half of it, and at least one, is ones.</summary>
public sealed record RowMaskValues : TensorValues
{
    public override void Validate(TensorSpec tensor, ReadOnlySpan<byte> bytes) => RequireBelow(tensor, bytes, 2);
}
