using System.Collections.Immutable;

namespace Harness.Kernels.Native;

/// <summary>Finds NVIDIA's libraries on this machine and binds this assembly's imports to them.</summary>
public static class NativeLibraries
{
    /// <param name="namedPath">
    /// folders to look in first, separated as the system separates paths; null: those in HARNESS_LIBRARY_PATH, if any
    /// </param>
    /// <exception cref="MachineException">a named path is not a folder</exception>
    public static CudaApi Load(string? namedPath) => Find(namedPath).Api;

    /// <summary>As <see cref="Load"/>, with all that was looked for.</summary>
    /// <exception cref="MachineException">a named path is not a folder</exception>
    public static NativeSetup Find(string? namedPath)
    {
        SearchSite site = SearchSite.ThisMachine;
        var loader = new SystemLoader();
        ImmutableArray<FoundLibrary> found = Search(site, loader, NamedFolders.Of(namedPath, site));
        foreach ((LibrarySpec library, FoundLibrary one) in LibrarySpec.All.Zip(found).Where(pair => pair.Second.Handle != 0))
        {
            NativeImports.Bind(library.Import, one.Handle, one.Finding.File);
        }

        return new NativeSetup(
            new CudaApi(
                Part<ICudaDriver>(found[0], _ => new CudaDriver()), Part<ICublas>(found[1], _ => new Cublas()),
                Part<ICudnn>(found[2], _ => new Cudnn()),
                Part<INvml>(found[3], handle => new Nvml(loader.Export(handle, Nvml.ThrottleReasonNames[0]) != 0))),
            [.. found.Select(one => one.Finding)]);
    }

    /// <summary>The driver, cuBLAS, cuDNN and NVML; the later ones must suit the earlier.</summary>
    internal static ImmutableArray<FoundLibrary> Search(SearchSite site, ISystemLoader loader, ImmutableArray<LibraryPlace> named)
    {
        var search = new LibrarySearch(site, loader, named);
        int? driverCuda = null;
        int? cublasMajor = null;
        FoundLibrary driver = search.Find(LibrarySpec.Driver, InstallAdvice.For(site, null), handle =>
        {
            driverCuda = LibraryVersions.OfDriver(loader, handle);
            return JudgeDriver(driverCuda, InstallAdvice.For(site, null));
        });
        InstallAdvice advice = InstallAdvice.For(site, driverCuda);
        FoundLibrary cublas = search.Find(LibrarySpec.Cublas, advice, handle =>
        {
            Version? version = LibraryVersions.OfCublas(loader, handle);
            cublasMajor = version?.Major;
            return JudgeAgainstDriver(LibrarySpec.Cublas, version, version?.Major, driverCuda, advice);
        });
        FoundLibrary cudnn = search.Find(LibrarySpec.Cudnn, advice, handle =>
        {
            int? cudaMajor = LibraryVersions.CudaOfCudnn(loader, handle) / 1000;
            LibraryVerdict verdict = JudgeAgainstDriver(
                LibrarySpec.Cudnn, LibraryVersions.OfCudnn(loader, handle), cudaMajor, driverCuda, advice);
            return cublas.Handle == 0 || cudaMajor is null || cublasMajor is null || cudaMajor == cublasMajor
                ? verdict
                : verdict with { Warning = $"cuDNN {verdict.Version} was built for CUDA {cudaMajor}, cuBLAS is of CUDA {cublasMajor}" };
        });
        FoundLibrary nvml = search.Find(LibrarySpec.Nvml, advice, handle =>
            Nvml.ThrottleReasonNames.Any(name => loader.Export(handle, name) != 0)
                ? new LibraryVerdict(null)
                : new LibraryVerdict(null, $"NVML is of no known version: it lacks {Nvml.ThrottleReasonNames[^1]}"));
        return [driver, cublas, cudnn, nvml];
    }

    private static LibraryVerdict JudgeDriver(int? cuda, InstallAdvice advice) => cuda is { } known && known < LibraryVersions.OldestDriver
        ? new LibraryVerdict(
            $"CUDA {LibraryVersions.Cuda(known)}",
            $"the NVIDIA driver supports CUDA {LibraryVersions.Cuda(known)}, "
            + $"this program needs {LibraryVersions.Cuda(LibraryVersions.OldestDriver)} or later",
            advice.NewerDriver(LibraryVersions.OldestDriverNumber))
        : new LibraryVerdict(cuda is null ? null : $"CUDA {LibraryVersions.Cuda(cuda.Value)}");

    /// <summary>A driver serves the libraries of its own CUDA major version and of older ones (CUDA Compatibility).</summary>
    private static LibraryVerdict JudgeAgainstDriver(
        LibrarySpec library, Version? version, int? cudaMajor, int? driverCuda, InstallAdvice advice) =>
        cudaMajor is { } major && driverCuda is { } driver && driver < major * 1000
            ? new LibraryVerdict(
                version?.ToString(),
                $"{library.Name} {version} is for CUDA {major}, this driver supports CUDA {LibraryVersions.Cuda(driver)}",
                $"{advice.DriverForCuda(major)}, or {advice.Of(library)}")
            : new LibraryVerdict(version?.ToString());

    private static NativePart<T> Part<T>(FoundLibrary found, Func<nint, T> create)
        where T : class =>
        found.Handle == 0 ? new NativePart<T>(null, found.Finding.WhyNot) : new NativePart<T>(create(found.Handle), null);
}
