using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Models;
using Harness.Models.Analytic;
using Harness.Models.Training;
using Harness.Passes;

namespace Harness.Benchmarks;

/// <summary>Whole passes, and whole training steps.</summary>
internal static class ModelCases
{
    public static ImmutableArray<(Model Model, ModelSize Size)> Published { get; } =
    [
        (ModelCatalog.Vgg16, ModelCatalog.Vgg16.Size(1)),
        (ModelCatalog.BertBase, ModelCatalog.BertBase.Size(8, 64)),
        (ModelCatalog.T5Small, ModelCatalog.T5Small.Size(8, 64)),
    ];

    private static readonly ImmutableArray<(Model Model, ModelSize Size)> s_trained =
    [
        (ModelCatalog.MnistMlp, ModelCatalog.MnistMlp.Size(64)),
        (ModelCatalog.BertBase, ModelCatalog.BertBase.Size(1, 64)),
    ];

    /// <param name="graph">each pass as one launch of a graph</param>
    public static IEnumerable<MeasuredCase> All(bool graph, IConvolutionWorkspace device) =>
        Published.Select(pass => Of(new Configuration(pass.Model, pass.Size), graph, device)).Concat(s_trained.Select(
            step => Of(new Configuration(step.Model, step.Size, WholeStep(step.Model, step.Size)), graph, device)));

    private static TrainingPass WholeStep(Model model, ModelSize size) =>
        TrainingStep.Of(model, size, new TrainingChoice(Optimizer.Adam)).Passes.Single().Pass;

    private static MeasuredCase Of(Configuration configuration, bool graph, IConvolutionWorkspace device)
    {
        (Model model, ModelSize size) = (configuration.Model, configuration.Size);
        StepProgram program = configuration.Program(device);
        StepCost cost = configuration.Account(null).Steps.Aggregate(default(StepCost), (sum, step) => sum + CostOf(step));
        string training = configuration.Training is null ? "" : $", {configuration.PassWords}";
        string name = $"{model.Name} batch {size.Batch}{(size.Sequence is { } length ? $" length {length}" : "")}{training}{(graph ? ", graph" : "")}";
        long bytes = program.Tensors.Where(tensor => tensor.Category.IsPersistent()).Sum(tensor => tensor.Bytes) + MemoryPlanner.Plan(program, Placement.Planned).CapacityBytes;
        return new MeasuredCase(
            name, Entry: null, program.Of(TensorCategory.Output).First().Shape.ToString(), cost, bytes,
            program.Steps.Any(step => step is ConvolutionStep or MaxPoolStep),
            (opened, seed) => new PassWork(opened, program, graph, configuration.Seeded(seed).Read));
    }

    private static StepCost CostOf(AnalyticStep step) => new(step.Flops.Value, step.BytesRead.Value, step.BytesWritten.Value);
}
