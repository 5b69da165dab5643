using System.Globalization;

namespace Harness.Tests.Shared.NativeDouble;

/// <summary>Opaque handles: no two alike, none used again, so that one used after its end is seen.</summary>
internal sealed class HandleTable
{
    private readonly Dictionary<nint, object> _live = [];
    private readonly Dictionary<nint, string> _labels = [];
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private nint _next = 0x1A00_0010;

    /// <param name="kind">begins the label; a name of its own where <paramref name="numbered"/> is false</param>
    public nint Add(string kind, object value, bool numbered = true)
    {
        nint handle = _next;
        _next += 16;
        int number = _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        _labels.Add(handle, numbered ? kind + number.ToString(CultureInfo.InvariantCulture) : kind);
        _live.Add(handle, value);
        return handle;
    }

    /// <summary>null where there is no such handle (any more), or it is of another kind.</summary>
    public T? Find<T>(nint handle)
        where T : class => _live.GetValueOrDefault(handle) as T;

    public T? Remove<T>(nint handle)
        where T : class
    {
        T? found = Find<T>(handle);
        if (found is not null)
        {
            _live.Remove(handle);
        }

        return found;
    }

    public IEnumerable<(nint Handle, T Value)> All<T>() =>
        _live.Where(pair => pair.Value is T).Select(pair => (pair.Key, (T)pair.Value));

    public string Label(nint handle) => handle == 0 ? "null" : _labels.GetValueOrDefault(handle, "foreign");
}
