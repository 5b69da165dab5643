using System.Text;
using Harness.Kernels.Native;
using Spectre.Console;

namespace Harness.CommandLine;

/// <summary>What a command sees of the outside: where it prints, whether a person is watching, the clock and the machine's name.</summary>
/// <param name="OutIsTerminal">false where standard output is redirected: then no colours and no wrapping</param>
/// <param name="ErrorIsTerminal">true where progress can be shown on standard error</param>
internal sealed record CommandHost(
    TextWriter Out, TextWriter Error, bool OutIsTerminal, bool ErrorIsTerminal, TimeProvider Time, MachineDescription Machine)
{
    /// <summary>Columns where nobody's window limits them: no line is wrapped.</summary>
    private const int RedirectedWidth = 100_000;

    /// <summary>NVIDIA's software on this machine, from the folders that <c>--libraries</c> names; a test puts doubles here.</summary>
    public Func<string?, NativeSetup> FindLibraries { get; init; } = NativeLibraries.Find;

    public static CommandHost OfThisProcess()
    {
        if (Console.IsOutputRedirected)
        {
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        }

        return new CommandHost(
            Console.Out, Console.Error, !Console.IsOutputRedirected, !Console.IsErrorRedirected, TimeProvider.System,
            MachineDescription.OfThisMachine());
    }

    /// <summary>Standard output as a Spectre console.</summary>
    public IAnsiConsole OutConsole() => ConsoleOn(Out, OutIsTerminal);

    /// <summary>Standard error as a Spectre console, for progress.</summary>
    public IAnsiConsole ErrorConsole() => ConsoleOn(Error, ErrorIsTerminal);

    private static IAnsiConsole ConsoleOn(TextWriter writer, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isTerminal)
        {
            console.Profile.Width = RedirectedWidth;
            console.Profile.Capabilities.Unicode = true;
        }

        return console;
    }
}
