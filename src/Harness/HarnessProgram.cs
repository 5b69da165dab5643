using System.CommandLine;
using Harness.CommandLine;
using Harness.Kernels;

namespace Harness;

/// <summary>The whole command line as a function from arguments to exit code, so that tests can call it.</summary>
internal static class HarnessProgram
{
    public const int ExitDone = 0;
    public const int ExitCheckFailed = 1;
    public const int ExitCallersMistake = 2;
    public const int ExitMachineCannot = 3;
    public const int ExitInterrupted = 130;

    public static int Run(IReadOnlyList<string> args, CommandHost host)
    {
        try
        {
            RootCommand root = Verbs.Root(host);
            ParseResult parsed = root.Parse(WithDefaultVerb(args), Verbs.ParserConfiguration);
            if (parsed.Action is not { ClearsParseErrors: true })
            {
                ParseErrors.ThrowIfAny(parsed);
            }

            return parsed.Invoke(new InvocationConfiguration
            {
                Output = host.Out, Error = host.Error, EnableDefaultExceptionHandler = false,
            });
        }
        catch (CallerException exception)
        {
            return Fail(host, exception.Message, ExitCallersMistake);
        }
        catch (MachineException exception)
        {
            return Fail(host, exception.Message, ExitMachineCannot);
        }
        catch (OutOfMemoryException exception)
        {
            return Fail(host, $"this machine has no memory left ({exception.Message})", ExitMachineCannot);
        }
        catch (CheckFailedException exception)
        {
            return Fail(host, exception.Message, ExitCheckFailed);
        }
    }

    /// <summary>Options without a verb belong to <c>report</c>.</summary>
    private static IReadOnlyList<string> WithDefaultVerb(IReadOnlyList<string> args)
    {
        bool isVerbOrRootOption = args.Count > 0 && (!args[0].StartsWith('-') || Verbs.RootOptions.Contains(args[0]));
        return isVerbOrRootOption ? args : ["report", .. args];
    }

    private static int Fail(CommandHost host, string message, int exitCode)
    {
        host.Error.WriteLine($"harness: {message.ReplaceLineEndings(" ")}");
        return exitCode;
    }
}
