using System.Collections.Immutable;

namespace Harness.Kernels.Native;

/// <summary>One place where a library was looked for.</summary>
/// <param name="Source">why there: an option, a variable, the system's loader, a folder that toolkits are installed in</param>
/// <param name="Folder">null where the system's loader was asked by name</param>
/// <param name="Files">names in the order tried</param>
/// <param name="Outcome">what became of it, in words</param>
public sealed record LookedFor(string Source, string? Folder, ImmutableArray<string> Files, string Outcome);

/// <summary>What is known about one library of NVIDIA's on this machine.</summary>
/// <param name="Name">as people call it: NVIDIA driver, cuBLAS, cuDNN, NVML</param>
/// <param name="LookedFor">in the order looked, up to where it was found</param>
/// <param name="File">where the library that is used was loaded from; null where none is used or the system does not tell</param>
/// <param name="Version">as the library reports it, null where unknown</param>
/// <param name="Problem">why none is used, one line; null where one is</param>
/// <param name="ToDo">what to install or to change, one line; null where nothing</param>
/// <param name="Warning">it is used, but this is likely to go wrong; null where nothing</param>
public sealed record LibraryFinding(
    string Name, ImmutableArray<LookedFor> LookedFor, string? File, string? Version, string? Problem, string? ToDo, string? Warning)
{
    public bool IsUsable => Problem is null;

    /// <summary>One line: what is wrong and what to do; null where nothing is.</summary>
    public string? WhyNot => Problem is null ? null : ToDo is null ? Problem : $"{Problem}; {ToDo}";
}

/// <summary>The libraries, and how they were found.</summary>
/// <param name="Findings">the driver, cuBLAS, cuDNN and NVML, in this order</param>
public sealed record NativeSetup(CudaApi Api, ImmutableArray<LibraryFinding> Findings);
