using System.Collections.Immutable;

namespace Harness.Kernels.Native;

/// <summary>What of a machine decides where libraries are looked for; a test describes another machine.</summary>
/// <param name="Variable">an environment variable, null where it is not set</param>
/// <param name="Subfolders">full paths of the folders in a folder; none where there is no such folder</param>
/// <param name="HasFile">whether there is such a file</param>
internal sealed record SearchSite(
    bool IsWindows, Func<string, string?> Variable, Func<string, ImmutableArray<string>> Subfolders, Func<string, bool> HasFile)
{
    public static SearchSite ThisMachine { get; } = new(
        OperatingSystem.IsWindows(), Environment.GetEnvironmentVariable, FoldersIn, File.Exists);

    public char Separator => IsWindows ? '\\' : '/';

    public char ListSeparator => IsWindows ? ';' : ':';

    public string Join(params ReadOnlySpan<string> parts)
    {
        string path = parts[0];
        foreach (string part in parts[1..])
        {
            path = path.EndsWith(Separator) ? path + part : path + Separator + part;
        }

        return path;
    }

    /// <summary>The last part of a path.</summary>
    public string NameOf(string path) => path[(path.LastIndexOf(Separator) + 1)..];

    private static ImmutableArray<string> FoldersIn(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)] : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
