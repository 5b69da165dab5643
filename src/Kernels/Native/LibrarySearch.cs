using System.Collections.Immutable;

namespace Harness.Kernels.Native;

/// <summary>What is known of a library that could be loaded.</summary>
/// <param name="Problem">why it is not used all the same</param>
internal readonly record struct LibraryVerdict(string? Version, string? Problem = null, string? ToDo = null, string? Warning = null);

/// <param name="Handle">of the library that is used; 0 where none is</param>
internal readonly record struct FoundLibrary(nint Handle, LibraryFinding Finding);

/// <summary>Tries the places of a library in order until one fits, and keeps what became of each.</summary>
internal sealed class LibrarySearch(SearchSite site, ISystemLoader loader, ImmutableArray<LibraryPlace> named)
{
    private const string Used = "used";
    private const string NotThere = "not there";

    /// <param name="judge">looks at a library that was loaded: its version, and whether it fits this machine</param>
    public FoundLibrary Find(LibrarySpec library, InstallAdvice advice, Func<nint, LibraryVerdict> judge)
    {
        ImmutableArray<string> files = library.Files(site.IsWindows);
        var lookedFor = ImmutableArray.CreateBuilder<LookedFor>();
        LibraryVerdict? rejected = null;
        foreach (LibraryPlace place in LibraryPlaces.For(library, site, named))
        {
            string outcome = NotThere;
            foreach (string file in files)
            {
                string path = place.Folder is null ? file : site.Join(place.Folder, file);
                if (place.Folder is not null && !site.HasFile(path))
                {
                    continue;
                }

                (nint handle, string? problem) = Load(library, path, place.Folder);
                LibraryVerdict verdict = handle == 0 ? new LibraryVerdict(null, problem) : judge(handle);
                if (handle != 0 && verdict.Problem is null && MissingEntry(library, handle) is { } entry)
                {
                    string version = verdict.Version is null ? "" : $" {verdict.Version}";
                    verdict = verdict with { Problem = $"{library.Name}{version} ({path}) is too old: it lacks {entry}" };
                }

                if (handle != 0 && verdict.Problem is null)
                {
                    lookedFor.Add(new LookedFor(place.Source, place.Folder, files, $"{Used}: {file}"));
                    string? found = place.Folder is null ? loader.PathOf(file) : path;
                    return new FoundLibrary(handle, new LibraryFinding(
                        library.Name, lookedFor.ToImmutable(), found, verdict.Version, null, verdict.ToDo, verdict.Warning));
                }

                if (verdict.Problem is not null)
                {
                    outcome = verdict.Problem;
                    rejected ??= verdict;
                    if (place.IsNamed && verdict.ToDo is null)
                    {
                        lookedFor.Add(new LookedFor(place.Source, place.Folder, files, outcome));
                        return Failed(outcome, $"repair it, or name another folder with {NamedFolders.Option}");
                    }
                }
            }

            lookedFor.Add(new LookedFor(place.Source, place.Folder, files, outcome));
        }

        return rejected is { Problem: { } first }
            ? Failed(first, rejected.Value.ToDo ?? advice.Of(library))
            : Failed($"{library.Name} was not found ({string.Join(", ", files)})", advice.Of(library));

        FoundLibrary Failed(string problem, string toDo) =>
            new(0, new LibraryFinding(library.Name, lookedFor.ToImmutable(), null, null, problem, toDo, null));
    }

    /// <summary>With a null problem and no handle: there is no such library.</summary>
    private (nint Handle, string? Problem) Load(LibrarySpec library, string path, string? folder)
    {
        string file = site.NameOf(path);
        LibraryParts parts = LibraryParts.Of(file);
        if (folder is not null)
        {
            loader.SearchAlsoIn(folder);
            OpenBeside(folder, parts.Before);
            foreach (LibraryPlace place in library == LibrarySpec.Cudnn ? named : [])
            {
                OpenBeside(place.Folder!, LibraryParts.Companions(site));
            }
        }

        nint handle = loader.Open(path, out string error);
        if (handle == 0)
        {
            bool isAbsent = folder is null && (error.Contains("0x8007007E", StringComparison.Ordinal)
                || (error.Contains(file, StringComparison.Ordinal) && error.Contains("No such file", StringComparison.Ordinal)));
            string why = error.StartsWith(path + ": ", StringComparison.Ordinal) ? error[(path.Length + 2)..] : error;
            return (0, isAbsent ? null : $"{library.Name} cannot be loaded from {path}: {why}");
        }

        string? beside = folder ?? (loader.PathOf(file) is { } found ? found[..Math.Max(0, found.LastIndexOf(site.Separator))] : null);
        foreach (string part in parts.Required)
        {
            string byPath = beside is null ? part : site.Join(beside, part);
            if (loader.Open(site.HasFile(byPath) ? byPath : part, out error) == 0)
            {
                return (0, $"{library.Name} ({path}) is not complete: its part {part} cannot be loaded: {error}");
            }
        }

        if (folder is not null)
        {
            OpenBeside(folder, parts.Optional);
        }

        return (handle, null);
    }

    /// <summary>Whatever is there and loads; what does not is missed, if at all, by the library itself.</summary>
    private void OpenBeside(string folder, ImmutableArray<string> files)
    {
        foreach (string path in files.Select(file => site.Join(folder, file)).Where(site.HasFile))
        {
            loader.Open(path, out _);
        }
    }

    private string? MissingEntry(LibrarySpec library, nint handle) =>
        library.Entries.FirstOrDefault(entry => loader.Export(handle, entry) == 0);
}
