using System.Collections.Immutable;

namespace Harness.Kernels.Ptx;

/// <summary>
/// The names of one <c>{ }</c> block: registers, variables, labels. A name that an earlier block of the function already uses is renamed
/// (<c>temp@2</c>, which no PTX file can spell), so that the syntax tree has one flat list of names a function.
/// </summary>
internal sealed class PtxScope(PtxScope? outer, HashSet<string> taken)
{
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    public PtxScope? Outer { get; } = outer;

    /// <summary>Vector registers (<c>.reg .v4 .f32 %v</c>) and their width, by name in the tree.</summary>
    public Dictionary<string, int> VectorLanes { get; } = outer?.VectorLanes ?? new(StringComparer.Ordinal);

    /// <summary>Label lists of <c>.branchtargets</c>, by name in the tree; the labels as written.</summary>
    public Dictionary<string, ImmutableArray<string>> BranchTargets { get; } = outer?.BranchTargets ?? new(StringComparer.Ordinal);

    /// <summary>The name for the tree, or null where this block already has that name.</summary>
    public string? Declare(string name)
    {
        if (_names.ContainsKey(name))
        {
            return null;
        }

        string unique = name;
        for (int copy = 2; !taken.Add(unique); copy++)
        {
            unique = $"{name}@{copy}";
        }

        _names.Add(name, unique);
        return unique;
    }

    /// <summary>The name in the tree, or null where neither this block nor one around it declares it.</summary>
    public string? Find(string name)
    {
        for (PtxScope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._names.TryGetValue(name, out string? unique))
            {
                return unique;
            }
        }

        return null;
    }
}
