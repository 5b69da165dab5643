using System.Collections;

namespace Harness.Kernels.Programs;

/// <summary>Dimensions of a tensor, outermost first. Row-major and dense: the last dimension is contiguous.</summary>
public sealed class Shape : IEquatable<Shape>, IReadOnlyList<long>
{
    private readonly long[] _dimensions;

    /// <exception cref="CallerException">a dimension is below 1, or the element count overflows</exception>
    public Shape(params ReadOnlySpan<long> dimensions)
    {
        _dimensions = dimensions.ToArray();
        long elements = 1;
        foreach (long dimension in _dimensions)
        {
            if (dimension < 1)
            {
                throw new CallerException($"shape {this} has a dimension below 1");
            }

            try
            {
                elements *= dimension;
            }
            catch (OverflowException)
            {
                throw new CallerException($"shape {this} has more elements than 64 bits can count");
            }
        }

        Elements = elements;
    }

    public long Elements { get; }

    public ReadOnlySpan<long> Dimensions => _dimensions;

    public int Rank => _dimensions.Length;

    public int Count => _dimensions.Length;

    /// <summary>Dimension by position; negative positions cannot be used, write <c>shape[shape.Rank - 1]</c> or <see cref="Last"/>.</summary>
    public long this[int index] => _dimensions[index];

    /// <summary>The contiguous dimension.</summary>
    public long Last => _dimensions[^1];

    /// <summary>Product of all dimensions but the last: how many contiguous rows there are.</summary>
    public long Rows => Elements / Last;

    public bool Equals(Shape? other) => other is not null && _dimensions.AsSpan().SequenceEqual(other._dimensions);

    public override bool Equals(object? obj) => Equals(obj as Shape);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (long dimension in _dimensions)
        {
            hash.Add(dimension);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => $"[{string.Join(',', _dimensions)}]";

    public IEnumerator<long> GetEnumerator() => ((IEnumerable<long>)_dimensions).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _dimensions.GetEnumerator();
}
