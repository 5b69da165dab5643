using System.CommandLine;
using System.Globalization;
using Harness.Kernels;

namespace Harness.CommandLine;

/// <summary>Sizes of memory as people write them: <c>6442450944</c>, <c>6GiB</c>, <c>7.5GiB</c>.</summary>
internal static class ByteSize
{
    private const string Allowed = "bytes, or a number with KiB, MiB or GiB, such as 6GiB";

    private static readonly (string Unit, int Shift)[] s_units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];

    /// <summary>The units that stand behind a number; bytes have none.</summary>
    public static string[] Units { get; } = [.. s_units.Select(unit => unit.Unit)];

    /// <summary>How many bytes one of the unit is; null for an unknown one.</summary>
    public static long? Scale(string unit) =>
        s_units.Where(known => known.Unit == unit).Select(known => (long?)(1L << known.Shift)).FirstOrDefault();

    /// <summary>A size from 1 byte on, null where the option is absent.</summary>
    public static Option<long?> Option(string name, string description) => new(name)
    {
        Description = $"{description}: {Allowed}",
        HelpName = "SIZE",
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            (long? bytes, string? problem) = Parse(word);
            if (problem is not null)
            {
                result.AddError($"{name} takes {Allowed}, not '{word}': {problem}");
            }

            return bytes;
        },
    };

    /// <summary>Decimals are for units; what is left of a byte is cut off.</summary>
    private static (long? Bytes, string? Problem) Parse(string word)
    {
        string number = word.TrimEnd([.. Enumerable.Range('A', 26).Concat(Enumerable.Range('a', 26)).Select(letter => (char)letter)]);
        string unit = word[number.Length..];
        long? scale = unit.Length == 0 ? 1 : Scale(unit);
        if (scale is null)
        {
            return (null, $"unknown unit '{unit}'{NearestWord.Hint(unit, Units)}");
        }

        NumberStyles style = unit.Length == 0 ? NumberStyles.None : NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(number.TrimEnd(' '), style, CultureInfo.InvariantCulture, out decimal value))
        {
            return (null, unit.Length == 0 ? "bytes are a whole number" : $"'{number}' is no number");
        }

        try
        {
            long bytes = (long)decimal.Floor(value * scale.Value);
            return bytes > 0 ? (bytes, null) : (null, "it is less than a byte");
        }
        catch (OverflowException)
        {
            return (null, "it is more than 64 bits can count");
        }
    }
}
