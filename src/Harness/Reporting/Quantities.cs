using System.Globalization;

namespace Harness.Reporting;

/// <summary>How numbers are printed: invariant, the unit said, unknown as a dash.</summary>
internal static class Quantities
{
    /// <summary>2^20 bytes.</summary>
    public const double BytesPerMiB = 1 << 20;

    private const string Unknown = "-";

    /// <summary>Exact bytes with thousands set apart.</summary>
    public static string Bytes(long? bytes) => bytes?.ToString("N0", CultureInfo.InvariantCulture) ?? Unknown;

    /// <summary>MiB to two decimals, as the published report prints them.</summary>
    public static string MiB(long? bytes) => bytes is { } known ? Number(known / BytesPerMiB, 2) : Unknown;

    /// <summary>2^10 bytes, to two decimals.</summary>
    public static string KiB(long? bytes) => bytes is { } known ? Number(known / 1024.0, 2) : Unknown;

    public static string Number(double? value, int decimals) =>
        value is { } known
            ? (Math.Round(known, decimals) + 0.0).ToString($"N{decimals}", CultureInfo.InvariantCulture) // + 0.0: never "-0.00"
            : Unknown;

    public static string Count(long? value) => Bytes(value);
}
