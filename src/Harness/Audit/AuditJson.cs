using System.Text.Json.Nodes;
using Harness.Passes;

namespace Harness.Audit;

/// <summary><c>harness.audit/1</c> as CONTRACT.md has it, with <c>peak</c>, <c>steps</c>, <c>published</c> and <c>differences</c> beside it.</summary>
internal static class AuditJson
{
    public static JsonObject Of(AuditRecord audit)
    {
        JsonObject json = WithoutBuffers(audit);
        json["buffers"] = new JsonArray([.. audit.Buffers.Select(Buffer)]);
        json["steps"] = new JsonArray([.. audit.Steps.Select(Step)]);
        json["published"] = PublishedJson.Of(audit.Published);
        json["differences"] = new JsonArray([.. audit.Mismatches.Select(Difference)]);
        json["mismatches"] = audit.Mismatches.Length;
        return json;
    }

    /// <summary>As far as a report needs it; the caller adds <c>mismatches</c>.</summary>
    public static JsonObject WithoutBuffers(AuditRecord audit)
    {
        JsonObject json = Common(audit);
        TrainingJson.AddTo(json, audit.Configuration);
        return json;
    }

    private static JsonObject Common(AuditRecord audit) => new()
    {
        ["schema"] = "harness.audit/1",
        ["model"] = audit.Configuration.Model.Name,
        ["batch"] = audit.Configuration.Size.Batch,
        ["seq"] = audit.Configuration.Size.Sequence,
        ["decoderSeq"] = audit.Configuration.Size.DecoderSequence,
        ["dtype"] = "f32",
        ["pass"] = TrainingLabels.Inference,
        ["device"] = audit.Device.ToJson(),
        ["placement"] = PlacementLabels.Of(audit.Placement),
        ["parameterCount"] = Pair(audit.ParameterCount),
        ["bytes"] = new JsonObject(audit.Categories.Select(row => KeyValuePair.Create(row.Category, (JsonNode?)Pair(row.Bytes)))),
        ["peakLive"] = Pair(audit.Peak.Bytes),
        ["peak"] = new JsonObject
        {
            ["moment"] = audit.Peak.Moment,
            ["formula"] = audit.Peak.Formula,
            ["why"] = audit.Peak.Why,
            ["step"] = audit.Peak.Step,
        },
        ["arena"] = new JsonObject
        {
            ["capacity"] = audit.Arena.CapacityBytes,
            ["highWater"] = audit.Arena.HighWaterBytes,
            ["padding"] = audit.Arena.PaddingBytes,
            ["lowerBound"] = audit.Arena.LowerBoundBytes,
        },
        ["touch"] = audit.Touch is not { } touch ? null : new JsonObject
        {
            ["unwritten"] = touch.UnwrittenBytes,
            ["unread"] = touch.UnreadBytes,
            ["outside"] = touch.OutsideBytes,
        },
        ["driver"] = DriverJson.Of(audit.Gpu),
    };

    public static JsonObject Difference(Mismatch mismatch) => new()
    {
        ["name"] = mismatch.Name,
        ["what"] = mismatch.What,
        ["analytic"] = mismatch.Analytic,
        ["observed"] = mismatch.Observed,
    };

    private static JsonObject Pair(Pair pair) => new() { ["analytic"] = pair.Analytic, ["observed"] = pair.Observed };

    private static JsonObject Buffer(BufferRow row) => new()
    {
        ["name"] = row.Name,
        ["category"] = row.Category,
        ["dtype"] = row.DType,
        ["shape"] = row.Shape is { } shape ? new JsonArray([.. shape.Select(dimension => JsonValue.Create(dimension))]) : null,
        ["formula"] = row.Formula,
        ["analytic"] = row.Bytes.Analytic,
        ["observed"] = row.Bytes.Observed,
        ["reserved"] = row.ReservedBytes,
        ["offset"] = row.OffsetBytes,
        ["firstStep"] = row.FirstStep,
        ["lastStep"] = row.LastStep,
        ["writtenBytes"] = row.WrittenBytes,
        ["readBytes"] = row.ReadBytes,
    };

    private static JsonObject Step(StepRow row) => new()
    {
        ["name"] = row.Name,
        ["macs"] = row.Macs,
        ["flops"] = row.Flops,
        ["bytesRead"] = new JsonObject { ["compulsory"] = row.ReadBytes.Analytic, ["counted"] = row.ReadBytes.Observed },
        ["bytesWritten"] = new JsonObject { ["compulsory"] = row.WrittenBytes.Analytic, ["counted"] = row.WrittenBytes.Observed },
        ["laneInstructions"] = row.LaneInstructions,
    };
}
