using System.Globalization;
using Harness.CommandLine;
using Harness.Explain;
using Harness.Fitting;
using Harness.Models.Analytic;
using Harness.Passes;
using Harness.Reporting;

namespace Harness.Exercises;

/// <summary>The largest batch in a memory, by the formulas: what <c>harness fit</c> shows as such.</summary>
internal static class FitQuestions
{
    private const string Page = "docs/fit.md";
    private const long LargestAsked = 100_000;

    private static readonly int[] s_sizes = [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512];

    public static Topic Largest { get; } = new("fit", Page, _ => true, (draw, configuration) => Ask("fit", draw, configuration));

    public static Topic LargestInTraining { get; } = new(
        "training-fit", Page, _ => true, (draw, configuration) => Ask("training-fit", draw, TrainingDraw.Pass(draw, configuration)));

    private static Question? Ask(string word, Draw draw, Configuration configuration)
    {
        var search = new FitSearch(configuration, Dimension.Batch, workspaceBytes: 0);
        long least = Bytes(2), most = Bytes(LargestAsked);
        (string Name, long Bytes)[] memories =
        [
            .. ByteSize.Units.SelectMany(unit => s_sizes.Select(size => (Name: $"{size} {unit}", Bytes: size * ByteSize.Scale(unit)!.Value)))
                .Where(memory => memory.Bytes >= least && memory.Bytes <= most),
        ];
        if (memories.Length == 0)
        {
            return null;
        }

        (string name, long bytes) = draw.OneOf(memories);
        long largest = search.LargestByFormulas(bytes - search.FormulaPersistentBytes);
        PeakMoment peak = search.At(largest).Peak(0).Winner;
        string held = Need.PersistentWords(configuration), and = configuration.Training is null ? " and" : ", and";
        string sizes = configuration.Size.Sequence is { } s ? string.Create(CultureInfo.InvariantCulture, $", sequence {s}") : "";
        sizes += configuration.Size.DecoderSequence is { } d ? string.Create(CultureInfo.InvariantCulture, $", decoder sequence {d}") : "";
        return new Question(
            word, configuration.Model,
            $"{configuration.Model.Name}{sizes}{Phrasing.Training(configuration)}{Phrasing.WithoutWorkspace(configuration.Model)}: "
            + $"what is the largest batch with which {held}{and} the live bytes of the peak together are at most {name} "
            + $"({Quantities.Bytes(bytes)} bytes), by the formulas, without alignment?",
            new NumberAnswer(largest, "samples"), Formula: null,
            $"{held} {Quantities.Bytes(search.FormulaPersistentBytes)} + the peak {Phrases.Worked(peak.Formula)} make "
            + $"{Quantities.Bytes(Bytes(largest))} bytes for a batch of {Quantities.Count(largest)}, "
            + $"and {Quantities.Bytes(Bytes(largest + 1))} for one more");

        long Bytes(long batch) => search.FormulaNeedAt(batch) ?? long.MaxValue;
    }
}
