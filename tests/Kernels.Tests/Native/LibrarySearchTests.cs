using System.Collections.Immutable;
using Harness.Kernels.Native;
using Xunit;

namespace Harness.Kernels.Tests.Native;

public sealed class LibrarySearchTests
{
    private static readonly LibraryPlace s_named = new("--libraries", "/named", IsNamed: true);

    private static readonly FakeLibrary s_driver = new("libcuda.so.1") { Versions = FakeLoader.DriverOf(13000) };
    private static readonly FakeLibrary s_cublas13 = new("libcublas.so.13") { Versions = FakeLoader.CublasOf(13) };
    private static readonly FakeLibrary s_cublas12 = new("libcublas.so.12") { Versions = FakeLoader.CublasOf(12) };
    private static readonly FakeLibrary s_cudnn9 = new("libcudnn.so.9") { Versions = FakeLoader.CudnnOf(9, 12) };
    private static readonly FakeLibrary[] s_cudnn9Parts = [new("libcudnn_graph.so.9"), new("libcudnn_ops.so.9"), new("libcudnn_cnn.so.9")];

    [Fact]
    public void The_newest_that_the_loader_knows_is_used_with_file_and_version()
    {
        LibraryFinding cublas = Search(FakeSite.Linux(), [s_driver, s_cublas12, s_cublas13])[1].Finding;
        Assert.True(cublas.IsUsable);
        Assert.Equal(("/found/libcublas.so.13", "13.0.2"), (cublas.File, cublas.Version));
        LookedFor only = Assert.Single(cublas.LookedFor);
        Assert.Equal((LibraryPlaces.SystemLoader, null, "used: libcublas.so.13"), (only.Source, only.Folder, only.Outcome));
    }

    [Fact]
    public void A_cuBLAS_that_is_too_new_for_the_driver_is_passed_over()
    {
        FakeLibrary oldDriver = s_driver with { Versions = FakeLoader.DriverOf(12040) };
        Assert.Equal("12.6.4", Search(FakeSite.Linux(), [oldDriver, s_cublas12, s_cublas13])[1].Finding.Version);

        LibraryFinding refused = Search(FakeSite.Linux(), [oldDriver, s_cublas13])[1].Finding;
        Assert.Equal("cuBLAS 13.0.2 is for CUDA 13, this driver supports CUDA 12.4", refused.Problem);
        Assert.StartsWith("install driver 580 or later, or install the CUDA toolkit 12", refused.ToDo, StringComparison.Ordinal);
        Assert.Contains("pip install nvidia-cublas-cu12 ", refused.ToDo, StringComparison.Ordinal);
    }

    [Fact]
    public void A_driver_that_is_too_old_is_refused()
    {
        LibraryFinding driver = Search(FakeSite.Linux(), [s_driver with { Versions = FakeLoader.DriverOf(11040) }])[0].Finding;
        Assert.Equal(
            "the NVIDIA driver supports CUDA 11.4, this program needs 11.8 or later; install driver 520 or later", driver.WhyNot);
    }

    [Fact]
    public void A_library_without_an_entry_point_that_is_called_is_refused_when_it_is_loaded()
    {
        FakeLibrary old = s_cublas12 with { Lacks = ["cublasSetWorkspace_v2"] };
        LibraryFinding cublas = Search(FakeSite.Linux(), [s_driver, old])[1].Finding;
        Assert.Equal("cuBLAS 12.6.4 (libcublas.so.12) is too old: it lacks cublasSetWorkspace_v2", cublas.Problem);
    }

    [Fact]
    public void What_is_wrong_in_a_named_folder_ends_the_search_and_what_is_wrong_elsewhere_does_not()
    {
        FakeLibrary broken = new("/named/libcublas.so.13", "file too short");
        LibraryFinding cublas = Search(FakeSite.Linux(null, "/named/libcublas.so.13"), [s_driver, broken, s_cublas12], s_named)[1].Finding;
        Assert.Equal("cuBLAS cannot be loaded from /named/libcublas.so.13: file too short", cublas.Problem);
        Assert.Contains("--libraries", cublas.ToDo, StringComparison.Ordinal);

        FakeLibrary elsewhere = new("libcublas.so.13", "libcublasLt.so.13: cannot open shared object file: No such file or directory");
        Assert.Equal("12.6.4", Search(FakeSite.Linux(), [s_driver, elsewhere, s_cublas12])[1].Finding.Version);
        Assert.Equal(
            "cuBLAS cannot be loaded from libcublas.so.13: libcublasLt.so.13: cannot open shared object file: No such file or directory",
            Search(FakeSite.Linux(), [s_driver, elsewhere])[1].Finding.Problem);
    }

