using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Passes;

namespace Harness.Benchmarks;

/// <summary>Whole passes.</summary>
internal static class ModelCases
{
    public static ImmutableArray<(Model Model, ModelSize Size)> Published { get; } =
    [
        (ModelCatalog.Vgg16, ModelCatalog.Vgg16.Size(1)),
        (ModelCatalog.BertBase, ModelCatalog.BertBase.Size(8, 64)),
        (ModelCatalog.T5Small, ModelCatalog.T5Small.Size(8, 64)),
    ];

    /// <param name="graph">each pass as one launch of a graph</param>
    public static IEnumerable<MeasuredCase> All(bool graph, IConvolutionWorkspace device) =>
        Published.Select(pass => Of(new Configuration(pass.Model, pass.Size), graph, device));

    /// <summary>A pass, or a training step that is one pass, as a benchmark.</summary>
    public static MeasuredCase Of(Configuration configuration, bool graph, IConvolutionWorkspace device)
    {
        StepProgram program = configuration.Program(device);
        StepCost cost = configuration.Account(null).Steps.Aggregate(default(StepCost), (sum, step) => sum + CostOf(step));
        long bytes = program.Tensors.Where(tensor => tensor.Category.IsPersistent()).Sum(tensor => tensor.Bytes) + MemoryPlanner.Plan(program, Placement.Planned).CapacityBytes;
        return new MeasuredCase(
            $"{NameOf(configuration)}{(graph ? ", graph" : "")}", Entry: null, program.Of(TensorCategory.Output).First().Shape.ToString(), cost, bytes,
            program.Steps.Any(step => step is ConvolutionStep or MaxPoolStep),
            (opened, seed) => new PassWork(opened, program, graph, configuration.Seeded(seed).Read));
    }

    /// <summary>The model, the size without what the model does by default, and of a training step what was chosen.</summary>
    public static string NameOf(Configuration configuration)
    {
        (Model model, ModelSize size) = (configuration.Model, configuration.Size);
        string length = size.Sequence is { } sequence ? $" length {sequence}" : "";
        string decoder = size.DecoderSequence is { } other && other != model.DecoderSequence!.Default ? $" decoder length {other}" : "";
        string training = configuration.Training is null ? "" : $", {configuration.PassWords}";
        return $"{model.Name} batch {size.Batch}{length}{decoder}{training}";
    }

    private static StepCost CostOf(AnalyticStep step) => new(step.Flops.Value, step.BytesRead.Value, step.BytesWritten.Value);
}
