using System.Collections.Immutable;
using Harness.Audit;
using Harness.Kernels.Programs;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Explain;

/// <summary>An answer as a person reads it.</summary>
internal static class ExplainView
{
    public static void Write(ExplainedPass pass, TensorAnswer answer, IAnsiConsole console)
    {
        PassBuffer buffer = answer.Buffer;
        Begin(pass, console);
        console.WriteLine($"{buffer.Name}: {Phrases.Category(buffer)}, {buffer.Tensor.DType.Label()} {buffer.Tensor.Shape}");
        console.WriteLine($"  bytes: {Phrases.Worked(buffer.Formula)}");
        console.WriteLine(
            $"  place: from byte {Quantities.Bytes(buffer.Row.OffsetBytes)} "
            + $"of the {(buffer.IsPersistent ? "parameters' region" : "arena")}, "
            + $"{Quantities.Bytes(buffer.Row.ReservedBytes)} reserved, {Quantities.Bytes(buffer.PaddingBytes)} of them padding");
        console.WriteLine(buffer.IsPersistent
            ? "  lives: for ever"
            : $"  lives: steps {Phrases.Steps(buffer)} of 0 to {pass.Steps - 1}");
        console.WriteLine($"  why: {Phrases.WhyItLives(pass, buffer)}");
        console.WriteLine();
        UseTable(pass, buffer).WriteTo(console);
        if (answer is { Before: { } before, After: { } after })
        {
            WritePlace(before, after, console);
        }
    }

    public static void Write(ExplainedPass pass, StepAnswer answer, IAnsiConsole console)
    {
        Begin(pass, console);
        console.WriteLine($"{Phrases.Step(pass, answer.Index)} of 0 to {pass.Steps - 1}: {StepWords.Of(answer.Step)}");
        if (answer.Work is { } work)
        {
            console.WriteLine($"  MACs: {Phrases.Worked(work.Macs)}");
            console.WriteLine($"  FLOPs: {Phrases.Worked(work.Flops)}");
        }

        console.WriteLine($"  reads: {Names(answer.Step.Reads)}");
        console.WriteLine($"  writes: {Names(answer.Step.Writes)}");
        console.WriteLine($"  born before it: {Names(answer.Births.Select(buffer => buffer.Tensor))}");
        console.WriteLine($"  dead after it: {Names(answer.Deaths.Select(buffer => buffer.Tensor))}");
        console.WriteLine();
        WriteLive(pass, answer, console);
    }

    public static void Write(ExplainedPass pass, ByteAnswer answer, IAnsiConsole console)
    {
        Begin(pass, console);
        console.WriteLine(
            $"byte {Quantities.Bytes(answer.OffsetBytes)} of the arena at {Phrases.Step(pass, answer.Step)}: {Whose(answer)}");
        console.WriteLine(
            $"  its stretch: bytes {Quantities.Bytes(answer.Extent.OffsetBytes)} to {Quantities.Bytes(answer.Extent.EndBytes - 1)} "
            + "of the arena");
        if (answer.Extent.Buffer is { } buffer)
        {
            console.WriteLine($"  lives: steps {Phrases.Steps(buffer)}; {Phrases.WhyItLives(pass, buffer)}");
        }

        console.WriteLine($"  before: {Tenant(answer.Before)}");
        console.WriteLine($"  next: {Tenant(answer.After)}");
    }

    public static void Write(ExplainedPass pass, PeakAnswer answer, IAnsiConsole console)
    {
        Begin(pass, console);
        string others = answer.Steps.Length == 1
            ? "no other step holds as much"
            : $"{answer.Steps.Length} steps hold as much, this is the first";
        console.WriteLine(
            $"peak: {Quantities.Bytes(answer.At.Moment.LiveBytes)} bytes live at {Phrases.Step(pass, answer.At.Index)}; {others}");
        console.WriteLine($"  the step: {StepWords.Of(answer.At.Step)}");
        console.WriteLine($"  by the formulas: {answer.Moment.Name}, {Phrases.Worked(answer.Moment.Formula)}");
        console.WriteLine($"  why: {answer.Moment.Why}");
        console.WriteLine();
        WriteLive(pass, answer.At, console);
        ReliefTable(pass, answer).WriteTo(console);
    }

    private static void Begin(ExplainedPass pass, IAnsiConsole console)
    {
        console.WriteLine(Phrases.Title(pass));
        console.WriteLine();
    }

    private static ReportTable UseTable(ExplainedPass pass, PassBuffer buffer) => new(
        "Steps that use it",
        ["step", "name", "what it is", "use"],
        [
            .. buffer.ReadBy.Union(buffer.WrittenBy).Order().Select(step => ImmutableArray.Create(
                $"{step}", pass.Program.Steps[step].Name, StepWords.Of(pass.Program.Steps[step]), Use(buffer, step))),
        ],
        "A step that reads and writes works in place.", TextColumns: 4);

    private static void WritePlace(PlaceHistory before, PlaceHistory after, IAnsiConsole console)
    {
        if (before.Shares.IsEmpty && after.Shares.IsEmpty)
        {
            console.WriteLine("Nobody had any byte of its place before, and nobody has one after.");
            console.WriteLine();
            return;
        }

        new ReportTable(
            "Who has its place before and after",
            ["when", "tensor", "category", "steps", "bytes shared"],
            [
                .. before.Shares.Reverse().Select(share => PlaceRow("before", share)),
                .. after.Shares.Select(share => PlaceRow("after", share)),
            ],
            "Byte by byte the nearest in time, padding included. "
            + $"Nobody had {Quantities.Bytes(before.NobodysBytes)} of its reserved bytes before, "
            + $"and nobody has {Quantities.Bytes(after.NobodysBytes)} after.", TextColumns: 4).WriteTo(console);
    }

