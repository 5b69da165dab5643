using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Harness.Kernels.Native;

/// <summary>The system's loader of shared libraries; a test puts libraries of its own here.</summary>
internal interface ISystemLoader
{
    /// <summary>By full path, or by name in the loader's own folders. 0 where it cannot; then <paramref name="error"/> says why.</summary>
    nint Open(string fileOrName, out string error);

    /// <summary>Address of an exported function, 0 where there is none.</summary>
    nint Export(nint library, string name);

    /// <summary>Full path of a loaded library by the name that it was opened with, null where the system does not tell.</summary>
    string? PathOf(string name);

    /// <summary>Lets later loads by name find what lies in a folder, where the system allows that.</summary>
    void SearchAlsoIn(string folder);
}

internal sealed class SystemLoader : ISystemLoader
{
    public nint Open(string fileOrName, out string error)
    {
        error = "";
        try
        {
            return NativeLibrary.Load(fileOrName);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            // The runtime's advice comes first, on lines of its own; the loader's own words are last.
            error = exception.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .LastOrDefault() ?? "";
            return 0;
        }
    }

    public nint Export(nint library, string name) => NativeLibrary.TryGetExport(library, name, out nint address) ? address : 0;

    public string? PathOf(string name)
    {
        // A file may bear its full version (libcublas.so.12.6.4.1) where the name has the major one.
        string stem = name[..(name.IndexOf('.', StringComparison.Ordinal) + 1)];
        using Process process = Process.GetCurrentProcess();
        foreach (ProcessModule module in process.Modules)
        {
            using (module)
            {
                string file = Path.GetFileName(module.FileName);
                if (file.StartsWith(stem, StringComparison.OrdinalIgnoreCase))
                {
                    return module.FileName;
                }
            }
        }

        return null;
    }

    /// <summary>Windows reads PATH at every load, Linux its variable only when a process starts.</summary>
    public void SearchAlsoIn(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            string path = Environment.GetEnvironmentVariable("PATH") ?? "";
            if (!path.Split(Path.PathSeparator).Contains(folder, StringComparer.OrdinalIgnoreCase))
            {
                Environment.SetEnvironmentVariable("PATH", folder + Path.PathSeparator + path);
            }
        }
    }
}
