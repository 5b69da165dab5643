using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Analytic;

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
        Published.Select(pass => Of(pass.Model, pass.Size, graph, device));

    private static MeasuredCase Of(Model model, ModelSize size, bool graph, IConvolutionWorkspace device)
    {
        StepProgram program = model.Program(size, device);
        StepCost cost = model.Account(size, null).Steps.Aggregate(default(StepCost), (sum, step) => sum + CostOf(step));
        string name = $"{model.Name} batch {size.Batch}{(size.Sequence is { } length ? $" length {length}" : "")}{(graph ? ", graph" : "")}";
        long bytes = program.Of(TensorCategory.Parameter).Sum(tensor => tensor.Bytes) + MemoryPlanner.Plan(program, Placement.Planned).CapacityBytes;
        return new MeasuredCase(
            name, Entry: null, program.Of(TensorCategory.Output).First().Shape.ToString(), cost, bytes,
            program.Steps.Any(step => step is ConvolutionStep or MaxPoolStep),
            (opened, seed) => new PassWork(opened, program, graph, model.Seeded(seed).Read));
    }

    private static StepCost CostOf(AnalyticStep step) => new(step.Flops.Value, step.BytesRead.Value, step.BytesWritten.Value);
}
