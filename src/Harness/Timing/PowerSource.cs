using System.Runtime.InteropServices;

namespace Harness.Timing;

/// <summary>Whether this computer runs on its battery, on which a laptop's GPU keeps its clocks and its power limit low.</summary>
internal static partial class PowerSource
{
    private const string LinuxFolder = "/sys/class/power_supply";
    private const byte AcOffline = 0;
    private const byte AcOnline = 1;

    /// <summary>Null where the system does not tell; false where there is no battery.</summary>
    public static bool? OnBattery() =>
        OperatingSystem.IsWindows() ? OnBatteryWindows() : OperatingSystem.IsLinux() ? OnBatteryLinux(LinuxFolder) : null;

    /// <summary>
    /// The kernel's power supply class (Documentation/ABI/testing/sysfs-class-power): each supply has a <c>type</c>; one that is not a
    /// battery has <c>online</c>, a battery has <c>status</c>. A battery of a mouse has the scope Device and says nothing of the computer.
    /// </summary>
    internal static bool? OnBatteryLinux(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return null;
        }

        bool anyMains = false, discharging = false;
        foreach (string supply in Directory.GetDirectories(folder))
        {
            if (Value(supply, "type") == "Battery")
            {
                discharging |= Value(supply, "scope") != "Device" && Value(supply, "status") == "Discharging";
            }
            else if (Value(supply, "online") is { } online)
            {
                anyMains |= online != "0";
            }
        }

        return discharging && !anyMains;
    }

    private static string? Value(string supply, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(supply, name)).Trim();
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static unsafe bool? OnBatteryWindows()
    {
        SystemPowerStatus status;
        return GetSystemPowerStatus(&status) == 0
            ? null
            : status.AcLineStatus switch { AcOffline => true, AcOnline => false, _ => null };
    }

    /// <summary>winbase.h, SYSTEM_POWER_STATUS.</summary>
    private struct SystemPowerStatus
    {
        public byte AcLineStatus;
        public byte BatteryFlag;
        public byte BatteryLifePercent;
        public byte SystemStatusFlag;
        public uint BatteryLifeTime;
        public uint BatteryFullLifeTime;
    }

    [LibraryImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static unsafe partial int GetSystemPowerStatus(SystemPowerStatus* status);
}
