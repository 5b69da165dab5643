using System.Collections.Immutable;
using Harness.Models.Analytic;
using Harness.Passes;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Summaries;

/// <summary>A summary as a person reads it: a row a layer in two tables that fit a page, then the sums for inference and for training.</summary>
internal static class SummaryView
{
    public static void Write(Configuration configuration, ModelSummary summary, Convention? convention, IAnsiConsole console)
    {
        console.WriteLine($"{configuration}: f32, from the formulas alone");
        console.WriteLine();
        Layers(summary).WriteTo(console);
        Work(summary).WriteTo(console);
        Totals(summary).WriteTo(console);
        if (convention is not null)
        {
            Compared(convention).WriteTo(console);
            foreach (ConventionLine line in convention.Lines)
            {
                console.WriteLine($"{line.Label}: {line.Why}.");
            }
        }
    }

    /// <summary>What a layer keeps: its parameters and its output.</summary>
    private static ReportTable Layers(ModelSummary summary) => new(
        "Layers", ["layer", "kind", "output", "elements", "output (bytes)", "parameters", "parameters (bytes)"],
        [
            .. summary.Layers.Select(layer => ImmutableArray.Create(
                layer.Name, layer.Kind, $"[{string.Join(',', layer.OutputShape)}]", Quantities.Count(layer.OutputElements),
                Quantities.Bytes(layer.OutputBytes), Quantities.Count(layer.Parameters), Quantities.Bytes(layer.ParameterBytes))),
        ],
        "Elements are those of the output's shape, its bytes those of the buffers that the layer writes: a layer with 0 works in place, or inside "
        + "the step of a row above.",
        TextColumns: 3);

    /// <summary>What a layer does, and what it sees of an image.</summary>
    private static ReportTable Work(ModelSummary summary)
    {
        bool hasFields = summary.Layers.Any(layer => layer.Field is not null);
        string fields = hasFields
            ? " Receptive field, stride and padding are pixels of the input: place i of a map sees that many pixels from i * stride - padding on."
            : "";
        return new ReportTable(
            hasFields ? "Work and receptive field" : "Work",
            [
                "layer", "MACs", "FLOPs", "bytes moved", "FLOPs a byte",
                .. hasFields ? ["receptive field", "stride", "padding"] : ImmutableArray<string>.Empty,
            ],
            [.. summary.Layers.Select(layer => Row(layer, hasFields))],
            "A multiply-accumulate is one MAC and two FLOPs. Bytes moved are compulsory traffic, each operand byte once; a layer inside the step of "
            + "a row above moves none, that row moves its bytes." + fields);
    }

    private static ImmutableArray<string> Row(LayerSummary layer, bool hasFields) =>
    [
        layer.Name, Quantities.Count(layer.Macs), Quantities.Count(layer.Flops), Quantities.Bytes(layer.BytesMoved),
        Quantities.Number(layer.ArithmeticIntensity, 2),
        .. hasFields
            ? [Quantities.Count(layer.Field?.Size), Quantities.Count(layer.Field?.Stride), Quantities.Count(layer.Field?.Padding)]
            : ImmutableArray<string>.Empty,
    ];

    private static ReportTable Totals(ModelSummary summary)
    {
        long inference = summary.InputBytes + summary.ParameterBytes + summary.OutputBytes;
        long training = inference + summary.ErrorSignalBytes + summary.GradientBytes;
        (string, long)[] rows =
        [
            ("input", summary.InputBytes), ("parameters", summary.ParameterBytes), ("outputs of layers", summary.OutputBytes),
            ("inference: all of these", inference),
            ("error signals", summary.ErrorSignalBytes), ("gradients of parameters", summary.GradientBytes),
            ("training with sgd", training),
            ("optimizer state, momentum", summary.OptimizerStateBytes(1)), ("training with momentum", training + summary.OptimizerStateBytes(1)),
            ("optimizer state, adam or adamw", summary.OptimizerStateBytes(2)), ("training with adam or adamw", training + summary.OptimizerStateBytes(2)),
        ];
        return new ReportTable(
            "Totals", ["what", "bytes", "KiB", "MiB"],
            [
                .. rows.Select(row => ImmutableArray.Create(
                    row.Item1, Quantities.Bytes(row.Item2), Quantities.KiB(row.Item2), Quantities.MiB(row.Item2))),
            ],
            Counts(summary) + "\nSums as if nothing were reused, without workspace; 'audit' shows what a pass needs at once. "
            + "Training is counted without what a forward pass of inference has not: labels and loss, dropout's masks and what it leaves in another "
            + "buffer, bert-base's head.");
    }

    private static string Counts(ModelSummary summary) =>
        $"{Quantities.Count(summary.Layers.Length)} {(summary.Layers.Length == 1 ? "layer" : "layers")}, "
        + $"{Quantities.Count(summary.Parameters)} parameters, {Quantities.Count(summary.Macs)} MACs, {Quantities.Count(summary.Flops)} FLOPs, "
        + $"{Quantities.Number(200.0 * summary.Macs / summary.Flops, 2)} % of them in MACs, {Quantities.Bytes(summary.BytesMoved)} bytes moved.";

    private static ReportTable Compared(Convention convention) => new(
        $"Totals as {convention.Tool} prints them", ["line", "printed", "exactly", "ours"],
        [.. convention.Lines.Select(line => ImmutableArray.Create(
            line.Label, line.Printed, Quantities.Count(line.Exact), Quantities.Count(line.Ours)))],
        "Exactly: what was rounded, sizes in bytes.");
}
