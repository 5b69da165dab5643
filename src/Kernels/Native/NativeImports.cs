using System.Runtime.InteropServices;

namespace Harness.Kernels.Native;

/// <summary>
/// What this assembly's imports are bound to. A process binds each library once: an import keeps the address of its first call.
/// </summary>
internal static class NativeImports
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<string, (nint Handle, string? File)> s_bound = [];

    static NativeImports()
    {
        NativeLibrary.SetDllImportResolver(typeof(NativeImports).Assembly, (name, _, _) =>
        {
            lock (s_lock)
            {
                return s_bound.TryGetValue(name, out (nint Handle, string? File) library) ? library.Handle : 0;
            }
        });
    }

    /// <exception cref="MachineException">this process uses another file already</exception>
    public static void Bind(string name, nint handle, string? file)
    {
        lock (s_lock)
        {
            if (!s_bound.TryAdd(name, (handle, file)) && s_bound[name].Handle != handle)
            {
                throw new MachineException(
                    $"{file ?? name} cannot be used: this process uses {s_bound[name].File ?? name} already; start another");
            }
        }
    }
}
