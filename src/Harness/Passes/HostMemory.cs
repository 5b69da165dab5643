using System.Globalization;
using Harness.Kernels;

namespace Harness.Passes;

/// <summary>Memory of this computer, looked at before it is asked for: a process that the system kills can explain nothing.</summary>
internal static class HostMemory
{
    private const string LinuxFile = "/proc/meminfo";
    private const string AvailableKey = "MemAvailable:";
    private const long BytesPerKiB = 1024;

    /// <summary>What the system could give now without swapping, and a container's limit where there is one.</summary>
    public static long AvailableBytes
    {
        get
        {
            GCMemoryInfo info = GC.GetGCMemoryInfo();
            long withinLimit = Math.Max(0, info.TotalAvailableMemoryBytes - Environment.WorkingSet);
            return Math.Min(withinLimit, LinuxAvailableBytes() ?? Math.Max(0, info.TotalAvailableMemoryBytes - info.MemoryLoadBytes));
        }
    }

    /// <exception cref="MachineException">fewer than <paramref name="neededBytes"/> are available</exception>
    public static void Require(string what, long neededBytes, long availableBytes)
    {
        if (neededBytes > availableBytes)
        {
            throw new MachineException(
                $"{what} needs {neededBytes} bytes of this machine's memory and {availableBytes} are available; "
                + "choose a smaller size or --device null");
        }
    }

    private static long? LinuxAvailableBytes()
    {
        if (!File.Exists(LinuxFile))
        {
            return null;
        }

        string? line = File.ReadLines(LinuxFile).FirstOrDefault(line => line.StartsWith(AvailableKey, StringComparison.Ordinal));
        string? number = line?[AvailableKey.Length..].Trim().Split(' ')[0];
        return long.TryParse(number, CultureInfo.InvariantCulture, out long kibibytes) ? kibibytes * BytesPerKiB : null;
    }
}
