using Harness.Kernels.Ptx;

namespace Harness.Kernels.Tests.Ptx;

/// <summary>The compiled kernels of <c>Corpus/</c>, copied beside the test program.</summary>
internal static class Corpus
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Ptx", "Corpus");

    public static IEnumerable<string> Names =>
        Directory.GetFiles(s_folder, "*.ptx").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal);

    public static PtxSource Read(string name) => new(name, File.ReadAllText(Path.Combine(s_folder, name)));
}
