using System.Collections.Immutable;
using Harness.Kernels.Native;

namespace Harness.Kernels.Tests.Native;

/// <summary>A machine of which only variables and files are known; folders follow from the files.</summary>
internal static class FakeSite
{
    public static SearchSite Linux(IReadOnlyDictionary<string, string>? variables = null, params string[] files) =>
        Of(false, '/', variables ?? new Dictionary<string, string>(), files);

    public static SearchSite Windows(IReadOnlyDictionary<string, string>? variables = null, params string[] files) =>
        Of(true, '\\', variables ?? new Dictionary<string, string>(), files);

    private static SearchSite Of(bool isWindows, char separator, IReadOnlyDictionary<string, string> variables, string[] files) => new(
        isWindows, name => variables.GetValueOrDefault(name), folder => Subfolders(folder, separator, files), files.Contains);

    private static ImmutableArray<string> Subfolders(string folder, char separator, string[] files)
    {
        string prefix = folder + separator;
        return
        [
            .. files.Where(file => file.StartsWith(prefix, StringComparison.Ordinal))
                .Select(file => file[prefix.Length..]).Where(rest => rest.Contains(separator, StringComparison.Ordinal))
                .Select(rest => prefix + rest[..rest.IndexOf(separator, StringComparison.Ordinal)])
                .Distinct().Order(StringComparer.Ordinal),
        ];
    }
}
