using System.Collections.Immutable;
using Harness.Models.Weights;

namespace Harness.Comparison;

/// <summary>Two safetensors files, tensor by tensor.</summary>
internal sealed class TensorFileComparison(SafetensorsFile reference, SafetensorsFile other, double tolerance)
{
    /// <summary>
    /// Largest error of an element that passes, in units of its tensor's root mean square: 1e-4, between two errors of whole passes of the three
    /// models (docs/gpu.md has the figures): fp32 against f64 or another fp32 is below 1e-5, TF32 against f64 above 1e-3. So the default passes
    /// another order of additions and fails where operands were rounded to TF32 unasked.
    /// </summary>
    public const double DefaultTolerance = 1e-4;

    private const int PartElements = 1 << 18;

    private readonly double[] _reference = new double[PartElements];
    private readonly double[] _other = new double[PartElements];

    /// <summary>One line for every name, type or shape that is not the same in both; empty where the files can be compared.</summary>
    public IEnumerable<string> Differences()
    {
        foreach (SafetensorsEntry expected in Ordered(reference))
        {
            if (!other.Entries.TryGetValue(expected.Name, out SafetensorsEntry? entry))
            {
                yield return $"'{other.Path}' has no tensor '{expected.Name}', '{reference.Path}' has one of {expected}";
            }
            else if (expected.DType != entry.DType || !expected.Shape.SequenceEqual(entry.Shape))
            {
                yield return $"tensor '{expected.Name}' is {expected} in '{reference.Path}' and {entry} in '{other.Path}'";
            }
        }

        foreach (SafetensorsEntry entry in Ordered(other).Where(entry => !reference.Entries.ContainsKey(entry.Name)))
        {
            yield return $"'{reference.Path}' has no tensor '{entry.Name}', '{other.Path}' has one of {entry}";
        }
    }

    /// <summary>By name. To be called only where there are no <see cref="Differences"/>.</summary>
    public ImmutableArray<TensorComparison> Compare() => [.. Ordered(reference).Select(Compare)];

    private static IEnumerable<SafetensorsEntry> Ordered(SafetensorsFile file) => file.Entries.Values.OrderBy(entry => entry.Name, StringComparer.Ordinal);

    private TensorComparison Compare(SafetensorsEntry entry)
    {
        double squares = 0, maxError = 0;
        long count = 0, finite = 0, differing = 0;
        ElementPair? first = null;
        foreach (ElementPair pair in Pairs(entry))
        {
            count++;
            if (double.IsFinite(pair.Reference))
            {
                finite++;
                squares += pair.Reference * pair.Reference;
            }

            double error = pair.Error;
            if (error == 0)
            {
                continue;
            }

            differing++;
            first ??= pair;
            maxError = Math.Max(maxError, error); // NaN if either is
        }

        double rms = finite == 0 ? 0 : Math.Sqrt(squares / finite);
        var comparison = new TensorComparison(entry, count, differing, rms, maxError, first, null);
        return comparison.MaxRelativeError <= tolerance ? comparison : comparison with { FirstBeyond = FirstBeyond(entry, rms) };
    }

    private ElementPair FirstBeyond(SafetensorsEntry entry, double rms) =>
        Pairs(entry).First(pair => !(TensorComparison.Relative(pair.Error, rms) <= tolerance));

    private IEnumerable<ElementPair> Pairs(SafetensorsEntry entry)
    {
        var expected = new TensorElements(reference, entry);
        var actual = new TensorElements(other, other.Entries[entry.Name]);
        for (long first = 0; first < expected.Count; first += PartElements)
        {
            int length = (int)Math.Min(PartElements, expected.Count - first);
            expected.Read(first, _reference.AsSpan(0, length));
            actual.Read(first, _other.AsSpan(0, length));
            for (int i = 0; i < length; i++)
            {
                yield return new ElementPair(first + i, _reference[i], _other[i]);
            }
        }
    }
}
