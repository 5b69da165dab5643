using System.Collections.Immutable;
using Harness.Kernels;

namespace Harness.Acceptance;

/// <summary>Where the programs of the steps lie: beside this one in a published folder, or in a checkout that was built.</summary>
internal static class ToolPlaces
{
    /// <summary>A checkout has <c>src/Harness/bin/Release/net10.0</c> and <c>tests/NAME/bin/Release/net10.0</c>.</summary>
    private const int FoldersToCheckout = 5;

    private static readonly string s_here = AppContext.BaseDirectory;

    /// <summary>The program's file; null where it is not there.</summary>
    public static string? Find(StepProgram program, string? python) => program switch
    {
        StepProgram.Harness => InFolder(s_here, "harness"),
        StepProgram.KernelsTests => Tests("Kernels"),
        StepProgram.ModelsTests => Tests("Models"),
        StepProgram.HarnessTests => InFolder(s_here, "Harness.Tests") ?? InCheckout("Harness.Tests", "Harness.Tests"),
        _ => python,
    };

    /// <summary>The script that puts passes in PyTorch beside ours, and knows where its libraries lie.</summary>
    public const string TorchPasses = "torch_side_by_side.py";

    /// <summary>The script that puts training steps in PyTorch beside ours; it needs the other one beside it.</summary>
    public const string TorchTraining = "torch_training.py";

    /// <summary>Writes the scripts, which travel inside this program.</summary>
    public static void WriteScripts(string folder)
    {
        foreach (string name in (string[])[TorchPasses, TorchTraining])
        {
            using Stream script = typeof(ToolPlaces).Assembly.GetManifestResourceStream(name)
                ?? throw new InvalidOperationException($"the script '{name}' is not in the program");
            AtomicFile.Write(Path.Combine(folder, name), script.CopyTo);
        }
    }

    private static string? Tests(string what) => InFolder(s_here, $"Harness.{what}.Tests") ?? InCheckout($"{what}.Tests", $"Harness.{what}.Tests");

    private static string? InCheckout(string project, string program)
    {
        string built = Path.GetFullPath(s_here);
        ImmutableArray<string> parts = [.. built.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar)];
        return parts.Length <= FoldersToCheckout
            ? null
            : InFolder(
                Path.Combine(
                    string.Join(Path.DirectorySeparatorChar, parts[..^FoldersToCheckout]) + Path.DirectorySeparatorChar, "tests", project,
                    string.Join(Path.DirectorySeparatorChar, parts[^3..])),
                program);
    }

    private static string? InFolder(string folder, string program)
    {
        string file = Path.Combine(folder, OperatingSystem.IsWindows() ? program + ".exe" : program);
        return File.Exists(file) ? file : null;
    }
}
