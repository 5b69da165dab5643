using BenchmarkDotNet.Attributes;
using Harness.Kernels.Devices;
using Harness.Kernels.Execution;
using Harness.Kernels.Memory;
using Harness.Kernels.Programs;
using Harness.Kernels.Ptx;
using Harness.Models;

namespace Harness.Benchmarks;

/// <summary>The executor's loop over all steps of one pass on the software GPU; what it allocates in managed memory must be nothing.</summary>
public class ModelBenchmarks
{
    private SimulatedDevice _device = null!;
    private ParameterRegion _parameters = null!;
    private Executor _executor = null!;
    private TensorSpec[] _inputs = null!;
    private byte[][] _inputBytes = null!;

    [Params("vgg16 batch 1", "bert-base batch 8 length 64", "t5-small batch 8 length 64")]
    public string Pass { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        Model model = ModelCatalog.Find(Pass.Split(' ')[0]);
        ModelSize size = model.Sequence is null ? model.Size(1) : model.Size(8, 64);
        _device = new SimulatedDevice(KernelLibrary.Embedded);
        StepProgram program = model.Program(size, _device);
        _parameters = new ParameterRegion(program.Of(TensorCategory.Parameter), _device);
        foreach (TensorSpec tensor in program.Of(TensorCategory.Parameter))
        {
            _parameters.Write(tensor.Name, Bytes(model, tensor));
        }

        _inputs = [.. program.Of(TensorCategory.Input)];
        _inputBytes = [.. _inputs.Select(tensor => Bytes(model, tensor))];
        _executor = new Executor(program, MemoryPlanner.Plan(program, Placement.Planned), _parameters, _device);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _executor.Dispose();
        _parameters.Dispose();
        _device.Dispose();
    }

    [IterationSetup]
    public void Begin()
    {
        _executor.BeginPass();
        for (int i = 0; i < _inputs.Length; i++)
        {
            _executor.Write(_inputs[i], _inputBytes[i]);
        }
    }

    [IterationCleanup]
    public void End() => _executor.EndPass();

    [Benchmark]
    public void RunSteps() => _executor.RunSteps();

    private static byte[] Bytes(Model model, TensorSpec tensor)
    {
        byte[] bytes = new byte[tensor.Bytes];
        model.Seeded(42).Read(tensor, bytes);
        return bytes;
    }
}
