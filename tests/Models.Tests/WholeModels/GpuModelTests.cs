using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Tests.Shared;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>Each architecture, small, on a GPU: the oracle's numbers, a graph that equals eager passes, no memory of either kind taken by a steady pass.</summary>
[Trait(Gpu.Category, Gpu.Needed)]
[Collection(Gpu.Needed)]
public sealed class GpuModelTests
{
    /// <summary>Other processes share the card.</summary>
    private const int Tries = 3;

    public static TheoryData<string> Architectures => [.. SmallModel.Architectures];

    public static TheoryData<string, bool> Cases
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string architecture in SmallModel.Architectures)
            {
                data.Add(architecture, false);
                data.Add(architecture, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_pass_is_the_papers_and_the_same_to_the_byte(string architecture, bool graph)
    {
        using CudaDevice device = Gpu.Open();
        SmallModel model = SmallModel.Of(architecture, device);
        using ParameterRegion parameters = Parameters(model, device);
        using var executor = new Executor(model.Program, MemoryPlanner.Plan(model.Program, Placement.Planned), parameters, device, graph: graph);

        // With a graph the first pass is eager, the second recorded and launched, the third replayed.
        Dictionary<string, byte[]>[] passes = [.. Enumerable.Range(0, 3).Select(_ => Pass(model, executor))];
        model.CheckAgainstOracle(passes[0].ToDictionary(pair => pair.Key, pair => SmallModel.Reals(pair.Value)), model.LongestProduct * Math.Pow(2, -24));
        foreach (Dictionary<string, byte[]> later in passes[1..])
        {
            Assert.All(passes[0], output => Assert.True(output.Value.AsSpan().SequenceEqual(later[output.Key]), $"{output.Key} has other bytes"));
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void A_second_pass_moves_none_of_the_drivers_memory_and_allocates_no_managed_memory(string architecture)
    {
        using CudaDevice device = Gpu.Open();
        SmallModel model = SmallModel.Of(architecture, device);
        using ParameterRegion parameters = Parameters(model, device);
        using var executor = new Executor(model.Program, MemoryPlanner.Plan(model.Program, Placement.Planned), parameters, device);
        Pass(model, executor);
        long? moved = null;
        for (int i = 0; i < Tries && moved != 0; i++)
        {
            long before = device.Memory.FreeBytes;
            Pass(model, executor);
            moved = device.Memory.FreeBytes - before;
        }

        Assert.Equal(0, moved);

        var allocation = new ManagedAllocation();
        for (int i = 0; i < ManagedAllocation.Tries; i++)
        {
            executor.BeginPass();
            foreach ((string name, byte[] bytes) in model.Inputs)
            {
                executor.Write(model.Program.Find(name)!, bytes);
            }

            allocation.Begin();
            executor.RunSteps();
            allocation.End();
            executor.EndPass();
        }

        Assert.Equal(0, allocation.LeastBytes);
    }

    private static ParameterRegion Parameters(SmallModel model, IDevice device)
    {
        var parameters = new ParameterRegion(model.Program.Of(TensorCategory.Parameter), device);
        foreach ((string name, byte[] bytes) in model.Parameters)
        {
            parameters.Write(name, bytes);
        }

        return parameters;
    }

    private static Dictionary<string, byte[]> Pass(SmallModel model, Executor executor)
    {
        executor.BeginPass();
        foreach ((string name, byte[] bytes) in model.Inputs)
        {
            executor.Write(model.Program.Find(name)!, bytes);
        }

        executor.RunSteps();
        var outputs = new Dictionary<string, byte[]>();
        foreach (TensorSpec output in model.Program.Of(TensorCategory.Output))
        {
            outputs[output.Name] = new byte[output.Bytes];
            executor.Read(output, outputs[output.Name]);
        }

        executor.EndPass();
        return outputs;
    }
}
