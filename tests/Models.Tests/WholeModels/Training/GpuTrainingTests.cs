using Harness.Kernels.Devices;
using Harness.Models.Training;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Models.Tests.WholeModels.Training;

/// <summary>Training steps of every architecture, small, on a GPU: the oracle's loss, gradients and updates, and the same bytes again.</summary>
[Trait(Gpu.Category, Gpu.Needed)]
[Collection(Gpu.Needed)]
public sealed class GpuTrainingTests
{
    private const int Steps = 5;

    public static TheoryData<string> Architectures => [.. SmallModel.Architectures];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Steps_are_the_oracles(string architecture)
    {
        var asked = new TrainedCase(architecture, Optimizer.Adam, Dropout: architecture is "mlp" or "mnist-cnn" ? 0 : 0.1);
        using CudaDevice device = Gpu.Open();
        using var model = new TrainedModel(asked, device);
        StepJudge.Run(model, asked, Steps);
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void A_second_run_gives_the_same_bytes(string architecture)
    {
        var asked = new TrainedCase(architecture, Optimizer.AdamW, Dropout: architecture is "mlp" or "mnist-cnn" ? 0 : 0.1, MicroBatch: 1);
        using CudaDevice device = Gpu.Open();
        using var first = new TrainedModel(asked, device);
        using var again = new TrainedModel(asked, device);
        for (int step = 0; step < Steps; step++)
        {
            Assert.Equal(first.Step(step), again.Step(step));
        }

        foreach (string name in first.Parameters)
        {
            Assert.True(first.Bytes(name).AsSpan().SequenceEqual(again.Bytes(name)), $"{name} has other bytes");
        }
    }
}
