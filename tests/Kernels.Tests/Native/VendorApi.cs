using System.Collections.Immutable;
using System.Globalization;

namespace Harness.Kernels.Tests.Native;

internal sealed record VendorParameter(string Type, string Name);

internal sealed record VendorFunction(
    string Library, string Name, string Symbol, string ReturnType, ImmutableArray<VendorParameter> Parameters);

internal sealed record VendorNumber(int Bytes, string Kind);

internal sealed record VendorField(string Struct, string Name, int OffsetBytes, int Bytes);

internal sealed record VendorValue(string Enum, string Member, long Value);

/// <summary>The vendors' facts as vendor-api.tsv has them; the head of that file describes its columns.</summary>
internal sealed class VendorApi
{
    public List<VendorFunction> Functions { get; } = [];

    /// <summary>Called by address, to judge a library before anything is bound to it.</summary>
    public List<VendorFunction> Queried { get; } = [];

    public Dictionary<string, VendorNumber> Numbers { get; } = [];

    /// <summary>Numbers with a name of their own.</summary>
    public Dictionary<string, VendorNumber> Typedefs { get; } = [];

    public Dictionary<string, int> HandleBytes { get; } = [];

    public Dictionary<string, string> Aliases { get; } = [];

    /// <summary>The newer name of a function by its older one.</summary>
    public Dictionary<string, string> Successors { get; } = [];

    public Dictionary<string, int> StructBytes { get; } = [];

    public List<VendorField> Fields { get; } = [];

    public Dictionary<string, int> EnumBytes { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Those of them that C passes as a number.</summary>
    public HashSet<string> Constants { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Enums whose numbers differ between the versions that we support: only an unchanged member may be compared with.</summary>
    public HashSet<string> Renumbered { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Of a member that changed, a value a version, oldest first.</summary>
    public List<VendorValue> Values { get; } = [];

    public static string[] Lines() => File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Native", "vendor-api.tsv"));

    public static VendorApi Parse(IEnumerable<string> lines)
    {
        var api = new VendorApi();
        foreach (string line in lines.Where(line => line.Length > 0 && line[0] != '#'))
        {
            api.Add(line.Split('\t'));
        }

        return api;
    }

    private static int Number(string column) => int.Parse(column, CultureInfo.InvariantCulture);

    private void Add(string[] columns)
    {
        switch (columns)
        {
            case ["source" or "note", ..]:
                break;
            case ["number", var type, var bytes, var kind]:
                Numbers.Add(type, new VendorNumber(Number(bytes), kind));
                break;
            case ["typedef", var type, var bytes, var kind]:
                Typedefs.Add(type, new VendorNumber(Number(bytes), kind));
                break;
            case ["handle", var type, var bytes]:
                HandleBytes.Add(type, Number(bytes));
                break;
            case ["alias", var type, var other]:
                Aliases[type] = other;
                break;
            case ["function" or "queried", var library, var name, var symbol, _, var returnType, .. var parameters]:
                var function = new VendorFunction(library, name, symbol, returnType, [.. parameters.Select(Parameter)]);
                (columns[0] == "function" ? Functions : Queried).Add(function);
                break;
            case ["successor", _, var name, var older]:
                Successors.Add(older, name);
                break;
            case ["struct", var type, var bytes]:
                StructBytes.Add(type, Number(bytes));
                break;
            case ["field", var type, var name, var offset, var bytes]:
                Fields.Add(new VendorField(type, name, Number(offset), Number(bytes)));
                break;
            case ["enum" or "constants", var type, var bytes]:
                EnumBytes.Add(type, Number(bytes));
                if (columns[0] == "constants")
                {
                    Constants.Add(type);
                }

                break;
            case ["renumbered", var type]:
                Renumbered.Add(type);
                break;
            case ["value", var type, var member, var value, _]:
                Values.Add(new VendorValue(type, member, long.Parse(value, CultureInfo.InvariantCulture)));
                break;
            default:
                throw new FormatException($"vendor-api.tsv: no such line: {string.Join(" | ", columns)}");
        }
    }

    private static VendorParameter Parameter(string column)
    {
        int space = column.LastIndexOf(' ');
        return new VendorParameter(column[..space], column[(space + 1)..]);
    }
}
