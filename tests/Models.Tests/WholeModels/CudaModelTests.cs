using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Harness.Tests.Shared.NativeDouble;
using Xunit;

namespace Harness.Models.Tests.WholeModels;

/// <summary>
/// Each architecture through <see cref="CudaDevice"/>, on a double of driver and libraries that computes: plan, staging, launches, products,
/// convolutions, graph. The numbers are the oracle's within the tolerance that the software GPU is held to, and the software GPU's within both.
/// </summary>
public sealed class CudaModelTests
{
    private const long WorkspaceBytes = 64 << 10;

    [Theory]
    [InlineData("bert", Placement.Planned, false)]
    [InlineData("bert", Placement.Online, false)]
    [InlineData("bert", Placement.Planned, true)]
    [InlineData("t5", Placement.Planned, false)]
    [InlineData("t5", Placement.Planned, true)]
    [InlineData("vgg16", Placement.Planned, false)]
    [InlineData("vgg16", Placement.Planned, true)]
    [InlineData("mlp", Placement.Online, false)]
    [InlineData("mlp", Placement.Planned, true)]
    [InlineData("mnist-cnn", Placement.Planned, false)]
    [InlineData("mnist-cnn", Placement.Planned, true)]
    public void A_model_on_cuda_gives_what_it_gives_on_the_software_GPU(string architecture, Placement placement, bool graph)
    {
        using var gpu = new FakeGpu();
        CudaOptions options = CudaOptions.Default with { ConvolutionWorkspaceBytes = WorkspaceBytes };
        Dictionary<string, byte[]>[] passes;
        SmallModel model;
        using (CudaDevice device = CudaDevice.Open(gpu.Api, KernelLibrary.Embedded, options))
        {
            model = SmallModel.Of(architecture, device);
            passes = Passes(model, device, placement, graph, count: 3);
        }

        Assert.Empty(gpu.Misuses);
        Assert.Empty(gpu.Leftovers());
        foreach (Dictionary<string, byte[]> later in passes[1..])
        {
            Assert.Equal(passes[0].Keys, later.Keys);
            Assert.All(later, output => Assert.True(output.Value.AsSpan().SequenceEqual(passes[0][output.Key]), $"another pass gives other bytes of {output.Key}"));
        }

        Assert.Equal(graph ? 2 : 0, gpu.Log.Count("cuGraphLaunch"));
        double relative = model.LongestProduct * Math.Pow(2, -24);
        model.CheckAgainstOracle(passes[0].ToDictionary(pair => pair.Key, pair => SmallModel.Reals(pair.Value)), relative);

        using var simulated = new SimulatedDevice(KernelLibrary.Embedded, workers: 1);
        SmallModel other = SmallModel.Of(architecture, simulated);
        other.CheckAgainstOracle(
            Passes(other, simulated, placement, graph: false, count: 1)[0].ToDictionary(pair => pair.Key, pair => SmallModel.Reals(pair.Value)), relative);
    }

    /// <summary>A pass on one stream waits once, at its end: nothing between the steps makes the host wait for the device.</summary>
    [Theory]
    [InlineData("bert")]
    [InlineData("t5")]
    [InlineData("vgg16")]
    [InlineData("mlp")]
    [InlineData("mnist-cnn")]
    public void The_steps_of_a_pass_are_handed_over_without_waiting(string architecture)
    {
        using var gpu = new FakeGpu();
        using CudaDevice device = CudaDevice.Open(gpu.Api, KernelLibrary.Embedded, CudaOptions.Default with { ConvolutionWorkspaceBytes = WorkspaceBytes });
        SmallModel model = SmallModel.Of(architecture, device);
        using ParameterRegion parameters = Parameters(model, device);
        using var executor = new Executor(model.Program, MemoryPlanner.Plan(model.Program, Placement.Planned), parameters, device);
        for (int pass = 0; pass < 2; pass++)
        {
            executor.BeginPass();
            foreach ((string name, byte[] bytes) in model.Inputs)
            {
                executor.Write(model.Program.Find(name)!, bytes);
            }

            gpu.Log.Clear();
            executor.RunSteps();
            string[] names = [.. gpu.Log.Names.Distinct()];
            if (pass == 1)
            {
                string[] libraries = architecture switch
                {
                    "vgg16" or "mnist-cnn" => ["cudnnConvolutionBiasActivationForward", "cudnnPoolingForward"],
                    "mlp" => [],
                    _ => ["cublasGemmStridedBatchedEx"],
                };
                Assert.Equal(["cuLaunchKernel", "cublasGemmEx", .. libraries, "cuStreamSynchronize"], names.OrderBy(name => name switch
                {
                    "cuLaunchKernel" => 0,
                    "cublasGemmEx" => 1,
                    "cuStreamSynchronize" => 3,
                    _ => 2,
                }));
                Assert.Equal(model.Program.Steps.Length + 1, gpu.Log.Calls.Count);
                Assert.Equal("cuStreamSynchronize", gpu.Log.Calls[^1].Name);
            }

            executor.EndPass();
        }
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

    private static Dictionary<string, byte[]>[] Passes(SmallModel model, IDevice device, Placement placement, bool graph, int count)
    {
        using ParameterRegion parameters = Parameters(model, device);
        using var executor = new Executor(model.Program, MemoryPlanner.Plan(model.Program, placement), parameters, device, graph: graph);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            executor.BeginPass();
            foreach (TensorSpec input in model.Program.Of(TensorCategory.Input))
            {
                executor.Write(input, model.Inputs[input.Name]);
            }

            executor.RunSteps();
            Dictionary<string, byte[]> outputs = model.Program.Of(TensorCategory.Output).ToDictionary(output => output.Name, output =>
            {
                byte[] bytes = new byte[output.Bytes];
                executor.Read(output, bytes);
                return bytes;
            });
            executor.EndPass();
            return outputs;
        })];
    }
}
