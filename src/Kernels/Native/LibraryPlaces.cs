using System.Collections.Immutable;

namespace Harness.Kernels.Native;

/// <summary>A folder to look in, or the system's loader.</summary>
/// <param name="IsNamed">the caller named it: what is wrong there ends the search</param>
internal readonly record struct LibraryPlace(string Source, string? Folder, bool IsNamed);

/// <summary>Where a library is looked for, in order.</summary>
internal static class LibraryPlaces
{
    public const string SystemLoader = "system's loader";
    private const string WellKnown = "usual folder";

    /// <summary>
    /// What the caller named comes first, since who names a path means it; then the system's loader, then the folders that environment
    /// variables name, then the usual folders of toolkit, cuDNN and driver.
    /// </summary>
    public static ImmutableArray<LibraryPlace> For(LibrarySpec library, SearchSite site, ImmutableArray<LibraryPlace> named)
    {
        var places = ImmutableArray.CreateBuilder<LibraryPlace>();
        places.AddRange(named);
        places.Add(new LibraryPlace(SystemLoader, null, IsNamed: false));
        foreach (string variable in library.HomeVariables)
        {
            if (site.Variable(variable) is { Length: > 0 } home)
            {
                places.AddRange(Beneath(site, home).Select(folder => new LibraryPlace(variable, folder, IsNamed: false)));
            }
        }

        places.AddRange(UsualFolders(library, site).Select(folder => new LibraryPlace(WellKnown, folder, IsNamed: false)));
        return [.. places.DistinctBy(place => place.Folder)];
    }

    /// <summary>Where libraries lie in an installation; cuDNN on Windows has a folder for each CUDA version below bin.</summary>
    public static ImmutableArray<string> Beneath(SearchSite site, string home)
    {
        ImmutableArray<string> perCuda =
            [.. NewestFirst(site, site.Join(home, "bin"), "").SelectMany(folder => new[] { folder, site.Join(folder, "x64") })];
        return site.IsWindows
            ? [site.Join(home, "bin"), site.Join(home, "bin", "x64"), .. perCuda, site.Join(home, "lib", "x64"), site.Join(home, "lib")]
            : [site.Join(home, "lib64"), site.Join(home, "lib")];
    }

    private static IEnumerable<string> UsualFolders(LibrarySpec library, SearchSite site)
    {
        bool isOfDriver = library.HomeVariables.IsEmpty;
        if (site.IsWindows)
        {
            string programs = site.Variable("ProgramW6432") ?? site.Variable("ProgramFiles") ?? @"C:\Program Files";
            return isOfDriver
                ? [site.Join(programs, "NVIDIA Corporation", "NVSMI")]
                : NewestFirst(site, site.Join(programs, "NVIDIA", "CUDNN"), "v").Where(_ => library == LibrarySpec.Cudnn)
                    .Concat(NewestFirst(site, site.Join(programs, "NVIDIA GPU Computing Toolkit", "CUDA"), "v"))
                    .SelectMany(home => Beneath(site, home));
        }

        // Under WSL the Windows driver's libraries lie in a folder of their own; hosted notebooks and NixOS have theirs elsewhere too.
        return isOfDriver
            ? ["/usr/lib/wsl/lib", "/usr/lib64-nvidia", "/run/opengl-driver/lib"]
            : NewestFirst(site, "/usr/local", "cuda-").Prepend("/usr/local/cuda").Append("/opt/cuda")
                .SelectMany(home => Beneath(site, home));
    }

    /// <summary>The folders in a folder that are named by a version after <paramref name="prefix"/> (v13.0, cuda-12.6, 12.9).</summary>
    private static IEnumerable<string> NewestFirst(SearchSite site, string folder, string prefix) =>
        site.Subfolders(folder)
            .Select(path => (Path: path, Version: VersionOf(site.NameOf(path), prefix)))
            .Where(pair => pair.Version is not null)
            .OrderByDescending(pair => pair.Version)
            .Select(pair => pair.Path);

    private static Version? VersionOf(string name, string prefix)
    {
        if (!name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        string number = name[prefix.Length..];
        return Version.TryParse(number.Contains('.', StringComparison.Ordinal) ? number : number + ".0", out Version? version)
            ? version
            : null;
    }
}
