using System.Runtime.InteropServices;

namespace Harness.CommandLine;

/// <summary>The computer that a figure was measured on, as reports quote it.</summary>
/// <param name="Processor">the processor's own name, null where the system does not tell</param>
/// <param name="LogicalCores">cores that this process may use</param>
internal sealed record MachineDescription(string? Processor, int LogicalCores, string OperatingSystem, string Runtime)
{
    public static MachineDescription OfThisMachine() => new(
        ProcessorName(), Environment.ProcessorCount, RuntimeInformation.OSDescription.Trim(), RuntimeInformation.FrameworkDescription);

    public override string ToString() =>
        $"{Processor ?? "unnamed processor"}, {LogicalCores} {(LogicalCores == 1 ? "core" : "cores")}, {OperatingSystem}, {Runtime}";

    private static string? ProcessorName()
    {
        const string linuxFile = "/proc/cpuinfo";
        if (File.Exists(linuxFile))
        {
            return File.ReadLines(linuxFile)
                .Where(line => line.StartsWith("model name", StringComparison.Ordinal))
                .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
                .FirstOrDefault();
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
    }
}
