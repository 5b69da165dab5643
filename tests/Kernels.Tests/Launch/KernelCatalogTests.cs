using Harness.Kernels.Checks;
using Harness.Kernels.Devices;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Kernels.Tests.Launch;

public class KernelCatalogTests
{
    [Fact]
    public void Catalog_and_files_name_the_same_entries()
    {
        IEnumerable<(string?, string)> inFiles = KernelLibrary.Embedded.Sources.Select(PtxParser.Parse)
            .SelectMany(module => module.Functions.Where(function => function.IsEntry).Select(function => ((string?)module.SourceName, function.Name)));

        Assert.Equal(
            inFiles.OrderBy(entry => entry.Item2, StringComparer.Ordinal),
            KernelCatalog.Entries.Where(entry => entry.File is not null).Select(entry => (entry.File, entry.Name)));
    }

    [Fact]
    public void The_readme_has_a_row_for_each_entry_and_none_besides()
    {
        string[] lines = File.ReadAllLines(Path.Combine(RepositoryRoot(), "kernels", "README.md"));
        IEnumerable<string> expected = KernelCatalog.Entries.Where(entry => entry.File is not null)
            .Select(entry => $"| `{entry.Name}` | {entry.File} | {entry.Computes} | {entry.Idea} | {entry.Launcher} | {entry.Reference} |");

        Assert.Equal("`kernels/` is PTX, `src/Kernels/` is C#.", lines[0]);
        Assert.Equal(expected, lines.Where(line => line.StartsWith("| `", StringComparison.Ordinal)));
    }

    [Fact]
    public void Launchers_and_references_of_the_catalog_exist()
    {
        foreach (KernelEntry entry in KernelCatalog.Entries)
        {
            string[] reference = entry.Reference.Split('.');
            Type? type = typeof(KernelCatalog).Assembly.GetType($"Harness.Kernels.Reference.{reference[0]}");
            Assert.True(type?.GetMethod(reference[1]) is not null, entry.Reference);
            Assert.True(typeof(KernelCatalog).Assembly.GetType($"Harness.Kernels.Launch.{entry.Launcher}") is not null, entry.Launcher);
        }
    }

    [Fact]
    public void Every_entry_has_cases_of_several_shapes()
    {
        using var device = new NullDevice();
        ILookup<string, CheckCase> cases = KernelCheck.Cases(device).ToLookup(check => check.Entry);
        Assert.All(KernelCatalog.Entries, entry => Assert.True(cases[entry.Name].Count() >= 5, entry.Name));
    }

    [Fact]
    public void An_unknown_name_gets_the_nearest_known_one()
    {
        using var device = new NullDevice();
        var exception = Assert.Throws<CallerException>(() => KernelCheck.Run(device, "softmx_v2"));
        Assert.Contains("unknown kernel 'softmx_v2'; did you mean 'softmax_v2'?", exception.Message);
    }

    [Fact]
    public void A_device_that_computes_nothing_cannot_be_checked()
    {
        using var device = new NullDevice();
        Assert.Throws<CallerException>(() => KernelCheck.Run(device));
    }

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Harness.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
