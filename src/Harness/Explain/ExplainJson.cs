using System.Text.Json.Nodes;
using Harness.Audit;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Explain;

/// <summary><c>harness.explain/1</c>: the pass, then one of <c>tensor</c>, <c>step</c>, <c>byte</c> and <c>peak</c>.</summary>
internal static class ExplainJson
{
    public static JsonObject Of(ExplainedPass pass, TensorAnswer answer)
    {
        JsonObject tensor = Buffer(answer.Buffer);
        tensor["readBy"] = Uses(pass, answer.Buffer.ReadBy);
        tensor["writtenBy"] = Uses(pass, answer.Buffer.WrittenBy);
        tensor["why"] = Phrases.WhyItLives(pass, answer.Buffer);
        tensor["before"] = History(answer.Before);
        tensor["after"] = History(answer.After);
        return With(pass, "tensor", tensor);
    }

    public static JsonObject Of(ExplainedPass pass, StepAnswer answer) => With(pass, "step", Step(answer));

    public static JsonObject Of(ExplainedPass pass, ByteAnswer answer) => With(pass, "byte", new JsonObject
    {
        ["offset"] = answer.OffsetBytes,
        ["step"] = Use(pass, answer.Step),
        ["kind"] = answer.Extent.Kind switch
        {
            ExtentKind.Tensor => "tensor",
            ExtentKind.Padding => "padding",
            ExtentKind.Hole => "hole",
            _ => "free",
        },
        ["extent"] = new JsonObject { ["offset"] = answer.Extent.OffsetBytes, ["bytes"] = answer.Extent.Bytes },
        ["tensor"] = BufferOrNull(answer.Extent.Buffer),
        ["byteWithin"] = answer.ByteWithin,
        ["element"] = answer.Element,
        ["position"] = answer.Element is null ? null : Numbers(answer.Position),
        ["before"] = BufferOrNull(answer.Before),
        ["after"] = BufferOrNull(answer.After),
    });

    public static JsonObject Of(ExplainedPass pass, PeakAnswer answer) => With(pass, "peak", new JsonObject
    {
        ["bytes"] = answer.At.Moment.LiveBytes,
        ["steps"] = Numbers(answer.Steps.Select(step => (long)step)),
        ["moment"] = new JsonObject
        {
            ["name"] = answer.Moment.Name,
            ["formula"] = answer.Moment.Formula.ToString(),
            ["numbers"] = answer.Moment.Formula.WithNumbers(),
            ["bytes"] = answer.Moment.Bytes,
            ["why"] = answer.Moment.Why,
        },
        ["at"] = Step(answer.At),
        ["withoutWaiting"] = new JsonArray([.. answer.Reliefs.Select(relief => new JsonObject
        {
            ["name"] = relief.Buffer.Name,
            ["bytes"] = relief.Buffer.Bytes,
            ["nextUse"] = relief.NextUse,
            ["peak"] = Without(relief.Without),
        })]),
        ["withoutFirstThree"] = Without(answer.Together),
    });

    private static JsonObject With(ExplainedPass pass, string question, JsonObject answer)
    {
        var json = new JsonObject
        {
            ["schema"] = "harness.explain/1",
            ["model"] = pass.Configuration.Model.Name,
            ["batch"] = pass.Configuration.Size.Batch,
            ["seq"] = pass.Configuration.Size.Sequence,
            ["decoderSeq"] = pass.Configuration.Size.DecoderSequence,
            ["dtype"] = "f32",
            ["pass"] = TrainingLabels.Inference,
            ["placement"] = PlacementLabels.Of(pass.Plan.Placement),
            ["steps"] = pass.Steps,
            ["capacity"] = pass.Ledger.CapacityBytes,
        };
        TrainingJson.AddTo(json, pass.Configuration);
        json[question] = answer;
        return json;
    }

    private static JsonObject Buffer(PassBuffer buffer) => new()
    {
        ["name"] = buffer.Name,
        ["category"] = Phrases.Category(buffer),
        ["dtype"] = buffer.Tensor.DType.Label(),
        ["shape"] = Numbers(buffer.Tensor.Shape),
        ["formula"] = buffer.Formula.ToString(),
        ["numbers"] = buffer.Formula.WithNumbers(),
        ["analytic"] = buffer.Formula.Value,
        ["observed"] = buffer.Bytes,
        ["reserved"] = buffer.Row.ReservedBytes,
        ["region"] = buffer.IsPersistent ? "parameters" : "arena",
        ["offset"] = buffer.Row.OffsetBytes,
        ["firstStep"] = buffer.IsPersistent ? null : buffer.Row.FirstStep,
        ["lastStep"] = buffer.IsPersistent ? null : buffer.Row.LastStep,
    };

    private static JsonObject? BufferOrNull(PassBuffer? buffer) => buffer is null ? null : Buffer(buffer);

    private static JsonObject Step(StepAnswer answer) => new()
    {
        ["index"] = answer.Index,
        ["name"] = answer.Step.Name,
        ["kind"] = StepWords.Of(answer.Step),
        ["macs"] = Worked(answer.Work?.Macs),
        ["flops"] = Worked(answer.Work?.Flops),
        ["reads"] = Names(answer.Step.Reads),
        ["writes"] = Names(answer.Step.Writes),
        ["births"] = Names(answer.Births.Select(buffer => buffer.Tensor)),
        ["deaths"] = Names(answer.Deaths.Select(buffer => buffer.Tensor)),
        ["live"] = new JsonArray([.. answer.Live.Select(Buffer)]),
        ["bytes"] = Moment(answer.Moment),
    };

    private static JsonObject Moment(ArenaMoment moment) => new()
    {
        ["inputs"] = moment.InputBytes,
        ["outputs"] = moment.OutputBytes,
        ["activations"] = moment.ActivationBytes,
        ["errorSignals"] = moment.ErrorSignalBytes,
        ["workspace"] = moment.WorkspaceBytes,
        ["live"] = moment.LiveBytes,
        ["padding"] = moment.PaddingBytes,
        ["holes"] = moment.HoleBytes,
        ["free"] = moment.FreeBytes,
        ["total"] = moment.TotalBytes,
    };

    private static JsonObject? Worked(Formula? formula) => formula is null ? null : new JsonObject
    {
        ["formula"] = formula.ToString(),
        ["numbers"] = formula.WithNumbers(),
        ["value"] = formula.Value,
    };

    private static JsonObject? History(PlaceHistory? history) => history is null ? null : new JsonObject
    {
        ["shares"] = new JsonArray([.. history.Shares.Select(share => new JsonObject
        {
            ["name"] = share.Buffer.Name,
            ["category"] = Phrases.Category(share.Buffer),
            ["firstStep"] = share.Buffer.Row.FirstStep,
            ["lastStep"] = share.Buffer.Row.LastStep,
            ["bytes"] = share.Bytes,
        })]),
        ["nobody"] = history.NobodysBytes,
    };

    private static JsonObject Without(PeakWithout without) => new() { ["bytes"] = without.PeakBytes, ["step"] = without.PeakStep };

    private static JsonObject Use(ExplainedPass pass, int step) => new() { ["index"] = step, ["name"] = pass.Program.Steps[step].Name };

    private static JsonArray Uses(ExplainedPass pass, IEnumerable<int> steps) => new([.. steps.Select(step => Use(pass, step))]);

    private static JsonArray Names(IEnumerable<TensorSpec> tensors) =>
        new([.. tensors.Distinct().Select(tensor => JsonValue.Create(tensor.Name))]);

    private static JsonArray Numbers(IEnumerable<long> numbers) => new([.. numbers.Select(number => JsonValue.Create(number))]);
}
