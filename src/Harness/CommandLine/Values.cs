using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Harness.Kernels;
using Harness.Models;

namespace Harness.CommandLine;

/// <summary>Options whose values are checked while they are parsed; every message names the option, the value and what is allowed.</summary>
internal static class Values
{
    /// <summary>A whole number, null where the option is absent.</summary>
    public static Option<long?> WholeNumber(string name, string description, long minimum, long maximum = long.MaxValue) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => ParseWholeNumber(result, name, result.Tokens[0].Value, minimum, maximum),
    };

    /// <summary>Whole numbers separated by commas, null where the option is absent.</summary>
    public static Option<ImmutableArray<long>?> WholeNumbers(string name, string description, long minimum) => new(name)
    {
        Description = description,
        HelpName = "N,N,...",
        CustomParser = result =>
        {
            var numbers = ImmutableArray.CreateBuilder<long>();
            foreach (string word in result.Tokens[0].Value.Split(','))
            {
                if (ParseWholeNumber(result, name, word, minimum, long.MaxValue) is not { } number)
                {
                    return null;
                }

                if (numbers.Contains(number))
                {
                    result.AddError($"{name} names {number} twice");
                    return null;
                }

                numbers.Add(number);
            }

            return numbers.ToImmutable();
        },
    };

    /// <summary>A finite number from 0 on.</summary>
    public static Option<double> Number(string name, string description, double defaultValue) => new(name)
    {
        Description = $"{description} (default {defaultValue.ToString(CultureInfo.InvariantCulture)})",
        HelpName = "X",
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= 0 && double.IsFinite(number))
            {
                return number;
            }

            result.AddError($"{name} takes a number from 0 on, not '{word}'");
            return defaultValue;
        },
    };

    /// <summary>One of a few words; the first is the default.</summary>
    public static Option<string> OneOf(string name, string description, params string[] words) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', words),
        DefaultValueFactory = _ => words[0],
        CustomParser = result => Known(result, name, result.Tokens[0].Value, words) ?? words[0],
    };

    /// <summary>One of a few words, null where the option is absent.</summary>
    public static Option<string?> OneOfOrNone(string name, string description, params string[] words) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', words),
        CustomParser = result => Known(result, name, result.Tokens[0].Value, words),
    };

    /// <summary>A probability that is not certainty, null where the option is absent.</summary>
    public static Option<double?> Probability(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "P",
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is 0 or (>= 1e-9 and < 1))
            {
                return number;
            }

            result.AddError($"{name} takes 0, or a probability from 1e-9 to below 1, not '{word}'");
            return null;
        },
    };

    /// <summary>Models separated by commas, null where the option is absent.</summary>
    public static Option<ImmutableArray<Model>?> Models(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "M,M,...",
        CustomParser = result =>
        {
            var chosen = ImmutableArray.CreateBuilder<Model>();
            foreach (string word in result.Tokens[0].Value.Split(','))
            {
                if (Model(result, word) is not { } model)
                {
                    return null;
                }

                if (chosen.Any(other => other.Name == word))
                {
                    result.AddError($"{name} names '{word}' twice");
                    return null;
                }

                chosen.Add(model);
            }

            return chosen.ToImmutable();
        },
    };

    /// <summary>A model by name; null where there is none and <paramref name="result"/> has the error.</summary>
    public static Model? Model(ArgumentResult result, string word)
    {
        try
        {
            return ModelCatalog.Find(word);
        }
        catch (CallerException exception)
        {
            result.AddError(exception.Message);
            return null;
        }
    }

    /// <summary>Any text, such as a path; null where the option is absent.</summary>
    public static Option<string?> Text(string name, string description, string helpName) => new(name)
    {
        Description = description,
        HelpName = helpName,
    };

    /// <summary>A word that must be known; null where it is not and <paramref name="result"/> has the error.</summary>
    public static string? Known(ArgumentResult result, string name, string word, IReadOnlyList<string> words)
    {
        if (words.Contains(word))
        {
            return word;
        }

        result.AddError($"unknown {name} '{word}'{NearestWord.Hint(word, words)}; {ParseErrors.Allowed(words)}");
        return null;
    }

    private static long? ParseWholeNumber(ArgumentResult result, string name, string word, long minimum, long maximum)
    {
        if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            && number >= minimum && number <= maximum)
        {
            return number;
        }

        string range = maximum == long.MaxValue ? $"a whole number from {minimum} on" : $"a whole number from {minimum} to {maximum}";
        result.AddError($"{name} takes {range}, not '{word}'");
        return null;
    }
}
