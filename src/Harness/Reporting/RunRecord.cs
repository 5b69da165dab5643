using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Harness.Audit;
using Harness.Passes;
using Spectre.Console;

namespace Harness.Reporting;

/// <summary>One forward pass, or one training step, on real numbers.</summary>
/// <param name="Unused">entries of the weights' file that the model has no use for</param>
internal sealed record RunRecord(
    Configuration Configuration, DeviceFacts Device, string Weights, string Inputs, ImmutableArray<string> Unused, PassResult Result,
    ImmutableArray<TensorSummary> Outputs)
{
    public void WriteTo(IAnsiConsole console)
    {
        console.WriteLine($"{Configuration}: f32 {Configuration.PassWords} on {Device}");
        console.WriteLine($"weights: {Weights}; inputs: {Inputs}; {Quantities.Number(Result.Seconds, 3)} s");
        foreach (string name in Unused)
        {
            console.WriteLine($"not used: {name}");
        }

        console.WriteLine();
        long notFinite = Outputs.Sum(output => output.NotFinite);
        new ReportTable(
            "Outputs", ["output", "shape", "min", "max", "mean", "sha256"],
            [.. Outputs.Select(output => ImmutableArray.Create(
                output.Name, output.Shape.ToString(), TensorSummary.Text(output.Minimum), TensorSummary.Text(output.Maximum),
                TensorSummary.Text(output.Mean), output.Checksum))],
            notFinite == 0
                ? "Every element is finite."
                : $"{Quantities.Count(notFinite)} elements are infinite or not a number; the figures leave them out.",
            TextColumns: 2).WriteTo(console);
        foreach (string warning in Result.Audit.Gpu?.Driver.Warnings ?? [])
        {
            console.WriteLine($"warning: {warning}");
        }

        foreach (Mismatch mismatch in Result.Audit.Mismatches)
        {
            console.WriteLine($"mismatch: {mismatch}");
        }
    }

    public JsonObject ToJson()
    {
        JsonObject json = Json();
        TrainingJson.AddTo(json, Configuration);
        return json;
    }

    private JsonObject Json() => new()
    {
        ["schema"] = "harness.run/1",
        ["model"] = Configuration.Model.Name,
        ["batch"] = Configuration.Size.Batch,
        ["seq"] = Configuration.Size.Sequence,
        ["decoderSeq"] = Configuration.Size.DecoderSequence,
        ["pass"] = TrainingLabels.Inference,
        ["device"] = Device.ToJson(),
        ["weights"] = Weights,
        ["inputs"] = Inputs,
        ["unused"] = new JsonArray([.. Unused.Select(name => JsonValue.Create(name))]),
        ["seconds"] = Result.Seconds,
        ["outputs"] = new JsonArray([.. Outputs.Select(output => new JsonObject
        {
            ["name"] = output.Name,
            ["shape"] = new JsonArray([.. output.Shape.Select(dimension => JsonValue.Create(dimension))]),
            ["min"] = output.Minimum,
            ["max"] = output.Maximum,
            ["mean"] = output.Mean,
            ["notFinite"] = output.NotFinite,
            ["sha256"] = output.Checksum,
        })]),
        ["mismatches"] = Result.Audit.Mismatches.Length,
    };
}