    [Fact]
    public void What_lies_beside_a_library_in_a_folder_is_loaded_before_it()
    {
        var site = FakeSite.Linux(null, "/named/libcublas.so.12", "/named/libcublasLt.so.12");
        FakeLibrary beside = s_cublas12 with { Path = "/named/libcublas.so.12" };
        var loader = new FakeLoader(s_driver, beside, new FakeLibrary("/named/libcublasLt.so.12"));
        NativeLibraries.Search(site, loader, [s_named]);
        Assert.Equal(["libcuda.so.1", "/named/libcublasLt.so.12", "/named/libcublas.so.12"], loader.Opened);
    }

    [Fact]
    public void cuDNN_is_refused_where_a_part_is_missing_since_calling_it_would_end_the_process()
    {
        LibraryFinding incomplete = Search(FakeSite.Linux(), [s_driver, s_cudnn9, .. s_cudnn9Parts[..2]])[2].Finding;
        Assert.StartsWith("cuDNN (libcudnn.so.9) is not complete: its part libcudnn_cnn.so.9 cannot be loaded", incomplete.Problem, StringComparison.Ordinal);

        LibraryFinding complete = Search(FakeSite.Linux(), [s_driver, s_cudnn9, .. s_cudnn9Parts])[2].Finding;
        Assert.Equal((null, "9.13.0"), (complete.Problem, complete.Version));
    }

    [Fact]
    public void cuDNN_8_is_used_where_there_is_no_9()
    {
        FakeLibrary eight = new("libcudnn.so.8") { Versions = FakeLoader.CudnnOf(8, 11) };
        LibraryFinding cudnn = Search(
            FakeSite.Linux(),
            [
                s_driver, eight, new("libcudnn_ops_infer.so.8"), new("libcudnn_cnn_infer.so.8"), new("libcudnn_ops_train.so.8"), new("libcudnn_cnn_train.so.8"),
            ])[2].Finding;
        Assert.Equal((null, "8.9.1"), (cudnn.Problem, cudnn.Version));
    }

    [Fact]
    public void cuDNN_for_another_CUDA_than_cuBLAS_is_a_warning_and_for_a_newer_one_than_the_drivers_a_refusal()
    {
        LibraryFinding other = Search(FakeSite.Linux(), [s_driver, s_cublas13, s_cudnn9, .. s_cudnn9Parts])[2].Finding;
        Assert.Equal("cuDNN 9.13.0 was built for CUDA 12, cuBLAS is of CUDA 13", other.Warning);
        Assert.True(other.IsUsable);
        Assert.Null(Search(FakeSite.Linux(), [s_driver, s_cublas12, s_cudnn9, .. s_cudnn9Parts])[2].Finding.Warning);
    }

    [Fact]
    public void Where_nothing_is_found_each_library_says_what_to_install()
    {
        ImmutableArray<FoundLibrary> linux = Search(FakeSite.Linux(), []);
        Assert.Equal(
            "cuBLAS was not found (libcublas.so.13, libcublas.so.12, libcublas.so.11); install the CUDA toolkit 12 "
            + "(developer.nvidia.com/cuda-downloads), or: pip install nvidia-cublas-cu12 and name its site-packages folder with --libraries",
            linux[1].Finding.WhyNot);
        Assert.All(linux, found => Assert.Equal(0, found.Handle));
        Assert.All(linux, found => Assert.DoesNotContain('\n', found.Finding.WhyNot!));

        SearchSite wsl = FakeSite.Linux(new Dictionary<string, string> { ["WSL_DISTRO_NAME"] = "Ubuntu" });
        Assert.Contains("on Windows (not inside WSL)", Search(wsl, [])[0].Finding.ToDo, StringComparison.Ordinal);
        Assert.Contains("nvidia.com/drivers", Search(FakeSite.Windows(), [])[0].Finding.ToDo, StringComparison.Ordinal);
    }

    [Fact]
    public void NVML_is_used_whichever_name_it_has_for_the_throttle_reasons()
    {
        FakeLibrary nvml = new("libnvidia-ml.so.1");
        ImmutableArray<string> names = Harness.Kernels.Native.Nvml.ThrottleReasonNames;
        Assert.True(Search(FakeSite.Linux(), [nvml with { Lacks = [names[0]] }])[3].Finding.IsUsable);
        Assert.True(Search(FakeSite.Linux(), [nvml with { Lacks = [names[1]] }])[3].Finding.IsUsable);
        Assert.False(Search(FakeSite.Linux(), [nvml with { Lacks = names }])[3].Finding.IsUsable);
    }

    private static ImmutableArray<FoundLibrary> Search(SearchSite site, FakeLibrary[] libraries, params LibraryPlace[] named) =>
        NativeLibraries.Search(site, new FakeLoader(libraries), [.. named]);
}
