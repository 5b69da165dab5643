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
        int? shift = unit.Length == 0 ? 0 : s_units.Where(known => known.Unit == unit).Select(known => (int?)known.Shift).FirstOrDefault();
        if (shift is null)
        {
            return (null, $"unknown unit '{unit}'{NearestWord.Hint(unit, Units)}");
        }

        NumberStyles style = shift == 0 ? NumberStyles.None : NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(number.TrimEnd(' '), style, CultureInfo.InvariantCulture, out decimal value))
        {
            return (null, shift == 0 ? "bytes are a whole number" : $"'{number}' is no number");
        }

        try
        {
            long bytes = (long)decimal.Floor(value * (1L << shift.Value));
            return bytes > 0 ? (bytes, null) : (null, "it is less than a byte");
        }
        catch (OverflowException)
        {
            return (null, "it is more than 64 bits can count");
        }
    }
}