    private static ImmutableArray<string> PlaceRow(string when, Share share) =>
        [when, share.Buffer.Name, Phrases.Category(share.Buffer), Phrases.Steps(share.Buffer), Quantities.Bytes(share.Bytes)];

    private static void WriteLive(ExplainedPass pass, StepAnswer answer, IAnsiConsole console)
    {
        new ReportTable(
            "What is live while it runs, largest first",
            ["tensor", "category", "formula", "with the numbers", "steps", "here", "bytes"],
            [
                .. answer.Live.Select(buffer => ImmutableArray.Create(
                    buffer.Name, Phrases.Category(buffer), buffer.Formula.ToString(), buffer.Formula.WithNumbers(), Phrases.Steps(buffer),
                    Use(buffer, answer.Index), Quantities.Bytes(buffer.Bytes))),
            ],
            $"{Quantities.Bytes(answer.Live.Sum(buffer => buffer.Bytes))} bytes live. What waits is neither read nor written here.",
            TextColumns: 6).WriteTo(console);
        (string Name, long Bytes)[] parts = [.. Parts(answer)];
        console.WriteLine(
            $"{string.Join(" + ", parts.Select(part => $"{part.Name} {Quantities.Bytes(part.Bytes)}"))} = "
            + $"{Quantities.Bytes(parts.Sum(part => part.Bytes))}, the arena's capacity of {Quantities.Bytes(pass.Ledger.CapacityBytes)}");
        console.WriteLine();
    }

    /// <summary>Every byte of the arena once, as the ledger has them.</summary>
    private static IEnumerable<(string Name, long Bytes)> Parts(StepAnswer answer) =>
    [
        (CategoryLabels.Inputs, answer.Moment.InputBytes), (CategoryLabels.Outputs, answer.Moment.OutputBytes),
        (CategoryLabels.Activations, answer.Moment.ActivationBytes),
        .. answer.Moment.ErrorSignalBytes == 0 ? [] : new[] { (CategoryLabels.ErrorSignals, answer.Moment.ErrorSignalBytes) },
        (CategoryLabels.Workspace, answer.Moment.WorkspaceBytes),
        ("padding", answer.Moment.PaddingBytes), ("holes", answer.Moment.HoleBytes), ("free", answer.Moment.FreeBytes),
    ];

    private static ReportTable ReliefTable(ExplainedPass pass, PeakAnswer answer) => new(
        $"If a tensor did not wait: the {PeakAnswer.MostReliefs} that lower the peak most",
        ["tensor", "waits for", "new peak at", "bytes", "new peak (bytes)", "lower by"],
        [
            .. answer.Reliefs.Take(PeakAnswer.MostReliefs).Select(relief => ImmutableArray.Create(
                relief.Buffer.Name, relief.NextUse is { } next ? Phrases.Step(pass, next) : "the caller, who holds it",
                Phrases.Step(pass, relief.Without.PeakStep), Quantities.Bytes(relief.Buffer.Bytes),
                Quantities.Bytes(relief.Without.PeakBytes),
                Quantities.Bytes(answer.At.Moment.LiveBytes - relief.Without.PeakBytes))),
        ],
        ReliefMeaning(pass, answer), TextColumns: 3);

    private static string ReliefMeaning(ExplainedPass pass, PeakAnswer answer) =>
        "A tensor waits at a step that neither reads nor writes it. Each row counts its tensor at no step at which it waits, "
        + "as if it died after every use and were back before the next, and finds the peak of all steps again. "
        + (answer.Reliefs.IsEmpty
            ? "Nothing waits here: the step reads or writes all that is live."
            : $"Of {answer.At.Live.Length} live tensors {answer.Reliefs.Length} wait here, the others cannot go. "
                + $"Without those of the table together the peak is {Quantities.Bytes(answer.Together.PeakBytes)} bytes, "
                + $"at {Phrases.Step(pass, answer.Together.PeakStep)}.")
        + (answer.Steps.Length == 1
            ? ""
            : $" {answer.Steps.Length} steps hold the peak: a tensor that waits at only some of them lowers those, but not the peak.");

    private static string Whose(ByteAnswer answer) => answer.Extent.Kind switch
    {
        ExtentKind.Tensor =>
            $"byte {Quantities.Bytes(answer.ByteWithin)} of {answer.Extent.Buffer!.Name} ({Phrases.Category(answer.Extent.Buffer)}), "
            + $"in element {Quantities.Count(answer.Element)} "
            + $"at [{string.Join(',', answer.Position)}] of {answer.Extent.Buffer.Tensor.Shape}, "
            + answer.Extent.Buffer.Tensor.DType.Label(),
        ExtentKind.Padding => $"padding behind {answer.Extent.Buffer!.Name}, whose place is rounded up to the alignment",
        ExtentKind.Hole => $"a hole, nobody's, between {answer.Below?.Buffer?.Name ?? "the start"} and {answer.Above!.Value.Buffer!.Name}",
        _ => $"free, nobody's, above {answer.Below?.Buffer?.Name ?? "the start"}, the highest that is live",
    };

    private static string Tenant(PassBuffer? buffer) =>
        buffer is null ? "nobody" : $"{buffer.Name} ({Phrases.Category(buffer)}), steps {Phrases.Steps(buffer)}";

    private static string Use(PassBuffer buffer, int step) => (buffer.ReadBy.Contains(step), buffer.WrittenBy.Contains(step)) switch
    {
        (true, true) => "read and written",
        (true, false) => "read",
        (false, true) => "written",
        _ => "waits",
    };

    private static string Names(IEnumerable<TensorSpec> tensors)
    {
        string[] names = [.. tensors.Distinct().Select(tensor => tensor.Name)];
        return names.Length == 0 ? "nothing" : string.Join(", ", names);
    }
}
