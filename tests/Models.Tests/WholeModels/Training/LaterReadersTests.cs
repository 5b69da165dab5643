using System.Runtime.InteropServices;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Kernels.Programs.Backward;
using Harness.Kernels.Ptx;
using Harness.Models.Tests.Oracles.Training;
using Xunit;

namespace Harness.Models.Tests.WholeModels.Training;

/// <summary>
/// A residual that is read again behind the layer norm it goes into, as in no model of ours: there the norm is the last reader and its rule never
/// adds to the residual's gradient. The rule says that it does (docs/training.md), so it is held to that here.
/// </summary>
public sealed class LaterReadersTests
{
    private const int Rows = 6, Inputs = 5, Width = 7, Classes = 3;
    private const float Epsilon = 1e-5f;

    private static readonly long[] s_labels = [2, 0, 1, 1, 2, 0];

    [Fact]
    public void A_layer_norm_adds_to_the_gradient_that_later_readers_of_its_residual_left()
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        StepProgram program = Build(device);
        Dictionary<string, float[]> values = Drawn(program);
        Dictionary<string, Node> expected = Differentiated(values);

        using var region = new ParameterRegion(program.Tensors.Where(tensor => tensor.Category.IsPersistent()), device);
        foreach (TensorSpec parameter in program.Of(TensorCategory.Parameter))
        {
            region.Write(parameter.Name, MemoryMarshal.AsBytes(values[parameter.Name].AsSpan()));
        }

        using var executor = new Executor(program, MemoryPlanner.Plan(program, Placement.Planned), region, device);
        executor.BeginPass();
        executor.Write(program.Find("inputs")!, MemoryMarshal.AsBytes(values["inputs"].AsSpan()));
        executor.Write(program.Find("labels")!, MemoryMarshal.AsBytes(s_labels.AsSpan()));
        executor.RunSteps();
        executor.EndPass();

        foreach (TensorSpec parameter in program.Of(TensorCategory.Parameter))
        {
            byte[] bytes = new byte[parameter.Bytes];
            region.Read($"{parameter.Name}.grad", bytes);
            double[] found = SmallModel.Reals(bytes), wanted = expected[parameter.Name].Gradient!;
            double largest = wanted.Max(Math.Abs);
            Assert.True(largest > 1e-3, $"{parameter.Name}.grad is trivial");
            for (int i = 0; i < wanted.Length; i++)
            {
                // Some hundred unit roundoffs (6e-8), for sums of a few dozen products through six layers and back.
                Assert.True(
                    Math.Abs(found[i] - wanted[i]) <= 1e-5 * largest, $"{parameter.Name}.grad[{i}] is {found[i]:R}, must be {wanted[i]:R}");
            }
        }
    }

    /// <summary>Readers of <c>stream</c>, first to last: the product, the first norm, the second norm.</summary>
    private static StepProgram Build(IConvolutionWorkspace device)
    {
        var b = new ProgramBuilder("later readers", handsOverOutputs: false);
        TensorSpec x = b.Input("inputs", DType.F32, Rows, Inputs);
        TensorSpec stream = b.Linear("stream", x, b.Parameter("in.weight", Width, Inputs));
        TensorSpec branch = b.Linear("branch", stream, b.Parameter("branch.weight", Width, Width));
        TensorSpec first = b.LayerNorm(
            "first", branch, b.Parameter("branch.bias", Width), stream, b.Parameter("first.weight", Width), b.Parameter("first.bias", Width), Epsilon);
        TensorSpec between = b.Linear("between", first, b.Parameter("between.weight", Width, Width));
        TensorSpec second = b.LayerNorm(
            "second", between, bias: null, stream, b.Parameter("second.weight", Width), b.Parameter("second.bias", Width), Epsilon);
        TensorSpec logits = b.Linear("logits", second, b.Parameter("out.weight", Classes, Width));
        b.CrossEntropyLoss(logits, b.Input("labels", DType.I64, Rows), scale: 1f / Rows);
        Backpropagation.Append(b, device, continuesGradients: false);
        return b.Build();
    }

    private static Dictionary<string, float[]> Drawn(StepProgram program)
    {
        var random = new Random(3);
        return program.Tensors.Where(tensor => tensor.Category is TensorCategory.Parameter || tensor.Name == "inputs").ToDictionary(
            tensor => tensor.Name,
            tensor => Enumerable.Range(0, (int)tensor.Shape.Elements).Select(_ => (float)(random.NextDouble() - 0.4)).ToArray());
    }

    private static Dictionary<string, Node> Differentiated(Dictionary<string, float[]> values)
    {
        var tape = new Tape();
        Dictionary<string, Node> p = values.ToDictionary(
            pair => pair.Key, pair => Node.Variable(Array.ConvertAll(pair.Value, value => (double)value)));
        Node stream = tape.Linear(p["inputs"], p["in.weight"], bias: null, Inputs);
        Node branch = tape.Linear(stream, p["branch.weight"], p["branch.bias"], Width);
        Node first = tape.LayerNorm(tape.Add(branch, stream), p["first.weight"], p["first.bias"], Epsilon);
        Node between = tape.Linear(first, p["between.weight"], bias: null, Width);
        Node second = tape.LayerNorm(tape.Add(between, stream), p["second.weight"], p["second.bias"], Epsilon);
        Node logits = tape.Linear(second, p["out.weight"], bias: null, Width);
        tape.Differentiate(tape.Scale(tape.SumRows(tape.CrossEntropy(logits, s_labels), Rows), 1.0 / Rows));
        return p;
    }
}
