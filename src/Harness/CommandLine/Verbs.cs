using System.CommandLine;

namespace Harness.CommandLine;

/// <summary>The verbs of the command line.</summary>
internal static class Verbs
{
    /// <summary>Options that stand without a verb.</summary>
    public static IReadOnlyList<string> RootOptions { get; } = ["--help", "-h", "-?", "--version"];

    /// <summary>No abbreviations, no response files: a word means what it says.</summary>
    public static ParserConfiguration ParserConfiguration { get; } = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    public static RootCommand Root(CommandHost host)
    {
        var root = new RootCommand(
            "Runs forward passes of VGG16, BERT, T5 and small networks on its own kernels and accounts for every byte of memory they use. Without a verb: report.");
        root.Directives.Clear();
        root.Add(ReportCommand.Create(host));
        root.Add(AuditCommand.Create(host));
        root.Add(ExplainCommand.Create(host));
        root.Add(RunCommand.Create(host));
        root.Add(SummaryCommand.Create(host));
        root.Add(FitCommand.Create(host));
        root.Add(ExerciseCommand.Create(host));
        root.Add(KernelsCommand.Create(host));
        root.Add(PtxCommand.Create(host));
        root.Add(CompareCommand.Create(host));
        root.Add(BenchCommand.Create(host));
        root.Add(DoctorCommand.Create(host));
        root.Add(AcceptanceCommand.Create(host));
        return root;
    }
}
