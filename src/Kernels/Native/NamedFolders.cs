using System.Collections.Immutable;

namespace Harness.Kernels.Native;

/// <summary>
/// The folders that a caller names with <c>--libraries</c> or HARNESS_LIBRARY_PATH. A toolkit, a Python environment's site-packages or its
/// nvidia folder may be named as a whole: the libraries a few levels below are found.
/// </summary>
internal static class NamedFolders
{
    public const string Option = "--libraries";
    public const string Variable = "HARNESS_LIBRARY_PATH";

    /// <summary>site-packages, nvidia, cudnn, lib.</summary>
    private const int Levels = 4;

    /// <summary>An end for trees that are larger than any installation.</summary>
    private const int MostFolders = 50_000;

    /// <summary>The named folders that hold a file of one of the libraries, or of none but are named themselves.</summary>
    /// <exception cref="MachineException">a named path is not a folder</exception>
    public static ImmutableArray<LibraryPlace> Of(string? option, SearchSite site)
    {
        string source = option is null ? Variable : Option;
        string? list = option ?? site.Variable(Variable);
        var places = ImmutableArray.CreateBuilder<LibraryPlace>();
        const StringSplitOptions parts = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        foreach (string path in (list ?? "").Split(site.ListSeparator, parts))
        {
            string folder = Path.GetFullPath(path);
            if (!Directory.Exists(folder))
            {
                string what = File.Exists(folder) ? "is a file; name the folder it is in" : "does not exist";
                throw new MachineException($"{source}: '{path}' {what}");
            }

            places.Add(new LibraryPlace(source, folder, IsNamed: true));
            places.AddRange(WithLibraries(folder, site).Select(below => new LibraryPlace(source, below, IsNamed: true)));
        }

        return [.. places.DistinctBy(place => place.Folder)];
    }

    /// <summary>Level by level, so that a nearer folder is tried before a deeper one.</summary>
    private static IEnumerable<string> WithLibraries(string root, SearchSite site)
    {
        ImmutableArray<string> files =
            [.. LibrarySpec.All.SelectMany(library => library.Files(site.IsWindows)), .. LibraryParts.Companions(site)];
        ImmutableArray<string> level = [root];
        int visited = 0;
        for (int depth = 0; depth < Levels && visited < MostFolders; depth++)
        {
            // A toolkit's stubs are for its linker: they load and do nothing.
            level =
            [
                .. level.SelectMany(folder => site.Subfolders(folder)).Where(folder => site.NameOf(folder) != "stubs")
                    .Take(MostFolders - visited),
            ];
            visited += level.Length;
            foreach (string folder in level.Where(folder => files.Any(file => site.HasFile(site.Join(folder, file)))))
            {
                yield return folder;
            }
        }
    }
}
