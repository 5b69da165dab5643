using Harness.Kernels.Devices;
using Harness.Kernels.Programs;
using Harness.Models;

namespace Harness.Benchmarks;

/// <summary>The 13 convolutions of VGG16 at batch 1, and a few that other networks have: projections, large windows, strides.</summary>
internal static class ConvolutionCases
{
    public static IEnumerable<MeasuredCase> All(IConvolutionWorkspace device) =>
        Vgg16(device)
            .Concat(Other(device, "1x1 64 to 256 at 56x56", 1, 64, 56, 256, window: 1, padding: 0, stride: 1))
            .Concat(Other(device, "3x3 stride 2, 128 to 128 at 56x56", 1, 128, 56, 128, window: 3, padding: 1, stride: 2))
            .Concat(Other(device, "7x7 stride 2, 3 to 64 at 224x224", 1, 3, 224, 64, window: 7, padding: 3, stride: 2))
            .Concat(Other(device, "3x3 256 to 256 at 56x56, batch 8", 8, 256, 56, 256, window: 3, padding: 1, stride: 1))
            .Concat(Vgg16Gradients(device));

    private static IEnumerable<MeasuredCase> Vgg16(IConvolutionWorkspace device)
    {
        Model model = ModelCatalog.Vgg16;
        StepProgram program = model.Program(model.Size(1), device);
        return program.Steps.OfType<ConvolutionStep>().SelectMany(step => BenchmarkCases.OfStep(
            $"vgg16 {step.Weight.Name[..step.Weight.Name.LastIndexOf('.')]} {step.X.Shape[1]} to {step.Y.Shape[1]} at {step.Y.Shape[2]}x{step.Y.Shape[3]}", program, step,
            seed => model.Seeded(seed).Read));
    }

    /// <summary>The gradients of the same convolutions, each shape once; the first has none for its input, which is the image.</summary>
    private static IEnumerable<MeasuredCase> Vgg16Gradients(IConvolutionWorkspace device)
    {
        Model model = ModelCatalog.Vgg16;
        IEnumerable<ConvolutionStep> steps = model.Program(model.Size(1), device).Steps.OfType<ConvolutionStep>();
        foreach (ConvolutionStep step in steps.DistinctBy(step => (step.X.Shape, step.Weight.Shape)))
        {
            Shape x = step.X.Shape, weight = step.Weight.Shape, y = step.Y.Shape;
            var shape = new ConvolutionShape(x[0], x[1], x[2], x[3], weight[0], weight[2], weight[3], step.Padding, step.Stride);
            string name = $"{x[1]} to {y[1]} at {y[2]}x{y[3]}";
            foreach (MeasuredCase measured in BenchmarkCases.OfOneStep($"weight gradient {name}", b => b.Add(new ConvolutionWeightBackwardStep(
                "dw", b.Input("x", DType.F32, [.. x]), b.Input("dy", DType.F32, [.. y]), b.Declare("dw", weight, DType.F32, TensorCategory.Output),
                Workspace(b, device.WeightBackwardWorkspaceBytes(shape)), step.Padding, step.Stride, Accumulate: false))))
            {
                yield return measured;
            }

            if (x[1] == 3)
            {
                continue;
            }

            foreach (MeasuredCase measured in BenchmarkCases.OfOneStep($"data gradient {name}", b => b.Add(new ConvolutionDataBackwardStep(
                "dx", b.Input("w", DType.F32, [.. weight]), b.Input("dy", DType.F32, [.. y]), b.Declare("dx", x, DType.F32, TensorCategory.Output),
                Workspace(b, device.DataBackwardWorkspaceBytes(shape)), step.Padding, step.Stride))))
            {
                yield return measured;
            }
        }
    }

    private static TensorSpec? Workspace(ProgramBuilder b, long bytes) =>
        bytes == 0 ? null : b.Declare("workspace", new Shape((bytes + 3) / 4), DType.F32, TensorCategory.Workspace);

    private static IEnumerable<MeasuredCase> Other(
        IConvolutionWorkspace device, string name, long batch, long channels, long size, long filters, long window, int padding, int stride) =>
        BenchmarkCases.OfOneStep(name, b => b.Convolution(
            "y", "workspace", b.Input("x", DType.F32, batch, channels, size, size), b.Input("weight", DType.F32, filters, channels, window, window),
            b.Input("bias", DType.F32, filters), padding, stride, relu: true, device, TensorCategory.Output));
}
