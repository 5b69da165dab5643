using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Harness.CommandLine;
using Harness.Kernels;
using Harness.Reporting;

namespace Harness.Exercises;

/// <summary>What is right: exactly one thing, which may be written in several ways.</summary>
internal abstract record Answer
{
    /// <summary>How it may be written, for the question.</summary>
    public abstract string Expected { get; }

    /// <summary>As one would write it.</summary>
    public abstract string Text { get; }

    public abstract JsonNode ToJson();

    /// <summary>Null where <paramref name="given"/> is right, else what is wrong with it beside being another answer; empty if nothing.</summary>
    public abstract string? Fault(string given);
}

/// <summary>A whole number.</summary>
/// <param name="Unit">bytes, which may also be given as KiB, MiB or GiB where that is exact; or what is counted</param>
internal sealed partial record NumberAnswer(long Value, string Unit) : Answer
{
    public const string BytesUnit = "bytes";

    public override string Expected => Unit == BytesUnit
        ? "bytes (or KiB, MiB, GiB where that is exact)"
        : $"a whole number of {Unit}";

    public override string Text => $"{Quantities.Count(Value)} {Unit}";

    public override JsonNode ToJson() => JsonValue.Create(Value);

    public override string? Fault(string given)
    {
        Match match = Number().Match(given);
        string digits = match.Groups["number"].Value.Replace(",", "", StringComparison.Ordinal);
        if (!match.Success || !decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
        {
            return $"it is not {Expected}";
        }

        string unit = match.Groups["unit"].Value;
        long scale = 1;
        if (unit.Length > 0 && !IsOwn(unit))
        {
            if (Unit != BytesUnit || ByteSize.Scale(unit) is not { } known)
            {
                return $"'{unit}' is not known here{NearestWord.Hint(unit, Unit == BytesUnit ? ByteSize.Units : [Unit])}: {Expected}";
            }

            scale = known;
        }
        else if (decimal.Truncate(number) != number)
        {
            return $"it is not {Expected}";
        }

        try
        {
            return number * scale == Value ? null : "";
        }
        catch (OverflowException)
        {
            return "";
        }
    }

    private bool IsOwn(string unit) => unit == Unit || $"{unit}s" == Unit || (Unit == BytesUnit && unit == "B");

    /// <summary>Digits, or digits in threes; a fraction; a unit.</summary>
    [GeneratedRegex(@"^(?<number>([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?) ?(?<unit>[A-Za-z]*)$")]
    private static partial Regex Number();
}

/// <summary>Dimensions, outermost first.</summary>
internal sealed partial record ShapeAnswer(ImmutableArray<long> Dimensions) : Answer
{
    public override string Expected => "a shape such as [8,64,768]";

    public override string Text => $"[{string.Join(',', Dimensions)}]";

    public override JsonNode ToJson() => new JsonArray([.. Dimensions.Select(dimension => JsonValue.Create(dimension))]);

    public override string? Fault(string given)
    {
        string inner = Brackets().Replace(given, "${inner}");
        string[] words = Separator().Split(inner.Trim());
        return !words.All(word => word.Length > 0 && word.All(char.IsAsciiDigit)) ? $"it is not {Expected}"
            : words.SequenceEqual(Dimensions.Select(dimension => dimension.ToString(CultureInfo.InvariantCulture))) ? null
            : "";
    }

    [GeneratedRegex(@"^[\[(](?<inner>.*)[\])]$")]
    private static partial Regex Brackets();

    [GeneratedRegex(@"\s*[,x×]\s*|\s+")]
    private static partial Regex Separator();
}

/// <summary>One of a few words that the question names.</summary>
internal sealed record WordAnswer(string Word, ImmutableArray<string> Choices) : Answer
{
    public override string Expected => $"one of {string.Join(", ", Choices)}";

    public override string Text => Word;

    public override JsonNode ToJson() => JsonValue.Create(Word);

    public override string? Fault(string given) =>
        string.Equals(given, Word, StringComparison.OrdinalIgnoreCase) ? null
            : Choices.Contains(given, StringComparer.OrdinalIgnoreCase) ? ""
            : $"it is not {Expected}{NearestWord.Hint(given, Choices)}";
}
