using System.Collections.Immutable;
using System.Reflection;
using Harness.Kernels.Native;
using Xunit;

namespace Harness.Kernels.Tests.Native;

/// <summary>This machine, whatever it has.</summary>
public sealed class NativeLibrariesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("harness-libraries").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_library_is_usable_or_says_in_one_line_what_to_do()
    {
        NativeSetup setup = NativeLibraries.Find(null);
        Assert.Equal(["NVIDIA driver", "cuBLAS", "cuDNN", "NVML"], setup.Findings.Select(finding => finding.Name));
        Assert.Equal(
            setup.Findings.Select(finding => finding.IsUsable),
            [setup.Api.Driver.Value is not null, setup.Api.Cublas.Value is not null, setup.Api.Cudnn.Value is not null, setup.Api.Nvml.Value is not null]);
        Assert.All(setup.Findings.Where(finding => !finding.IsUsable), finding =>
        {
            Assert.DoesNotContain('\n', finding.WhyNot!);
            Assert.NotNull(finding.ToDo);
            Assert.NotEmpty(finding.LookedFor);
        });
    }

    [Fact]
    public void A_named_path_must_be_a_folder()
    {
        string missing = Path.Combine(_folder, "missing");
        Assert.Equal($"--libraries: '{missing}' does not exist", Assert.Throws<MachineException>(() => NativeLibraries.Load(missing)).Message);
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        Assert.Equal(
            $"--libraries: '{file}' is a file; name the folder it is in", Assert.Throws<MachineException>(() => NativeLibraries.Load(file)).Message);
    }

    [Fact]
    public void A_file_of_the_right_name_that_is_no_library_is_named()
    {
        string file = Path.Combine(_folder, LibrarySpec.Cublas.Files(OperatingSystem.IsWindows())[1]);
        File.WriteAllText(file, "no library");
        NativeSetup setup = NativeLibraries.Find(_folder);
        Assert.Null(setup.Api.Cublas.Value);
        Assert.StartsWith($"cuBLAS cannot be loaded from {file}: ", setup.Api.Cublas.WhyNot, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', setup.Api.Cublas.WhyNot!);
        LookedFor last = setup.Findings[1].LookedFor[^1];
        Assert.Equal(("--libraries", _folder), (last.Source, last.Folder));
    }

    [Fact]
    public void Folders_of_Python_wheels_are_found_below_the_named_one_nearest_first()
    {
        SearchSite site = SearchSite.ThisMachine;
        string cublas = Put("nvidia", "cublas", "lib", LibrarySpec.Cublas.Files(site.IsWindows)[0]);
        string cudnn = Put("nvidia", "cudnn", "lib", LibrarySpec.Cudnn.Files(site.IsWindows)[0]);
        string deep = Put("nvidia", "cu13", "bin", "x86_64", LibrarySpec.Cublas.Files(site.IsWindows)[0]);
        Put("nvidia", "cuda", "lib", "stubs", LibrarySpec.Driver.Files(site.IsWindows)[0]);
        Put("torch", "lib", "other");

        Assert.Equal([_folder, cublas, cudnn, deep], Folders(_folder));
        Assert.Equal([Path.Combine(_folder, "nvidia"), cublas, cudnn, deep], Folders(Path.Combine(_folder, "nvidia")));
        Assert.Equal([cudnn, cublas], Folders(cudnn + Path.PathSeparator + cublas));
    }

    [Fact]
    public void The_variable_stands_in_for_the_option()
    {
        SearchSite site = SearchSite.ThisMachine with { Variable = name => name == "HARNESS_LIBRARY_PATH" ? _folder : null };
        Assert.Equal(new LibraryPlace("HARNESS_LIBRARY_PATH", _folder, true), Assert.Single(NamedFolders.Of(null, site)));
        Assert.Equal("--libraries", Assert.Single(NamedFolders.Of(_folder, site)).Source);
        Assert.Empty(NamedFolders.Of(null, site with { Variable = _ => null }));
    }

    [Fact]
    public void The_systems_loader_opens_finds_and_explains()
    {
        var loader = new SystemLoader();
        (string file, string function) = OperatingSystem.IsWindows() ? ("kernel32.dll", "Sleep") : ("libm.so.6", "cos");
        nint handle = loader.Open(file, out _);
        Assert.NotEqual(0, handle);
        Assert.NotEqual(0, loader.Export(handle, function));
        Assert.Equal(0, loader.Export(handle, "cuInit"));
        Assert.True(File.Exists(loader.PathOf(file)));
        Assert.Equal(0, loader.Open("libharness-missing.so.1", out string error));
        Assert.NotEmpty(error);
        Assert.Null(loader.PathOf("libharness-missing.so.1"));
    }

    [Fact]
    public void Every_function_of_an_interface_is_looked_up_under_its_exported_name()
    {
        Covers(typeof(ICudaDriver), LibrarySpec.Driver.Entries);
        Covers(typeof(ICublas), LibrarySpec.Cublas.Entries);
        Covers(typeof(ICudnn), LibrarySpec.Cudnn.Entries);
        Covers(typeof(INvml), [.. LibrarySpec.Nvml.Entries, "nvmlDeviceGetCurrentClocksThrottleReasons"]);
        Assert.Contains("cuMemAlloc_v2", LibrarySpec.Driver.Entries);
        Assert.Contains("cublasSetWorkspace_v2", LibrarySpec.Cublas.Entries);

        static void Covers(Type functions, ImmutableArray<string> entries) => Assert.Equal(
            functions.GetMethods(BindingFlags.Instance | BindingFlags.Public).Select(method => method.Name).Order(StringComparer.Ordinal),
            entries.Select(entry => entry.EndsWith("_v2", StringComparison.Ordinal) ? entry[..^3] : entry).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(8901, "8.9.1")]
    [InlineData(90600, "9.6.0")]
    [InlineData(91300, "9.13.0")]
    public void cuDNN_versions_are_counted_differently_in_8_and_9(long number, string version) =>
        Assert.Equal(version, LibraryVersions.CudnnVersion(number).ToString());

    private string Put(params string[] parts)
    {
        string file = Path.Combine([_folder, .. parts]);
        string folder = Path.GetDirectoryName(file)!;
        Directory.CreateDirectory(folder);
        File.WriteAllText(file, "");
        return folder;
    }

    private static string[] Folders(string named) => [.. NamedFolders.Of(named, SearchSite.ThisMachine).Select(place => place.Folder!)];
}
