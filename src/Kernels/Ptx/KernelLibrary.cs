using System.Collections.Immutable;
using System.Reflection;

namespace Harness.Kernels.Ptx;

/// <summary>The text of one PTX file.</summary>
public sealed record PtxSource(string Name, string Text);

/// <summary>
/// The hand-written PTX (<c>kernels/*.ptx</c>): embedded in this assembly, or read from a folder so that one can edit and rerun without a toolchain.
/// </summary>
public sealed class KernelLibrary(ImmutableArray<PtxSource> sources)
{
    private static readonly Lazy<KernelLibrary> s_embedded = new(ReadEmbedded);

    public ImmutableArray<PtxSource> Sources { get; } = sources;

    public static KernelLibrary Embedded => s_embedded.Value;

    /// <exception cref="CallerException">the folder does not exist or holds no <c>.ptx</c> file</exception>
    public static KernelLibrary FromFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new CallerException($"kernel folder '{folder}' does not exist");
        }

        string[] files = Directory.GetFiles(folder, "*.ptx");
        if (files.Length == 0)
        {
            throw new CallerException($"kernel folder '{folder}' holds no .ptx file");
        }

        Array.Sort(files, StringComparer.Ordinal);
        return new KernelLibrary([.. files.Select(file => new PtxSource(Path.GetFileName(file), File.ReadAllText(file)))]);
    }

    private static KernelLibrary ReadEmbedded()
    {
        Assembly assembly = typeof(KernelLibrary).Assembly;
        IEnumerable<string> names = assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".ptx", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        return new KernelLibrary([.. names.Select(name => new PtxSource(Path.GetFileName(name), Read(assembly, name)))]);

        static string Read(Assembly assembly, string name)
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }
}
