using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Harness.Models.Analytic;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>
/// The receptive fields of a summary against what the program does: one pixel of a black image is lit, the pass runs on the software GPU, and the places of
/// every feature map that are not 0 must be exactly those whose field holds the pixel. Weights are positive and biases 0, so that nothing cancels
/// and ReLU stops nothing; widths stay below those of the Winograd convolution, whose rounding would move its whole tile.
/// </summary>
public sealed class ReceptiveFieldTests
{
    [Theory]
    [InlineData(56, 3)] // 7 x 7 before the adaptive pool
    [InlineData(56, 2)] // 14 x 14: cells of 2 x 2
    [InlineData(45, 3)] // 5 x 5: cells that overlap, and odd rows that no window of a pool holds
    public void Of_vgg16(long imageSize, int stages)
    {
        long[][] widths = [[2, 3], [3, 2], [2, 3, 2]];
        var config = new Vgg16Config(Batch: 1, imageSize, Classes: 3, HiddenUnits: 5, widths[..stages]);
        using var device = new SimulatedDevice(KernelLibrary.Embedded);
        Check(ImageSummaries.Of(config), Vgg16Program.Build(config, device), device, imageSize);
    }

    [Theory]
    [InlineData(28)]
    [InlineData(11)]
    public void Of_the_small_cnn(long imageSize)
    {
        var config = new MnistCnnConfig(Batch: 1, imageSize, Filters1: 3, Filters2: 2, HiddenUnits: 5, Classes: 3);
        using var device = new SimulatedDevice(KernelLibrary.Embedded);
        Check(ImageSummaries.Of(config), MnistCnnProgram.Build(config, device), device, imageSize);
    }

    private static void Check(ModelSummary summary, StepProgram program, SimulatedDevice device, long imageSize)
    {
        StepProgram maps = WithMapsAsOutputs(program, device);
        (string Name, ReceptiveField? Field)[] layers =
            [.. summary.Layers.Select(layer => ($"{layer.Name}.output", layer.Field)).Where(layer => maps.Find(layer.Item1) is not null)];
        Assert.Equal(maps.Steps.Length, layers.Length);

        using var parameters = new ParameterRegion(program.Of(TensorCategory.Parameter), device);
        var random = new Random(7);
        foreach (TensorSpec tensor in program.Of(TensorCategory.Parameter))
        {
            bool isBias = tensor.Shape.Rank == 1;
            parameters.Write(tensor.Name, Bytes([.. Enumerable.Range(0, (int)tensor.Shape.Elements).Select(_ => isBias ? 0 : 0.25f + random.NextSingle() / 2)]));
        }

        using var executor = new Executor(maps, MemoryPlanner.Plan(maps, Placement.Planned), parameters, device);
        using var whole = new Executor(program, MemoryPlanner.Plan(program, Placement.Planned), parameters, device);

        // Behind a linear layer every unit sees what the whole map sees; here that is the image.
        Assert.Equal(new ReceptiveField(imageSize, null, null), summary.Layers[^1].Field);
        long last = imageSize - 1, middle = imageSize / 2;
        foreach ((long y, long x) in new[] { (0, 0), (0, last), (last, last), (middle, middle), (middle - 1, 3), (imageSize / 3, last - 2) })
        {
            float[] pixels = new float[program.Of(TensorCategory.Input).Single().Shape.Elements];
            pixels[y * imageSize + x] = 1;
            Dictionary<string, float[]> outputs = Run(executor, maps, pixels);
            foreach ((string name, ReceptiveField? field) in layers)
            {
                Compare(name, outputs[name], maps.Find(name)!.Shape, field, y, x);
            }

            Assert.All(Run(whole, program, pixels)["logits"], logit => Assert.True(logit > 0, $"pixel {y},{x} does not move every logit"));
        }
    }

    private static Dictionary<string, float[]> Run(Executor executor, StepProgram program, float[] pixels)
    {
        executor.BeginPass();
        executor.Write(Assert.Single(program.Of(TensorCategory.Input)), Bytes(pixels));
        executor.RunSteps();
        var outputs = new Dictionary<string, float[]>();
        foreach (TensorSpec output in program.Of(TensorCategory.Output))
        {
            byte[] bytes = new byte[output.Bytes];
            executor.Read(output, bytes);
            outputs.Add(output.Name, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        }

        executor.EndPass();
        return outputs;
    }

    private static void Compare(string name, float[] values, Shape shape, ReceptiveField? field, long y, long x)
    {
        for (int i = 0; field is not null && i < values.Length; i++)
        {
            long row = i / shape[3] % shape[2], column = i % shape[3];
            bool sees = Sees(field, row, y) && Sees(field, column, x);
            Assert.True(values[i] > 0 == sees, $"{name}: pixel {y},{x} {(sees ? "does not move" : "moves")} place {row},{column}, whose field is {field}");
        }
    }

    private static bool Sees(ReceptiveField field, long place, long pixel)
    {
        long first = place * field.Stride!.Value - field.Padding!.Value;
        return first <= pixel && pixel < first + field.Size;
    }

    /// <summary>The model's own steps up to the last feature map, all of which are kept for the caller.</summary>
    private static StepProgram WithMapsAsOutputs(StepProgram program, SimulatedDevice device)
    {
        var b = new ProgramBuilder("maps");
        var copies = new Dictionary<TensorSpec, TensorSpec>();
        TensorSpec image = Assert.Single(program.Of(TensorCategory.Input));
        copies.Add(image, b.Input(image.Name, image.DType, [.. image.Shape]));
        TensorSpec Parameter(TensorSpec original) => b.Parameter(original.Name, [.. original.Shape]);
        foreach (Step step in program.Steps)
        {
            switch (step)
            {
                case ConvolutionStep s:
                    copies.Add(s.Y, b.Convolution(
                        s.Y.Name, $"{s.Y.Name}.workspace", copies[s.X], Parameter(s.Weight), Parameter(s.Bias), s.Padding, s.Stride, s.Relu, device,
                        TensorCategory.Output));
                    break;
                case MaxPoolStep s:
                    copies.Add(s.Y, b.MaxPool(s.Y.Name, copies[s.X], s.Window, s.Stride, TensorCategory.Output));
                    break;
                case AdaptiveAveragePoolStep s:
                    copies.Add(s.Y, b.AdaptiveAveragePool(s.Y.Name, copies[s.X], s.Y.Shape[2], s.Y.Shape[3], TensorCategory.Output));
                    break;
                default:
                    return b.Build();
            }
        }

        return b.Build();
    }

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();
}
