using System.Collections.Frozen;
using System.Collections.Immutable;
using Harness.Kernels;
using Harness.Kernels.Programs;

namespace Harness.Models.Weights;

/// <summary>A safetensors file matched to the tensors that it must hold: each is there once, with the right type and shape, and nothing else is that should not be.</summary>
public sealed class Checkpoint
{
    /// <summary>How many names a message lists before it only counts.</summary>
    private const int ListedNames = 5;

    private readonly SafetensorsFile _file;
    private readonly FrozenDictionary<string, SafetensorsEntry> _entries;

    private Checkpoint(SafetensorsFile file, Dictionary<string, SafetensorsEntry> entries, ImmutableArray<string> unused)
    {
        _file = file;
        _entries = entries.ToFrozenDictionary(StringComparer.Ordinal);
        Unused = unused;
    }

    /// <summary>Entries of the file that the model has no use for, by name, sorted: for the caller to report.</summary>
    public ImmutableArray<string> Unused { get; }

    /// <param name="file">stays open for <see cref="Read"/>; the caller disposes it</param>
    /// <exception cref="CallerException">tensors missing, superfluous, given twice, or of the wrong type or shape; names them</exception>
    public static Checkpoint Match(SafetensorsFile file, IEnumerable<TensorSpec> tensors, CheckpointNames names)
    {
        Dictionary<string, TensorSpec> wanted = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var found = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        var duplicates = new List<(SafetensorsEntry Entry, string Of)>();
        var unused = new List<string>();
        var superfluous = new List<string>();
        bool prefixed = names.Prefix.Length > 0 && file.Entries.Keys.Any(name => name.StartsWith(names.Prefix, StringComparison.Ordinal));
        foreach (SafetensorsEntry entry in file.Entries.Values.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            string name = names.Parameter(entry.Name, prefixed);
            bool ofHead = prefixed && !entry.Name.StartsWith(names.Prefix, StringComparison.Ordinal) && !wanted.ContainsKey(entry.Name);
            if (!ofHead && wanted.ContainsKey(name))
            {
                if (!found.TryAdd(name, entry))
                {
                    throw Flaw(file, $"tensors '{found[name].Name}' and '{entry.Name}' are both {name}");
                }
            }
            else if (!ofHead && names.Duplicates.TryGetValue(name, out string? of))
            {
                duplicates.Add((entry, of));
                unused.Add(entry.Name);
            }
            else
            {
                (ofHead || names.Unused(name) ? unused : superfluous).Add(entry.Name);
            }
        }

        RequireNamesMatch(file, [.. wanted.Keys.Where(name => !found.ContainsKey(name))], superfluous);
        RequireShapesMatch(file, wanted, found);
        foreach ((SafetensorsEntry entry, string of) in duplicates)
        {
            RequireSameBytes(file, entry, found[of]);
        }

        return new Checkpoint(file, found, [.. unused]);
    }

    /// <summary>Reads a tensor from the file; see <see cref="ReadTensor"/>.</summary>
    /// <exception cref="CallerException">the file cannot be read any more</exception>
    public void Read(TensorSpec tensor, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, tensor.Bytes);
        _file.Read(_entries[tensor.Name], 0, destination);
    }

    private static void RequireNamesMatch(SafetensorsFile file, List<string> missing, List<string> superfluous)
    {
        string[] flaws =
        [
            .. missing.Count == 0 ? Array.Empty<string>() : [$"{missing.Count} missing ({List(missing)})"],
            .. superfluous.Count == 0 ? Array.Empty<string>() : [$"{superfluous.Count} superfluous ({List(superfluous)})"],
        ];
        if (flaws.Length > 0)
        {
            throw Flaw(file, $"the tensors do not match the model's: {string.Join(", ", flaws)}");
        }
    }

    private static void RequireShapesMatch(SafetensorsFile file, Dictionary<string, TensorSpec> wanted, Dictionary<string, SafetensorsEntry> found)
    {
        List<string> flaws =
        [
            .. wanted.Values
                .Select(tensor => (tensor, entry: found[tensor.Name], dtype: SafetensorsWriter.SafetensorsDType(tensor.DType)))
                .Where(pair => pair.entry.DType != pair.dtype || !pair.entry.Shape.SequenceEqual(pair.tensor.Shape))
                .Select(pair => $"'{pair.entry.Name}' is {pair.entry}, must be {pair.dtype}{pair.tensor.Shape}"),
        ];
        if (flaws.Count > 0)
        {
            throw Flaw(file, flaws.Count == 1 ? flaws[0] : $"{flaws.Count} tensors have the wrong type or shape: {List(flaws)}");
        }
    }

    private static void RequireSameBytes(SafetensorsFile file, SafetensorsEntry entry, SafetensorsEntry of)
    {
        var (left, right) = (new byte[1 << 20], new byte[1 << 20]);
        bool same = entry.DType == of.DType && entry.Shape.SequenceEqual(of.Shape);
        for (long first = 0; same && first < entry.Bytes; first += left.Length)
        {
            int count = (int)Math.Min(left.Length, entry.Bytes - first);
            file.Read(entry, first, left.AsSpan(0, count));
            file.Read(of, first, right.AsSpan(0, count));
            same = left.AsSpan(0, count).SequenceEqual(right.AsSpan(0, count));
        }

        if (!same)
        {
            throw Flaw(file, $"'{entry.Name}' differs from '{of.Name}', to which this model ties it");
        }
    }

    private static string List(List<string> names) =>
        string.Join(", ", names.Take(ListedNames)) + (names.Count > ListedNames ? $" and {names.Count - ListedNames} more" : "");

    private static CallerException Flaw(SafetensorsFile file, string what) => new($"'{file.Path}': {what}");
}
