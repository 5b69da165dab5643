using System.Text.Json.Nodes;
using Harness.Kernels.Devices;
using Harness.Passes;

namespace Harness.Audit;

/// <summary>
/// <c>driver</c> of <c>harness.audit/1</c>: free bytes before anything was opened and after the latest pass, and what is gone between the two beyond
/// what was asked for. Null on devices without a driver; on a GPU the stages and the library's choices stand beside.
/// </summary>
internal static class DriverJson
{
    public static JsonObject Of(GpuPass? gpu)
    {
        var json = new JsonObject
        {
            ["before"] = gpu?.Driver.BeforeBytes,
            ["after"] = gpu?.Driver.AfterBytes,
            ["unaccounted"] = gpu?.Driver.UnaccountedBytes,
        };
        if (gpu is null)
        {
            return json;
        }

        DriverAccount driver = gpu.Driver;
        json["since"] = driver.Since;
        json["requested"] = driver.RequestedBytes;
        json["betweenStages"] = driver.BetweenStagesBytes;
        json["secondPassMoved"] = driver.LastStageMovedBytes;
        json["furtherPasses"] = driver.FurtherPasses;
        json["stages"] = new JsonArray([.. driver.Stages.Select(Stage)]);
        json["ownAllocations"] = new JsonArray([.. gpu.Own.Select(own => new JsonObject { ["name"] = own.Name, ["bytes"] = own.Bytes })]);
        json["convolutions"] = new JsonArray([.. gpu.Convolutions.Select(Convolution)]);
        json["warnings"] = new JsonArray([.. driver.Warnings.Select(warning => JsonValue.Create(warning))]);
        return json;
    }

    private static JsonObject Stage(MemoryStage stage) => new()
    {
        ["name"] = stage.Name,
        ["before"] = stage.FreeBeforeBytes,
        ["after"] = stage.FreeAfterBytes,
        ["requested"] = stage.RequestedBytes,
        ["taken"] = stage.TakenBytes,
        ["unattributed"] = stage.UnattributedBytes,
    };

    private static JsonObject Convolution(ConvolutionChoice choice)
    {
        ConvolutionShape shape = choice.Shape;
        return new JsonObject
        {
            ["x"] = new JsonArray(shape.N, shape.C, shape.H, shape.W),
            ["filters"] = new JsonArray(shape.K, shape.C, shape.R, shape.S),
            ["pass"] = DriverTables.PassOf(choice),
            ["algorithm"] = choice.Algorithm,
            ["neededBytes"] = choice.NeededBytes,
            ["budgetBytes"] = choice.BudgetBytes,
        };
    }
}
