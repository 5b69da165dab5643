using System.Collections.Immutable;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>
/// Each architecture through plan, arena, executor and the kernels on the software GPU: the numbers are the oracle's, every byte of every
/// buffer is written and read, the ledger is the lifetimes, and a second pass gives the same bytes.
/// </summary>
public sealed class WholeModelTests
{
    public static TheoryData<Placement> Placements => [.. Enum.GetValues<Placement>()];

    [Theory]
    [MemberData(nameof(Placements))]
    public void Bert_with_padding_is_the_papers(Placement placement) => Check(SmallModel.Of(SmallModel.Bert), placement);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 2)]
    [InlineData(1, 11)]
    public void Bert_of_any_batch_and_length_is_the_papers(long batch, long sequence) =>
        Check(SmallModel.Of(SmallModel.Bert with { Batch = batch, Sequence = sequence }), Placement.Planned);

    [Theory]
    [MemberData(nameof(Placements))]
    public void T5_with_padding_is_the_papers(Placement placement) => Check(SmallModel.Of(SmallModel.T5), placement);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 7, 1)]
    [InlineData(1, 33, 30)] // beyond the start of the last bucket in both stacks
    public void T5_of_any_batch_and_lengths_is_the_papers(long batch, long sequence, long decoderSequence) =>
        Check(SmallModel.Of(SmallModel.T5 with { Batch = batch, Sequence = sequence, DecoderSequence = decoderSequence }), Placement.Planned);

    [Theory]
    [MemberData(nameof(Placements))]
    public void Vgg16_is_the_papers(Placement placement)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded);
        Check(SmallModel.Of(SmallModel.Vgg16, device), placement, device);
    }

    [Theory]
    [InlineData(1, 32)]
    [InlineData(1, 75)] // 2 x 2 before the adaptive pool
    public void Vgg16_of_any_batch_and_size_is_the_papers(long batch, long imageSize)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded);
        Check(SmallModel.Of(SmallModel.Vgg16 with { Batch = batch, ImageSize = imageSize }, device), Placement.Planned, device);
    }

    public static TheoryData<MlpConfig> Stacks => SmallModel.Stacks;

    [Theory]
    [MemberData(nameof(Stacks))]
    public void A_stack_of_any_sizes_is_its_layers(MlpConfig config) => Check(SmallModel.Of(config), Placement.Planned);

    [Theory]
    [MemberData(nameof(Placements))]
    public void A_stack_in_any_placement_is_its_layers(Placement placement) => Check(SmallModel.Of(SmallModel.Mlp), placement);

    [Theory]
    [MemberData(nameof(Placements))]
    public void Mnist_cnn_is_its_layers(Placement placement)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded);
        SmallModel model = SmallModel.Of(SmallModel.MnistCnn, device);
        Assert.NotNull(model.Program.Find("conv2.workspace"));
        Check(model, placement, device);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 12)]
    public void Mnist_cnn_of_any_batch_and_size_is_its_layers(long batch, long imageSize)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded);
        Check(SmallModel.Of(SmallModel.MnistCnn with { Batch = batch, ImageSize = imageSize }, device), Placement.Planned, device);
    }

    private static void Check(SmallModel model, Placement placement)
    {
        using var device = new SimulatedDevice(KernelLibrary.Embedded);
        Check(model, placement, device);
    }

    private static void Check(SmallModel model, Placement placement, SimulatedDevice device)
    {
        StepProgram program = model.Program;
        MemoryPlan plan = MemoryPlanner.Plan(program, placement);
        PlanChecker.Check(plan);
        using var parameters = new ParameterRegion(program.Of(TensorCategory.Parameter), device);
        foreach ((string name, byte[] bytes) in model.Parameters)
        {
            parameters.Write(name, bytes);
        }

        using var executor = new Executor(program, plan, parameters, device);
        (Dictionary<string, byte[]> outputs, PassRecord record) = Pass(model, executor);
        CheckTouch(program, record);
        CheckLedger(program, record.Ledger);
        (Dictionary<string, byte[]> again, _) = Pass(model, executor);
        foreach ((string name, byte[] bytes) in outputs)
        {
            Assert.True(bytes.AsSpan().SequenceEqual(again[name]), $"a second pass gives other bytes of {name}");
        }

        model.CheckAgainstOracle(outputs.ToDictionary(pair => pair.Key, pair => SmallModel.Reals(pair.Value)), model.LongestProduct * Math.Pow(2, -24));
    }

    private static (Dictionary<string, byte[]> Outputs, PassRecord Record) Pass(SmallModel model, Executor executor)
    {
        executor.BeginPass();
        foreach (TensorSpec input in model.Program.Of(TensorCategory.Input))
        {
            executor.Write(input, model.Inputs[input.Name]);
        }

        executor.RunSteps();
        var outputs = new Dictionary<string, byte[]>();
        foreach (TensorSpec output in model.Program.Of(TensorCategory.Output))
        {
            var bytes = new byte[output.Bytes];
            executor.Read(output, bytes);
            outputs.Add(output.Name, bytes);
        }

        return (outputs, executor.EndPass());
    }

    private static void CheckTouch(StepProgram program, PassRecord record)
    {
        foreach (TensorSpec tensor in program.Tensors.Where(tensor => tensor.Category is not TensorCategory.Parameter))
        {
            BufferTouch touch = record.Touches[tensor.Index] ?? throw new InvalidOperationException($"nothing is known of {tensor}");
            Assert.True(touch.WrittenBytes == tensor.Bytes, $"{touch.WrittenBytes} bytes of {tensor} were written");
            Assert.True(touch.ReadBytes == BytesToRead(program, tensor), $"{touch.ReadBytes} bytes of {tensor} were read");
        }
    }

    /// <summary>All of them, but for the last row and column of an odd image, which lie in no window of the max pool that alone reads it.</summary>
    private static long BytesToRead(StepProgram program, TensorSpec tensor) =>
        program.Steps.Where(step => step.Reads.Contains(tensor)).ToArray() is [MaxPoolStep pool]
            ? pool.Y.Bytes * pool.Window * pool.Window
            : tensor.Bytes;

    private static void CheckLedger(StepProgram program, LedgerSnapshot ledger)
    {
        Dictionary<string, LedgerRow> rows = ledger.Rows.ToDictionary(row => row.Name, StringComparer.Ordinal);
        ImmutableArray<Lifetime> lifetimes = Lifetimes.Of(program);
        Assert.Equal(lifetimes.Length, rows.Count);
        foreach (Lifetime lifetime in lifetimes)
        {
            LedgerRow row = rows[lifetime.Tensor.Name];
            Assert.Equal(
                (lifetime.Tensor.Category, lifetime.Tensor.Bytes, lifetime.FirstStep, lifetime.LastStep),
                (row.Category, row.RequestedBytes, row.FirstStep, row.LastStep));
        }

        Assert.Equal(program.Steps.Length, ledger.Moments.Length);
        Assert.All(ledger.Moments, moment => Assert.Equal(ledger.CapacityBytes, moment.TotalBytes));
    }
}
