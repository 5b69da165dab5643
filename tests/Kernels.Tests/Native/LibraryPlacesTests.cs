using Harness.Kernels.Native;
using Xunit;

namespace Harness.Kernels.Tests.Native;

public sealed class LibraryPlacesTests
{
    private const string Loader = LibraryPlaces.SystemLoader;

    [Fact]
    public void On_Linux_the_named_folder_comes_first_then_the_loader_the_variables_and_the_usual_folders_newest_first()
    {
        SearchSite site = FakeSite.Linux(
            new Dictionary<string, string> { ["CUDA_PATH"] = "/cuda", ["CUDNN_PATH"] = "/cudnn" },
            "/usr/local/cuda-12.6/version.json", "/usr/local/cuda-13.0/version.json", "/usr/local/cuda-9.2/version.json", "/usr/local/bin/x");
        LibraryPlace named = new("--libraries", "/named", IsNamed: true);

        Assert.Equal(
            [
                "--libraries /named", Loader, "CUDNN_PATH /cudnn/lib64", "CUDNN_PATH /cudnn/lib", "CUDA_PATH /cuda/lib64", "CUDA_PATH /cuda/lib",
                "usual folder /usr/local/cuda/lib64", "usual folder /usr/local/cuda/lib",
                "usual folder /usr/local/cuda-13.0/lib64", "usual folder /usr/local/cuda-13.0/lib",
                "usual folder /usr/local/cuda-12.6/lib64", "usual folder /usr/local/cuda-12.6/lib",
                "usual folder /usr/local/cuda-9.2/lib64", "usual folder /usr/local/cuda-9.2/lib",
                "usual folder /opt/cuda/lib64", "usual folder /opt/cuda/lib",
            ],
            Lines(LibrarySpec.Cudnn, site, named));
        Assert.DoesNotContain(Lines(LibrarySpec.Cublas, site, named), line => line.Contains("CUDNN_PATH", StringComparison.Ordinal));
    }

    [Fact]
    public void On_Windows_bin_comes_first_and_cuDNN_has_a_folder_for_each_CUDA_version()
    {
        const string programs = @"C:\Program Files";
        SearchSite site = FakeSite.Windows(
            new Dictionary<string, string> { ["CUDA_PATH"] = @"D:\cuda", ["ProgramW6432"] = programs },
            programs + @"\NVIDIA\CUDNN\v9.13\bin\12.9\x64\cudnn64_9.dll", programs + @"\NVIDIA\CUDNN\v9.13\bin\13.0\x64\cudnn64_9.dll",
            programs + @"\NVIDIA GPU Computing Toolkit\CUDA\v13.0\bin\x64\cublas64_13.dll");

        string[] cudnn = Lines(LibrarySpec.Cudnn, site);
        Assert.Equal(
            [
                Loader, @"CUDA_PATH D:\cuda\bin", @"CUDA_PATH D:\cuda\bin\x64", @"CUDA_PATH D:\cuda\lib\x64", @"CUDA_PATH D:\cuda\lib",
                $@"usual folder {programs}\NVIDIA\CUDNN\v9.13\bin", $@"usual folder {programs}\NVIDIA\CUDNN\v9.13\bin\x64",
                $@"usual folder {programs}\NVIDIA\CUDNN\v9.13\bin\13.0", $@"usual folder {programs}\NVIDIA\CUDNN\v9.13\bin\13.0\x64",
                $@"usual folder {programs}\NVIDIA\CUDNN\v9.13\bin\12.9", $@"usual folder {programs}\NVIDIA\CUDNN\v9.13\bin\12.9\x64",
            ],
            cudnn[..11]);
        Assert.Contains($@"usual folder {programs}\NVIDIA GPU Computing Toolkit\CUDA\v13.0\bin\x64", cudnn);
        Assert.DoesNotContain(Lines(LibrarySpec.Cublas, site), line => line.Contains("CUDNN", StringComparison.Ordinal));
    }

    [Fact]
    public void The_drivers_own_libraries_are_not_looked_for_in_toolkits()
    {
        Dictionary<string, string> variables = new() { ["CUDA_PATH"] = "/cuda" };
        Assert.Equal(
            [Loader, "usual folder /usr/lib/wsl/lib", "usual folder /usr/lib64-nvidia", "usual folder /run/opengl-driver/lib"],
            Lines(LibrarySpec.Driver, FakeSite.Linux(variables)));
        Assert.Equal([Loader, @"usual folder C:\Program Files\NVIDIA Corporation\NVSMI"], Lines(LibrarySpec.Nvml, FakeSite.Windows(variables)));
    }

    [Fact]
    public void Names_are_tried_newest_first()
    {
        Assert.Equal(["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"], LibrarySpec.Cublas.Files(isWindows: false));
        Assert.Equal(["cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll"], LibrarySpec.Cublas.Files(isWindows: true));
        Assert.Equal(["libcudnn.so.9", "libcudnn.so.8"], LibrarySpec.Cudnn.Files(isWindows: false));
        Assert.Equal(["cudnn64_9.dll", "cudnn64_8.dll"], LibrarySpec.Cudnn.Files(isWindows: true));
    }

    private static string[] Lines(LibrarySpec library, SearchSite site, params LibraryPlace[] named) =>
        [.. LibraryPlaces.For(library, site, [.. named]).Select(place => place.Folder is null ? place.Source : $"{place.Source} {place.Folder}")];
}
