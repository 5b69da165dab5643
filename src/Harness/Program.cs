using System.Runtime.InteropServices;
using Harness;
using Harness.CommandLine;
using Harness.Kernels;

// Ctrl-C ends the process at once, whatever a kernel is doing, and leaves no half-written file.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
{
    context.Cancel = true;
    AtomicFile.DeleteUnfinished();
    if (!Console.IsErrorRedirected)
    {
        Console.Error.Write("\u001b[?25h\n"); // the progress line hides the cursor
    }

    Environment.Exit(HarnessProgram.ExitInterrupted);
});

return HarnessProgram.Run(args, CommandHost.OfThisProcess());
