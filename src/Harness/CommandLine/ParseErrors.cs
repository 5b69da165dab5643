using System.CommandLine;
using System.CommandLine.Parsing;
using Harness.Kernels;

namespace Harness.CommandLine;

/// <summary>What is wrong with a command line, in one line that names the bad word and what is allowed.</summary>
internal static class ParseErrors
{
    /// <exception cref="CallerException">the first thing that is wrong</exception>
    public static void ThrowIfAny(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens.Count > 0)
        {
            throw new CallerException(Unknown(command, parsed.UnmatchedTokens[0]));
        }

        if (command.Action is null)
        {
            throw new CallerException($"'{command.Name}' needs a verb; {Allowed(SubcommandNames(command))}");
        }

        if (parsed.Errors.Count > 0)
        {
            throw new CallerException(Described(parsed.Errors[0]));
        }
    }

    /// <summary><c>known are: a, b, c</c>.</summary>
    public static string Allowed(IEnumerable<string> words) => $"known: {string.Join(", ", words)}";

    /// <summary>A word that the command does not know: an option if it looks like one.</summary>
    public static string Unknown(Command command, string word)
    {
        bool isOption = word.StartsWith('-');
        string[] known = isOption ? [.. command.Options.Select(option => option.Name)] : SubcommandNames(command);
        string what = isOption ? "option" : "verb";
        string where = command is RootCommand ? "" : $" for '{command.Name}'";
        return known.Length == 0
            ? $"'{word}' is one word too many{where}"
            : $"unknown {what} '{word}'{where}{NearestWord.Hint(word, known)}; {Allowed(known)}";
    }

    private static string[] SubcommandNames(Command command) => [.. command.Subcommands.Select(subcommand => subcommand.Name)];

    private static string Described(ParseError error)
    {
        OptionResult? option = error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult;
        return option switch
        {
            { IdentifierTokenCount: > 1, Option.Arity.MaximumNumberOfValues: 1 } =>
                $"{option.Option.Name} is given {option.IdentifierTokenCount} times; once is allowed",
            { Tokens.Count: 0 } => $"{option.Option.Name} needs a value: {option.Option.Description}",
            _ => error.Message,
        };
    }
}
