using System.Runtime.InteropServices;
using Harness.Kernels.Native;

namespace Harness.Kernels.Tests.Native;

/// <summary>A loader of libraries that exist in this test only. Those that tell a version do so through a real native call.</summary>
internal sealed unsafe class FakeLoader(params FakeLibrary[] libraries) : ISystemLoader
{
    public List<string> Opened { get; } = [];

    public nint Open(string fileOrName, out string error)
    {
        int index = Array.FindIndex(libraries, library => library.Path == fileOrName);
        error = index < 0 ? $"{fileOrName}: cannot open shared object file: No such file or directory" : libraries[index].Error ?? "";
        if (error.Length > 0)
        {
            return 0;
        }

        Opened.Add(fileOrName);
        return index + 1;
    }

    public nint Export(nint library, string name) =>
        libraries[(int)library - 1] is var known && known.Versions.TryGetValue(name, out nint function) ? function
        : known.Lacks.Contains(name) ? 0
        : 1;

    public string? PathOf(string name) => libraries.FirstOrDefault(library => library.Path == name) is null ? null : "/found/" + name;

    public void SearchAlsoIn(string folder)
    {
    }

    [UnmanagedCallersOnly]
    private static int Driver11040(int* version) => Set(version, 11040);

    [UnmanagedCallersOnly]
    private static int Driver12040(int* version) => Set(version, 12040);

    [UnmanagedCallersOnly]
    private static int Driver13000(int* version) => Set(version, 13000);

    [UnmanagedCallersOnly]
    private static int Cublas12(int property, int* value) => Set(value, property switch { 0 => 12, 1 => 6, _ => 4 });

    [UnmanagedCallersOnly]
    private static int Cublas13(int property, int* value) => Set(value, property switch { 0 => 13, 1 => 0, _ => 2 });

    [UnmanagedCallersOnly]
    private static nuint Cudnn8() => 8901;

    [UnmanagedCallersOnly]
    private static nuint Cudnn9() => 91300;

    [UnmanagedCallersOnly]
    private static nuint Cuda11() => 11080;

    [UnmanagedCallersOnly]
    private static nuint Cuda12() => 12090;

    public static IReadOnlyDictionary<string, nint> DriverOf(int cuda) => new Dictionary<string, nint>
    {
        ["cuDriverGetVersion"] = cuda switch
        {
            11040 => (nint)(delegate* unmanaged<int*, int>)&Driver11040,
            12040 => (nint)(delegate* unmanaged<int*, int>)&Driver12040,
            _ => (nint)(delegate* unmanaged<int*, int>)&Driver13000,
        },
    };

    public static IReadOnlyDictionary<string, nint> CublasOf(int major) => new Dictionary<string, nint>
    {
        ["cublasGetProperty"] = major == 12 ? (nint)(delegate* unmanaged<int, int*, int>)&Cublas12 : (nint)(delegate* unmanaged<int, int*, int>)&Cublas13,
    };

    public static IReadOnlyDictionary<string, nint> CudnnOf(int major, int cudaMajor) => new Dictionary<string, nint>
    {
        ["cudnnGetVersion"] = major == 8 ? (nint)(delegate* unmanaged<nuint>)&Cudnn8 : (nint)(delegate* unmanaged<nuint>)&Cudnn9,
        ["cudnnGetCudartVersion"] = cudaMajor == 11 ? (nint)(delegate* unmanaged<nuint>)&Cuda11 : (nint)(delegate* unmanaged<nuint>)&Cuda12,
    };

    private static int Set(int* value, int to)
    {
        *value = to;
        return 0;
    }
}

/// <param name="Error">it is there and cannot be loaded</param>
internal sealed record FakeLibrary(string Path, string? Error = null)
{
    /// <summary>Functions that are really called.</summary>
    public IReadOnlyDictionary<string, nint> Versions { get; init; } = new Dictionary<string, nint>();

    public IReadOnlyList<string> Lacks { get; init; } = [];
}
